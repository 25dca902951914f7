"""Part of an answer worked out by another thread, while a core is free for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import TypeVar, cast

from indexer.processes import usable_cores
from indexer.shared_cores import CORES

T = TypeVar("T")


def beside(work: Callable[[], T]) -> Callable[[], T]:
    """Begin work that lets go of the interpreter, and return what waits for its result; it is done once, however often asked.

    Where no core is free it is done when the result is asked for. What the work raises is raised there.
    """
    if not CORES.take(1):
        return cache(work)
    not_begun = threading.Lock()

    def done() -> T | None:
        if not not_begun.acquire(blocking=False):
            return None
        try:
            return context.run(work)
        finally:
            CORES.give_back(1)

    context = copy_context()
    try:
        return cast("Callable[[], T]", _threads().submit(done).result)
    except RuntimeError:  # no thread can be had; another may still come upon the work, which is nobody's then
        if not_begun.acquire(blocking=False):
            CORES.give_back(1)
        return cache(work)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(usable_cores(), thread_name_prefix="beside")
