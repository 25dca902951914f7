"""A service's library kept current: the index opened, a first question asked, changes taken up four times a second."""

from __future__ import annotations

import threading
from collections.abc import Callable

from search_api.library import Library

REFRESH_S = 0.25
"""How often a serving process looks for changes."""

LONGEST_PAUSE_S = 2.0
"""How long it waits between tries, in the end, while they fail."""


CLOSING_S = 5.0
"""How long the end of a service waits for an index that is just being opened."""


class Follower:
    """Refreshes a library in the background, from `start` until `close`."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._stop = threading.Event()
        self._is_open = threading.Event()
        self._thread: threading.Thread | None = None
        self._reading: threading.Thread | None = None

    def start(self, first: Callable[[], object], *, patience_s: float | None = None) -> None:
        """Open the index and ask it a `first` question, then follow its changes.

        Returns when that question was answered, or could not be, or after `patience_s`.
        """
        self._library.is_opening = True
        self._thread = threading.Thread(target=self._watch, args=(first,), name="library-refresh", daemon=True)
        self._thread.start()
        self._is_open.wait(patience_s)

    def close(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(CLOSING_S)

    def _watch(self, first: Callable[[], object]) -> None:
        pause_s = 0.0
        while not self._stop.wait(pause_s):
            try:
                self._library.refresh()
                if self._library.is_opening and self._library.opened is not None:
                    first()
                self._library.trouble, pause_s = None, REFRESH_S
                self._read_beside()
            except BaseException as error:  # a panic of a library in Rust is no Exception
                self._library.note_trouble(error)
                pause_s = min(max(2 * pause_s, REFRESH_S), LONGEST_PAUSE_S)
            finally:
                self._library.is_opening = False
                self._is_open.set()

    def _read_beside(self) -> None:
        """Check files that were trusted as they were opened, in a thread of its own: there may be gigabytes of them."""
        if self._library.has_unread and not (self._reading and self._reading.is_alive()):
            self._reading = threading.Thread(target=self._library.read_what_was_trusted, name="checksums", daemon=True)
            self._reading.start()
