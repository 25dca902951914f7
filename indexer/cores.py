"""The cores of this machine, as the answers that one process works out share them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from indexer.processes import usable_cores

MOST_ANSWERS = 3
"""So many answers at a time, on any machine: a good part of each holds the interpreter's lock, and threads that wait for it take
time from the one that has it."""


class Cores:
    """Counts those in use: one for each answer, and more for an answer that can use more while no other needs them."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._used = 0
        self._counting = threading.Lock()
        self._turns = threading.Semaphore(MOST_ANSWERS)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Wait until there is room for another answer, which has a core then. Not within another answer."""
        with self._turns:
            self._count(1)
            try:
                yield
            finally:
                self._count(-1)

    def take(self, more: int) -> bool:
        """Take so many further cores, where they are free; what is taken is to be given back."""
        with self._counting:
            is_free = self._used + more <= self._number
            self._used += more if is_free else 0
        return is_free

    def give_back(self, taken: int) -> None:
        self._count(-taken)

    @property
    def free(self) -> int:
        """How many nobody uses."""
        return max(0, self._number - self._used)

    def _count(self, more: int) -> None:
        with self._counting:
            self._used += more


CORES = Cores(usable_cores())
"""This process's."""
