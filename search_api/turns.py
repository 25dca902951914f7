"""The turn that an answer takes among the others, and how long it waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from search_api.library import Library
from search_api.stages import Stage, stage


@contextmanager
def turn(library: Library) -> Iterator[None]:
    """What an answer is worked out within, once; the wait is counted as a stage."""
    with ExitStack() as held:
        with stage(Stage.WAIT):
            held.enter_context(library.answering())
        yield
