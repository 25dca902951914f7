"""Each system behind HTTP: what is started, where it is asked, what it holds in memory."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from benchmarks import fronts
from benchmarks.resources import session_cpu_s, session_mb, session_processes
from benchmarks.system import HITS, PEERS_PYTHON, ROOT, SystemName, environment
from indexer.processes import usable_cores

START_LIMIT_S = 120

AT_REST_S = 0.1
"""Processor time in a second below which a service is at rest."""

PATHS = {
    SystemName.DATELINE: f"/v1/search?q={{query}}&limit={HITS}",
    SystemName.TXTAI: f"/search?query={{query}}&limit={HITS}",
}
"""Where a service takes a query; the fronts of ours all at the same."""

FRONT_PATH = "/search?q={query}"

QUIET = ("--no-access-log", "--log-level", "warning", "--timeout-worker-healthcheck", "60")
"""For the peers' uvicorn: no line a request, and no worker is ended for being busy."""


@dataclass(frozen=True, slots=True)
class Served:
    """A system and the number of its worker processes."""

    system: SystemName
    workers: int

    @property
    def path(self) -> str:
        return PATHS.get(self.system, FRONT_PATH)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a series of queries got: milliseconds and ids of each, the seconds of all, how many failed."""

    ms: list[float]
    seconds: float
    ids: list[list[str]]
    errors: int


class Service:
    """A system's HTTP service; use as a context. It answers when the context is entered."""

    def __init__(self, served: Served, folder: Path, log: Path) -> None:
        self._served = served
        self._folder = folder
        self._log = log
        self._port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.start_s = 0.0

    def __enter__(self) -> Service:
        started = time.perf_counter()
        try:
            if self._served.system is SystemName.CHROMA:
                self._start_chroma()
            else:
                self._start(self._command(), self._variables())
            self._wait_for(self._port, self._served.path.format(query="ready"))
        except BaseException:
            self._stop()
            raise
        self.start_s = time.perf_counter() - started
        self._settle()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def ask(self, queries: Sequence[str], clients: int) -> Asked:
        """Ask them all, from a process of its own."""
        asked = {"port": self._port, "path": self._served.path, "clients": clients, "queries": queries}
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load"],
            input=json.dumps(asked).encode(),
            stdout=subprocess.PIPE,
            cwd=ROOT,
            check=True,
        )
        return Asked(**json.loads(done.stdout))

    def memory_mb(self) -> float:
        """Resident memory of all processes that answer."""
        return sum(session_mb(process.pid) for process in self._processes)

    def _command(self) -> list[str]:
        if self._served.system is SystemName.DATELINE:
            index = ["--index", str(self._folder), "--port", str(self._port)]
            return [sys.executable, "-m", "search_api", "serve", *index, "--workers", str(self._served.workers)]
        app = (
            ["txtai.api:app"]
            if self._served.system is SystemName.TXTAI
            else ["--factory", "benchmarks.fronts:create_app"]
        )
        where = ["--host", "127.0.0.1", "--port", str(self._port), "--workers", str(self._served.workers)]
        return [str(PEERS_PYTHON), "-m", "uvicorn", *app, *where, *QUIET]

    def _variables(self) -> Mapping[str, str]:
        if self._served.system is SystemName.TXTAI:
            config = self._log.with_suffix(".yml")
            config.write_text(f"path: {self._folder}\nembeddings:\n", encoding="utf-8")
            return {"CONFIG": str(config)}
        return {fronts.SYSTEM: str(self._served.system), fronts.FOLDER: str(self._folder)}

    def _start_chroma(self) -> None:
        port = free_port()
        run = [str(PEERS_PYTHON.with_name("chroma")), "run", "--path", str(self._folder)]
        self._start([*run, "--host", "127.0.0.1", "--port", str(port)], {})
        self._wait_for(port, "/api/v2/heartbeat")
        self._start(self._command(), {**self._variables(), fronts.CHROMA_PORT: str(port)})

    def _start(self, command: Sequence[str], variables: Mapping[str, str]) -> None:
        threads = max(1, usable_cores() // self._served.workers)
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**environment(threads), **variables},
                start_new_session=True,
            )
        self._processes.append(process)

    def _wait_for(self, port: int, path: str) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while not _answers(port, path):
            if time.monotonic() > deadline or self._processes[-1].poll() is not None:
                raise SystemExit(f"{self._served} did not start; see {self._log}")
            time.sleep(0.05)

    def _settle(self) -> None:
        """Wait while a process is still at work, such as a second worker that loads its model."""
        deadline, before = time.monotonic() + START_LIMIT_S, -1.0
        while time.monotonic() < deadline:
            now = sum(session_cpu_s(process.pid) for process in self._processes)
            if before >= 0 and now - before < AT_REST_S:
                return
            before = now
            time.sleep(1)

    def _stop(self) -> None:
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            for pid in session_processes(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=START_LIMIT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
