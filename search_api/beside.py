"""Part of an answer worked out by another thread, while a core is free for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import TypeVar

from indexer.cores import CORES
from indexer.processes import usable_cores

T = TypeVar("T")


def beside(work: Callable[[], T]) -> Callable[[], T]:
    """Begin work that lets go of the interpreter, and return what waits for its result; it is done once, however often asked.

    Where no core is free it is done when the result is asked for. What the work raises is raised there.
    """
    if not CORES.take(1):
        return cache(work)

    def done() -> T:
        try:
            return context.run(work)
        finally:
            CORES.give_back(1)

    context = copy_context()
    try:
        return _threads().submit(done).result
    except RuntimeError:  # no thread can be had
        CORES.give_back(1)
        return cache(work)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, usable_cores() - 1), thread_name_prefix="beside")
