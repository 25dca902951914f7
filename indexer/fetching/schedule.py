"""When a feed is asked next: sooner where it often changes, later where it fails. Pure."""

from __future__ import annotations

MIN_INTERVAL_S = 5 * 60.0
FIRST_INTERVAL_S = 15 * 60.0
MAX_INTERVAL_S = 6 * 3600.0
MAX_BACKOFF_S = 24 * 3600.0

_SOONER = 0.5
_LATER = 1.5
_JITTER = 0.2


def next_interval_s(interval_s: float, *, changed: bool) -> float:
    """Half the interval after something new, half as long again after nothing, between five minutes and six hours."""
    return min(max(interval_s * (_SOONER if changed else _LATER), MIN_INTERVAL_S), MAX_INTERVAL_S)


def pause_s(interval_s: float, fresh_s: float | None) -> float:
    """Until the next poll: the interval, or as long as the feed calls itself fresh, but never over six hours."""
    return min(max(interval_s, fresh_s or 0.0), MAX_INTERVAL_S)


def backoff_s(failures: int, retry_after_s: float | None, chance: float) -> float:
    """Until the next try after so many failures in a row (1 or more).

    Five minutes, doubled with each further failure up to a day, and spread by `chance` (0 to 1) over 20 percent either
    way, so that feeds that failed together do not come back together. Never sooner than the host asked.
    """
    doubled = MIN_INTERVAL_S * 2.0 ** min(failures - 1, 16)
    spread = min(doubled, MAX_BACKOFF_S) * (1 + _JITTER * (2 * chance - 1))
    return max(min(spread, MAX_BACKOFF_S), retry_after_s or 0.0)
