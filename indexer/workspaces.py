"""Private folders of running processes, each held by a lock that ends with its process."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import TextIO
from uuid import uuid4


class Workspace:
    """A folder below `tails` for this process alone (made by whoever fills it), until `close` or the process's end."""

    def __init__(self, tails: Path) -> None:
        """Also removes the folders of processes that ended without `close`."""
        tails.mkdir(parents=True, exist_ok=True)
        for abandoned in tails.glob("*.lock"):
            _remove_if_abandoned(abandoned)
        self.folder = tails / f"{os.getpid()}-{uuid4().hex[:8]}"
        self._lock_path = self.folder.with_suffix(".lock")
        self._lock = _locked(self._lock_path)

    def close(self) -> None:
        _remove(self._lock_path)
        self._lock.close()


def _locked(lock_path: Path) -> TextIO:
    """The lock file, held; made again when another process took it for an abandoned one before it was held."""
    while True:
        lock = lock_path.open("w", encoding="ascii")
        fcntl.flock(lock, fcntl.LOCK_EX)
        if lock_path.exists():
            return lock
        lock.close()


def _remove_if_abandoned(lock_path: Path) -> None:
    try:
        lock: TextIO = lock_path.open("r", encoding="ascii")
    except FileNotFoundError:
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _remove(lock_path)


def _remove(lock_path: Path) -> None:
    shutil.rmtree(lock_path.with_suffix(""), ignore_errors=True)
    lock_path.unlink(missing_ok=True)
