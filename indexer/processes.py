"""The cores this process may use, and processes beside it, which end when it does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

NICENESS = 10
"""Of bulk work, as `nice` counts: it weighs about a tenth of other work on the same core."""

FIRST_TO_GO = "1000"
"""The most that Linux adds to a process's size, in thousandths of all memory, as it looks for the one to kill."""


def usable_cores() -> int:
    """The cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def yield_to_readers(process: int | None = None) -> None:
    """Let this process (or that one), and those it starts, have what the cores have left, and be killed first for memory.

    Readers wait for no bulk work, and bulk work that ended is taken up again.
    """
    process = process or os.getpid()
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process, max(NICENESS, os.getpriority(os.PRIO_PROCESS, process)))
    with suppress(OSError):  # other systems lack the file
        Path(f"/proc/{process}/oom_score_adj").write_text(FIRST_TO_GO, encoding="ascii")


def worker_pool(processes: int, prepare: Callable[..., None] | None = None, *arguments: Any) -> ProcessPoolExecutor:
    """So many processes, in each of which `prepare(*arguments)` has run. They start with the first work given to them."""
    spawn = get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=spawn, initializer=_begin, initargs=(prepare, arguments))


def _begin(prepare: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    """End this process as soon as the one that started it has ended, however it did, and leave Ctrl-C to that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    if prepare is not None:
        prepare(*arguments)
