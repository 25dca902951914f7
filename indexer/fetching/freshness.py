"""What HTTP headers say about when to come back. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER_S = 24 * 3600.0

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header (seconds or a date, RFC 9110 section 10.2.3) asks to wait, at most a day."""
    if not value:
        return None
    text = value.strip()
    if re.fullmatch("[0-9]{1,10}", text):
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER_S)


def max_age_s(cache_control: str | None) -> float | None:
    """For how many seconds a Cache-Control header calls the answer fresh."""
    found = _MAX_AGE.search(cache_control or "")
    return float(found[1]) if found else None
