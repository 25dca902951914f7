"""Part of an answer worked out by another thread, while a core is free for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import TypeVar

from indexer.processes import usable_cores

T = TypeVar("T")

_free = threading.Semaphore(max(0, usable_cores() - 1))
"""So many answers may have a second thread at a time: all but one core; more would only wait for one another."""


def beside(work: Callable[[], T]) -> Callable[[], T]:
    """Begin work that lets go of the interpreter, and return what waits for its result; it is done once, however often asked.

    Where no core is free it is done when the result is asked for. What the work raises is raised there.
    """
    if not _free.acquire(blocking=False):
        return cache(work)

    def done() -> T:
        try:
            return context.run(work)
        finally:
            _free.release()

    context = copy_context()
    try:
        return _threads().submit(done).result
    except RuntimeError:  # no thread can be had
        _free.release()
        return cache(work)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, usable_cores() - 1), thread_name_prefix="beside")
