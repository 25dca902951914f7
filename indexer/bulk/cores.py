"""Cores that one worker has for itself, so that the workers of a machine do not run on each other's."""

from __future__ import annotations

import fcntl
import os
import random
import tempfile
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR
from typing import IO


def take_cores(count: int) -> list[IO[str]]:
    """Bind this process, all of its threads, to so many cores that no other worker of this user has taken.

    Returns what holds them: they are free again when it is closed, or the process ends. Where fewer are free it gets those, and
    where none is, or the system binds no processes, it stays as it is.
    """
    if not hasattr(os, "sched_setaffinity"):
        return []
    cores = sorted(os.sched_getaffinity(0))
    first = random.randrange(len(cores))  # containers see each other's cores, but not each other's locks
    held: dict[int, IO[str]] = {}
    with suppress(OSError):
        folder = Path(tempfile.gettempdir()) / f"dateline-cores-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        stat = folder.lstat()
        if not S_ISDIR(stat.st_mode) or stat.st_uid != os.getuid():
            return []  # somebody else was first to take the name
        for core in cores[first:] + cores[:first]:
            if len(held) < count and (lock := _locked(folder / str(core))):
                held[core] = lock
    for thread in Path("/proc/self/task").iterdir() if held else ():
        with suppress(OSError):  # it may have ended by now
            os.sched_setaffinity(int(thread.name), held)
    return list(held.values())


def _locked(path: Path) -> IO[str] | None:
    """None where another process has it."""
    lock = path.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock
