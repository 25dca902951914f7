"""Where the time of an answer goes, for those who measure it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum


class Stage(StrEnum):
    """The parts of an answer, in the order in which a typed query goes through them; related articles are not read."""

    WAIT = "wait"
    READ = "read"
    FILTER = "filter"
    ENCODE = "encode"
    LEXICAL = "lexical"
    DENSE = "dense"
    FUSE = "fuse"
    SNIPPET = "snippet"
    FACETS = "facets"


@dataclass(slots=True)
class Timings:
    """Seconds spent in each stage, those not reached absent, and when each began and ended by `time.perf_counter`."""

    spent: dict[Stage, float] = field(default_factory=dict)
    intervals: list[tuple[Stage, float, float]] = field(default_factory=list)


_timings: ContextVar[Timings | None] = ContextVar("timings", default=None)


@contextmanager
def timed(timings: Timings) -> Iterator[None]:
    """Count the stages within, in threads that are started with this context too."""
    token = _timings.set(timings)
    try:
        yield
    finally:
        _timings.reset(token)


@contextmanager
def measured() -> Iterator[dict[Stage, float]]:
    """Yields the seconds spent in each stage within; stages that were not reached are absent."""
    timings = Timings()
    with timed(timings):
        yield timings.spent


@contextmanager
def stage(which: Stage) -> Iterator[None]:
    """Count what runs within as part of that stage, when somebody measures. Stages do not nest."""
    timings = _timings.get()
    if timings is None:
        yield
        return
    started = time.perf_counter()
    try:
        yield
    finally:
        ended = time.perf_counter()
        timings.spent[which] = timings.spent.get(which, 0.0) + ended - started
        timings.intervals.append((which, started, ended))
