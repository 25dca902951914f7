"""Ending a watch from outside, between two requests."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SLICE_S = 0.2


class Stop:
    """Whether a watch was asked to end; `wait` is what a Fetcher and a Watch pause with.

    A plain flag, looked at five times a second: a signal's handler may not take the lock of a threading.Event.
    """

    def __init__(self) -> None:
        self.asked = False

    def wait(self, seconds: float) -> bool:
        """Pause for so long, or until asked to end; says whether that was."""
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _SLICE_S))
        return self.asked

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM ask to end; a second one does what it did before (Ctrl-C then ends at once)."""
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def restore() -> None:
            for number, handler in before.items():
                signal.signal(number, handler)

        def ask(_number: int, _frame: FrameType | None) -> None:
            self.asked = True
            restore()

        for number in before:
            signal.signal(number, ask)
        try:
            yield
        finally:
            restore()
