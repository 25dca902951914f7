from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.fetching.freshness import MAX_RETRY_AFTER_S, max_age_s, retry_after_s
from indexer.fetching.limits import Limits
from indexer.fetching.outcomes import Delay, Delayed
from indexer.fetching.schedule import (
    MAX_BACKOFF_S,
    MAX_INTERVAL_S,
    MIN_INTERVAL_S,
    backoff_s,
    next_interval_s,
    pause_s,
)
from indexer.fetching.turns import MAX_HOSTS, HostTurns
from tests.support import NOW


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("9999999999", MAX_RETRY_AFTER_S),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), 300),
        (format_datetime(NOW - timedelta(days=5), usegmt=True), 0),
        ("Mon, 01 Jun 2026 12:01:00", 60),
        ("-5", None),
        ("1e3", None),
        ("soon", None),
        ("٣", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, expected: float | None) -> None:
    assert retry_after_s(value, NOW) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("max-age=60", 60), ("public, Max-Age = 90", 90), ("s-maxage=5", None), ("no-cache", None), (None, None)],
)
def test_max_age_is_read_from_cache_control(value: str | None, expected: float | None) -> None:
    assert max_age_s(value) == expected


@given(st.text(max_size=60))
def test_any_header_is_read_or_ignored(value: str) -> None:
    wait = retry_after_s(value, NOW)
    assert wait is None or 0 <= wait <= MAX_RETRY_AFTER_S
    assert (max_age_s(value) or 0) >= 0


@given(st.lists(st.booleans(), max_size=60))
def test_the_interval_stays_between_five_minutes_and_six_hours(history: list[bool]) -> None:
    interval = 900.0
    for changed in history:
        following = next_interval_s(interval, changed=changed)
        assert MIN_INTERVAL_S <= following <= MAX_INTERVAL_S
        assert following <= interval if changed else following >= interval
        interval = following


def test_freshness_delays_a_poll_but_never_beyond_six_hours() -> None:
    assert [pause_s(600, fresh) for fresh in (None, 60, 3600, 10**9)] == [600, 600, 3600, MAX_INTERVAL_S]


def test_back_off_doubles_is_spread_and_ends_at_a_day() -> None:
    assert [backoff_s(failures, None, 0.5) for failures in (1, 2, 3, 10_000)] == [300, 600, 1200, MAX_BACKOFF_S]
    assert (backoff_s(1, None, 0.0), backoff_s(1, None, 1.0)) == pytest.approx((240, 360))
    assert backoff_s(1, 7200, 0.5) == 7200


def test_the_hosts_remembered_are_bounded_and_the_one_longest_left_alone_goes_first() -> None:
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return False

    turns = HostTurns(Limits(), lambda: 0.0, wait)
    for number in range(MAX_HOSTS + 1):
        turns.done(f"host{number}.example", None)
    turns.take("host0.example")
    turns.take("host1.example")
    assert waits == [0.0, 1.0]


def test_a_long_wait_is_put_off_instead_of_waited_for() -> None:
    turns = HostTurns(Limits(), lambda: 0.0, lambda _seconds: False)
    turns.hold("news.example", 3600)
    turns.done("news.example", 5)
    with pytest.raises(Delayed, match=r"left alone for 3,600 more seconds") as raised:
        turns.take("news.example")
    assert (raised.value.why, raised.value.retry_after_s) == (Delay.ASKED_TO_WAIT, 3600)
