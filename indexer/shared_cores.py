"""The cores of this machine, as the answers that one process works out share them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from indexer.processes import usable_cores

MOST_ANSWERS = 3
"""So many answers at a time, on any machine: a good part of each holds the interpreter's lock, and threads that wait for it take
time from the one that has it."""

LONGEST_WAIT_S = 2.0
"""An answer goes ahead after this: those before it hang, and then cores are not what is short."""


class SharedCores:
    """Counts those in use: one for each answer, and more for an answer that can use more while no other needs them."""

    def __init__(self, number: int | None = None) -> None:
        """Of this machine, unless a `number` is given."""
        self._given = number
        self._used = 0
        self._counting = threading.Lock()
        self._turns = threading.Semaphore(MOST_ANSWERS)

    @cached_property
    def number(self) -> int:
        return usable_cores() if self._given is None else self._given

    @contextmanager
    def answering(self, longest_wait_s: float = LONGEST_WAIT_S) -> Iterator[bool]:
        """Wait for a turn, and have a core then; yields whether it is one's turn.

        Not within another answer, which would wait for itself.
        """
        has_turn = self._turns.acquire(timeout=longest_wait_s)
        self._count(1)
        try:
            yield has_turn
        finally:
            self._count(-1)
            if has_turn:
                self._turns.release()

    def take(self, more: int) -> bool:
        """Take so many further cores, where they are free; what is taken is to be given back."""
        with self._counting:
            is_free = self._used + more <= self.number
            self._used += more if is_free else 0
        return is_free

    def give_back(self, taken: int) -> None:
        self._count(-taken)

    @property
    def free(self) -> int:
        """How many nobody uses."""
        return max(0, self.number - self._used)

    def _count(self, more: int) -> None:
        with self._counting:
            self._used += more


CORES = SharedCores()
"""This process's."""
