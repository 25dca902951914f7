"""Views of the index that somebody is still paging through."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

View = TypeVar("View")

MOST_KEPT = 8
"""A view whose generation has changes since holds its columns in memory (some hundred bytes an article), so few are kept."""

KEPT_S = 900.0


class KeptViews(Generic[View]):
    """The views that cursors were given out for, by what tells them apart; the longest unused go first. Thread-safe."""

    def __init__(
        self, *, most: int = MOST_KEPT, seconds: float = KEPT_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._views: OrderedDict[Hashable, tuple[float, View]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, key: Hashable, view: View) -> None:
        """Hold on to a view from now on, or for longer: the one that is held already stays."""
        with self._lock:
            _, held = self._views.get(key, (0.0, view))
            self._views[key] = (self._clock(), held)
            self._views.move_to_end(key)
            while len(self._views) > self._most:
                self._views.popitem(last=False)

    def get(self, key: Hashable) -> View | None:
        with self._lock:
            found = self._views.get(key)
            if found and found[0] < self._clock() - self._seconds:
                del self._views[key]
                return None
        return found[1] if found else None

    def clear(self) -> None:
        """Let go of all: an article of them was taken down."""
        with self._lock:
            self._views.clear()

    def drop_old(self) -> None:
        """Let go of the views that nobody has asked for in a while."""
        with self._lock:
            oldest = self._clock() - self._seconds
            while self._views and next(iter(self._views.values()))[0] < oldest:
                self._views.popitem(last=False)
