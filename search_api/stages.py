"""Where the time of an answer goes, for those who measure it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum


class Stage(StrEnum):
    """The parts of an answer to a typed query."""

    ENCODE = "encode"
    LEXICAL = "lexical"
    DENSE = "dense"
    FUSE = "fuse"
    SNIPPET = "snippet"


_spent: ContextVar[dict[Stage, float] | None] = ContextVar("spent", default=None)


@contextmanager
def measured() -> Iterator[dict[Stage, float]]:
    """Yields the seconds spent in each stage within; stages that were not reached are absent."""
    spent: dict[Stage, float] = {}
    token = _spent.set(spent)
    try:
        yield spent
    finally:
        _spent.reset(token)


@contextmanager
def stage(which: Stage) -> Iterator[None]:
    """Count what runs within as part of that stage, when somebody measures. Stages do not nest."""
    spent = _spent.get()
    if spent is None:
        yield
        return
    started = time.perf_counter()
    try:
        yield
    finally:
        spent[which] = spent.get(which, 0.0) + time.perf_counter() - started
