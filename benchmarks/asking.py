"""A system in a process beside this one, asked by commands (see `benchmarks.worker`)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.system import PEERS_PYTHON, ROOT, SystemName, environment
from indexer.processes import usable_cores


def python_of(system: SystemName) -> str:
    """The interpreter of the environment that a system is installed in."""
    return sys.executable if system is SystemName.DATELINE else str(PEERS_PYTHON)


class SystemProcess:
    """Use as a context; the process ends with it."""

    def __init__(self, system: SystemName, folder: Path, log: Path) -> None:
        self._system = system
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [python_of(system), "-m", "benchmarks.worker", system, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
                env=environment(usable_cores()),
            )
        self._log = log

    def __enter__(self) -> SystemProcess:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()

    def ask(self, do: str, **command: Any) -> dict[str, Any]:
        """The answer to one command; ends the run where the process died of it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": do, **command}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._system} ended at {do!r}; see {self._log}")
        answer: dict[str, Any] = json.loads(line)
        return answer
