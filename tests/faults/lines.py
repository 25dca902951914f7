"""Connections that are kept open to one worker each: fresh ones may all be taken by the same worker.

The kernel says which process holds the other end of a connection.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.faults.service import TIMEOUT_S, Service

PATIENCE_S = 60.0
TOUCHED_EVERY_S = 2.0
"""A connection that rests is closed by the service."""

PAUSE_S = 0.01


class Line:
    """One connection to one worker."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        self.status = 0

    def get(self, path: str) -> Any:
        """The JSON of an answer, whose status is kept; raises OSError or HTTPException where the worker is gone."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        self.status = answer.status
        return json.loads(answer.read())

    def taker(self, workers: Sequence[int]) -> int | None:
        """The worker that took this connection."""
        self.get("/healthz")
        sockets = _sockets(self._connection.sock.getsockname()[1])
        return next((worker for worker in workers if sockets & _held(worker)), None)

    def close(self) -> None:
        self._connection.close()


@contextmanager
def a_line_to_each(service: Service, patience_s: float = PATIENCE_S) -> Iterator[list[Line]]:
    """A connection to every worker that there is now, in order of their process numbers.

    One that was just started is waited for. Raises ConnectionError where one of them takes none for so long, and OSError or
    HTTPException where one ends meanwhile.
    """
    lines: dict[int, Line] = {}
    begun = touched = time.monotonic()
    try:
        while not (workers := service.workers) or not lines.keys() >= set(workers):
            if time.monotonic() > begun + patience_s:
                raise ConnectionError(f"connections reached {sorted(lines)} of {workers}")
            line = Line(service.port)
            try:
                taker = line.taker(workers)
            except BaseException:
                line.close()
                raise
            if taker is None or lines.setdefault(taker, line) is not line:
                line.close()
                time.sleep(PAUSE_S)
            if time.monotonic() > touched + TOUCHED_EVERY_S:
                touched = time.monotonic()
                for held in lines.values():
                    held.get("/healthz")
        yield [lines[worker] for worker in workers]
    finally:
        for line in lines.values():
            line.close()


def _sockets(client_port: int) -> set[str]:
    """The inodes of the sockets whose other end has this port."""
    found = set()
    for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = row.split()
        if int(fields[2].rpartition(":")[2], 16) == client_port:
            found.add(f"socket:[{fields[9]}]")
    return found


def _held(process: int) -> set[str]:
    held = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        try:
            held.add(str(descriptor.readlink()))
        except FileNotFoundError:
            continue
    return held
