"""Views of the index that somebody is still paging through."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Generic, TypeVar

View = TypeVar("View")

MOST_KEPT = 8
"""Each may hold the changes since its generation in memory, so few are kept."""

KEPT_S = 900.0


class KeptViews(Generic[View]):
    """The views that cursors were given out for, by generation and change; the longest unused go first. Thread-safe."""

    def __init__(self, *, most: int = MOST_KEPT, seconds: float = KEPT_S) -> None:
        self._most = most
        self._seconds = seconds
        self._views: OrderedDict[tuple[int, int], tuple[float, View]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, generation: int, change: int, view: View) -> None:
        """Hold on to a view from now on, or for longer."""
        now = time.monotonic()
        with self._lock:
            self._views[generation, change] = (now, view)
            self._views.move_to_end((generation, change))
            while len(self._views) > self._most or self._oldest_use() < now - self._seconds:
                self._views.popitem(last=False)

    def get(self, generation: int, change: int) -> View | None:
        with self._lock:
            found = self._views.get((generation, change))
        return found[1] if found else None

    def _oldest_use(self) -> float:
        return next(iter(self._views.values()))[0]
