from __future__ import annotations

import os
import signal
import time

import pytest

from indexer.fetching.stopping import Stop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_wait_and_the_next_one_is_as_before(number: signal.Signals) -> None:
    stop = Stop()
    before = signal.getsignal(number)
    started = time.monotonic()
    with stop.on_signals():
        assert stop.wait(0.01) is False
        os.kill(os.getpid(), number)
        assert stop.wait(60) is True
        assert signal.getsignal(number) is before
    assert time.monotonic() - started < 5
    assert stop.wait(0) is True


def test_without_a_signal_the_handlers_are_put_back_too() -> None:
    before = signal.getsignal(signal.SIGTERM)
    stop = Stop()
    with stop.on_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    assert stop.wait(0) is False
