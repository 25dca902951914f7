"""A real `dateline serve` with worker processes, and what is asked of it from outside."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from indexer.layout import IndexFolder
from search_api.clock import utc_now
from search_api.keys import Keys, Scope
from tests.support import ROOT, children

TIMEOUT_S = 30.0
UNREACHED = 0
"""Stands for the status of a request that no process answered to the end."""

ENVIRONMENT = {
    "DATELINE_MODEL": "text-hash",
    "HF_HUB_OFFLINE": "1",
    "COLUMNS": "200",
    "DATELINE_RATE_ADDRESS": "",  # a fast machine asks more in a minute than anybody may
    "DATELINE_RATE_KEY": "",
    "DATELINE_RATE_WRONG_KEYS": "",
}


class Stopped(Exception):
    """The service was stopped; nobody asks it any more."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        return json.loads(self.text)


class Service:
    """Use as a context: it is stopped at the end, however that comes."""

    def __init__(self, index: IndexFolder, log: Path, *, workers: int = 2, **settings: str) -> None:
        self.index = index
        self._log = log
        self._workers = workers
        self._settings = settings
        self._key = ""
        self.stopped = False
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Service:
        self._key = Keys.of(self.index).add(f"load-{time.time_ns()}", Scope.ADMIN, now=utc_now())
        try:
            self.start()
        except BaseException:  # a context that was not entered is not left either
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        command = ["serve", "--index", str(self.index.root), "--port", str(self.port), "--workers", str(self._workers)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "search_api", *command],
                stderr=log,
                stdout=log,
                cwd=ROOT,
                env={**os.environ, **ENVIRONMENT, **self._settings},
            )
        self.wait_until_ready()

    def stop(self) -> None:
        self.stopped = True
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def wait_until_ready(self, timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while self.ask("GET", "/readyz").status != 200:
            assert time.monotonic() < deadline, self.log[-3000:]
            time.sleep(0.1)

    def ask(
        self, method: str, path: str, body: Any = None, kind: str = "application/json", *, accept: str = "*/*"
    ) -> Answer:
        """One request on a connection of its own; UNREACHED where the connection broke. Raises Stopped after the end."""
        if self.stopped:
            raise Stopped
        content = None if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request(
                method,
                path,
                content,
                {
                    "Authorization": f"Bearer {self._key}",
                    "Content-Type": kind,
                    "Accept": accept,
                    "Connection": "close",
                },
            )
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.getheaders()})
        except (OSError, HTTPException):
            return Answer(UNREACHED)
        finally:
            connection.close()

    @property
    def key(self) -> str:
        """The key that every request is sent with, of scope admin."""
        return self._key

    @property
    def pid(self) -> int:
        """The number of the process that was started."""
        assert self._process
        return self._process.pid

    @property
    def workers(self) -> list[int]:
        """The numbers of the worker processes."""
        assert self._process
        return sorted(pid for pid in children(self._process.pid) if b"spawn_main" in _command_line(pid))

    def kill_worker(self, chance: random.Random) -> bool:
        """Kill one of the workers; whether there was one."""
        found = self.workers
        if not found:
            return False
        try:
            os.kill(chance.choice(found), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
