"""The time that a cell of a table states. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from indexer.errors import ArticleError
from indexer.sources.page_date import stated_time

_UNIX_TIME = re.compile(r"(\d{10})(\d{3})?(?:\.\d+)?", re.ASCII)
_EXCHANGEABLE = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(?:\d{4}|\d\d)(?!\d)", re.ASCII)
_CLOCK_12 = re.compile(r"\b(\d{1,2})(:\d\d(?::\d\d)?)\s*([ap])\.?m\b\.?", re.IGNORECASE)
_OFFSET = re.compile(r"(?<=:\d\d)\s*([+-])(\d\d):?(\d\d)$", re.ASCII)
_ZONE_NAME = re.compile(r"(?<=[\d:]\d)\s*([A-Z]{1,5})$")
_ZONE_HOURS = {"Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5}
_ZONE_HOURS |= {"MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
"""The names of zones in RFC 5322, section 4.3; others, such as IST, mean several."""

_MAX_CHARS = 100
_ANY_TIME = datetime(9990, 1, 1, tzinfo=UTC)
"""Whether a date lies in the future is for the record's check."""


def cell_time(value: Any, field: str) -> Any:
    """ISO 8601, RFC 5322, Unix seconds or milliseconds (10 or 13 digits), or a date written for people; without a zone UTC.

    What is no time stays for the record's check. Raises ArticleError where day and month could be exchanged (01/03/2026)
    or the zone is not known; with dots the day comes first.
    """
    if isinstance(value, date):
        return value if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return value
    text = _shortened(value)
    if not text or len(text) > _MAX_CHARS:
        return value
    if found := _UNIX_TIME.fullmatch(text):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(found[1]), milliseconds=int(found[2] or 0))
    if text.isdigit():
        return text if len(text) == 8 else value
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        _check_order(text, field)
        return _written(text, field) or value


def _shortened(value: str | float) -> str:
    if isinstance(value, str):
        return value.strip()
    return str(int(value)) if abs(value) < 1e15 else ""


def _check_order(text: str, field: str) -> None:
    found = _EXCHANGEABLE.match(text)
    if found and int(found[1]) != int(found[3]) and 1 <= int(found[1]) <= 12 and 1 <= int(found[3]) <= 12:
        raise ArticleError(
            f"{field} is {text!r}: which is the day and which the month? give ISO 8601 such as 2026-03-01T09:30:00Z"
        )


def _written(text: str, field: str) -> datetime | None:
    """A date written for people, with a clock of 12 hours or a zone at its end. Raises ArticleError for an unknown zone."""
    text = _CLOCK_12.sub(lambda clock: f"{int(clock[1]) % 12 + 12 * (clock[3] in 'pP'):02}{clock[2]}", text)
    zone = UTC
    if found := _OFFSET.search(text):
        minutes = int(found[2]) * 60 + int(found[3])
        if minutes >= 24 * 60:
            return None
        zone = timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
    elif found := _ZONE_NAME.search(text):
        if found[1] not in _ZONE_HOURS:
            raise ArticleError(
                f"{field} is {text!r}: which zone is {found[1]}? give ISO 8601 such as 2026-03-01T09:30:00Z"
            )
        zone = timezone(timedelta(hours=_ZONE_HOURS[found[1]]))
    moment = stated_time(text[: found.start()] if found else text, _ANY_TIME)
    return moment.replace(tzinfo=zone) if moment and found else moment
