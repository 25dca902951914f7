"""The names of days, weeks, months and years in English, and the spans they mean, alone and two together. Pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TypeAlias

Kind = Enum("Kind", "DAY_WORD RECENT WEEKDAY MONTH DAY DATED YEAR")


@dataclass(frozen=True, slots=True)
class Reading:
    """What line[begin:end] may mean; `preposition` is the one among these words, if any.

    `ranged` tells that the words themselves name a first and a last one. Neither `start` nor `past`: a time that does
    not exist, or that lies too far ahead.
    """

    kind: Kind
    begin: int
    end: int
    start: datetime | None
    past: datetime | None
    preposition: str = ""
    ranged: bool = False


Span: TypeAlias = tuple[datetime, datetime | None]
"""The first moment of a time and the first after it; None where it lasts until now."""


MONTHS, WEEKDAYS, NUMBERS = (
    tuple(names.split())
    for names in (
        "january february march april may june july august september october november december",
        "monday tuesday wednesday thursday friday saturday sunday",
        "one two three four five six seven eight nine ten eleven twelve",
    )
)
QUARTERS = {"q1": 1, "q2": 4, "q3": 7, "q4": 10, "first quarter": 1, "second quarter": 4, "third quarter": 7}
SEASONS = {"last quarter": 10, "fourth quarter": 10, "spring": 3, "summer": 6, "autumn": 9, "fall of": 9, "winter": 12}
THREE_MONTHS = QUARTERS | SEASONS
"""Parts of a year by their first month."""
SPOKEN = {"the day before yesterday": 2, "day before yesterday": 2, "yesterday": 1, "last night": 1, "today": 0}
SPOKEN |= dict.fromkeys(("tonight", "this morning", "this afternoon", "this evening"), 0)
"""Days by how long ago they began."""
FEW = 3
"""The days in `the past few days`."""
NAMED_DAYS = {(1, 6), (9, 11), (10, 7)}
"""Days that name what happened on them in one year of many."""


def calendar_span(year: int, month: int | None = None, day: int | None = None) -> tuple[datetime, datetime]:
    """A year, month or day, from its first moment to the first after it, in UTC.

    Raises ValueError, at the end of the calendar OverflowError, when there is none.
    """
    start = datetime(year, 1 if month is None else month, 1 if day is None else day, tzinfo=UTC)
    if day is not None:
        return start, start + timedelta(days=1)
    return start, back(start, -1, "year" if month is None else "month")


def back(moment: datetime, count: int, unit: str) -> datetime:
    """So many units earlier; on the last day of a month that is too short for the day."""
    if unit not in ("month", "year"):
        return moment - timedelta(**{f"{unit}s": count})
    year, month = divmod(moment.year * 12 + moment.month - 1 - count * (12 if unit == "year" else 1), 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))


def _beginning(now: datetime, unit: str) -> datetime:
    """When the current day, week (on Monday), month or year began, or the weekend of this week begins."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit in ("week", "weekend"):
        return day + timedelta(days=(5 if unit == "weekend" else 0) - day.weekday())
    return {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}[unit]


def _dated(found: re.Match[str], now: datetime) -> Span:
    """A day, month, three months or year, or days or years in a row; without a year, the latest that has begun."""
    parts = {name: text.lower() for name, text in found.groupdict().items() if text}
    day = int(parts["day"]) if "day" in parts else None
    last_day = int(parts["to_day"]) if "to_day" in parts else day
    month = _month(parts["month"]) if "month" in parts else None
    years = [int(parts[name]) for name in ("year", "to_year") if name in parts]
    if max(years, default=0) > now.year + 1 or (day and last_day and last_day < day):
        raise ValueError(found[0])
    if "part" in parts:
        start, _ = calendar_span(years[0], THREE_MONTHS[parts["part"]])
        return start, back(start, -3, "month")
    start = calendar_span(years[0], month, day)[0] if years else _latest(now, month or 0, day)
    return start, calendar_span(years[-1] if years else start.year, month, last_day)[1]


def _month(name: str) -> int:
    return int(name) if name.isdigit() else [month[:3] for month in MONTHS].index(name[:3]) + 1


def _latest(now: datetime, month: int, day: int | None) -> datetime:
    for year in range(now.year, now.year - 9, -1):
        if (month, day) not in NAMED_DAYS and (day or 1) <= calendar.monthrange(year, month)[1]:
            start, _ = calendar_span(year, month, day)
            if start <= now:
                return start
    raise ValueError(day)


def _day(found: re.Match[str], now: datetime) -> Span:
    """A spoken day (today lasts until now); the latest such weekday, today included; the last one before today."""
    name = found["name"].lower()
    today = _beginning(now, "day")
    if name in SPOKEN:
        start = today - timedelta(days=SPOKEN[name])
        return start, start + timedelta(days=1) if start < today else None
    start = today - timedelta(days=(now.weekday() - WEEKDAYS.index(name)) % 7 or (7 if found["last"] else 0))
    return start, start + timedelta(days=1)


def _recent(found: re.Match[str], now: datetime) -> Span:
    """This unit of the calendar or the last one; `the last` and `past` mean as long a time up to now."""
    which, unit = found["which"].lower(), found["unit"].lower()
    start = _beginning(now, unit)
    if which == "this":
        return start, None
    if unit == "weekend":
        return start - timedelta(days=7), start - timedelta(days=5)
    return (back(start, 1, unit), start) if which in ("last", "previous") else (back(now, 1, unit), None)


def _counted(found: re.Match[str], now: datetime) -> Span:
    """So many units up to now, or the one unit that lies so many ago."""
    written, unit = found["count"].lower(), found["unit"].lower()
    words = {"a": 1, "few": FEW, **{number: place for place, number in enumerate(NUMBERS, 1)}}
    count = int(written) if written.isdigit() else words[written]
    if not count:
        raise ValueError(found[0])
    if not found["ago"]:
        return back(now, count, unit), None
    start = _beginning(now, unit)
    return back(start, count, unit), back(start, count - 1, unit)


_YEAR = r"(?P<year>(?:19|20)\d\d)"
_MONTH = rf"(?P<month>{'|'.join(MONTHS)}|sept|{'|'.join(name[:3] for name in MONTHS)})\.?"
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_DAYS = rf"{_DAY}(?:(?: ?[-–] ?| (?:to|until|through) ){_DAY.replace('<day>', '<to_day>')})?"
_PART = r"(?:(?:early|mid|late)[ -])?"
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(NUMBERS)})"
_WEEKDAY = rf"(?P<last>last )?(?P<name>{'|'.join(WEEKDAYS)})"
_ON = rf"(?:(?:{'|'.join(WEEKDAYS)}),? )?"
_WHICH = r"(?:(?:early|earlier|late) )?(?P<which>this|previous|(?:the |this )?past|(?:the )?last)"
_OWN = "(?:['’]s)?"
_END = r"""(?=[]?!.,;:)"”’']*(?: |$)|[-–]\w)"""
_TABLE: tuple[tuple[Kind, str, Callable[[re.Match[str], datetime], Span]], ...] = (
    (Kind.DATED, rf"{_YEAR}-(?P<month>\d\d)(?:-(?P<day>\d\d))?", _dated),
    (Kind.DATED, rf"{_ON}(?:the )?{_DAYS}(?: of)? {_MONTH},? {_YEAR}", _dated),
    (Kind.DATED, rf"{_ON}{_MONTH} {_DAYS},? {_YEAR}", _dated),
    (Kind.DATED, rf"{_PART}{_MONTH}(?:,| of)? {_YEAR}", _dated),
    (Kind.DATED, rf"(?:the )?(?P<part>{'|'.join(THREE_MONTHS)})(?: of)? {_YEAR}", _dated),
    (Kind.DATED, rf"{_YEAR} ?[-–] ?(?P<to_year>(?:19|20)\d\d)", _dated),
    (Kind.DAY, rf"{_ON}(?:the )?{_DAYS}(?: of)? {_MONTH}", _dated),
    (Kind.DAY, rf"{_ON}{_MONTH} {_DAYS}", _dated),
    (Kind.DAY_WORD, rf"(?P<name>{'|'.join(SPOKEN)}){_OWN}", _day),
    (Kind.RECENT, rf"{_WHICH} (?P<unit>weekend|week|month|year){_OWN}", _recent),
    (Kind.RECENT, rf"(?:the )?(?:past|last) {_COUNT} (?P<unit>hour|day|week|month|year)s?(?P<ago>)", _counted),
    (Kind.RECENT, r"(?:the )?(?:past|last) (?P<count>few) (?P<unit>day)s(?P<ago>)", _counted),
    (Kind.RECENT, rf"{_COUNT.replace('>', '>a|', 1)} (?P<unit>day|week|month)s?(?P<ago> ago)", _counted),
    (Kind.RECENT, rf"(?=last ){_WEEKDAY}{_OWN}", _day),
    (Kind.WEEKDAY, _WEEKDAY, _day),
    (Kind.MONTH, rf"{_PART}{_MONTH}", _dated),
    (Kind.YEAR, rf"{_PART}(?:the year |year )?{_YEAR}", _dated),
)
_PERIODS = tuple((kind, re.compile(words + _END, re.ASCII | re.IGNORECASE), read) for kind, words, read in _TABLE)


def named_time(line: str, at: int, now: datetime) -> Reading | None:
    """The time that is named from there on, by the first row of the table that knows it."""
    for kind, pattern, read in _PERIODS:
        if found := pattern.match(line, at):
            try:
                start, past = read(found, now)
            except (ValueError, OverflowError):
                return Reading(kind, at, found.end(), None, None)
            ranged = any(text and name.startswith("to_") for name, text in found.groupdict().items())
            return Reading(kind, at, found.end(), start, past, ranged=ranged)
    return None


def pair(first: Reading, last: Reading) -> Reading | None:
    """From the one to the other; a month or day without a year takes that of the other. None when it ends first."""
    first = _in_year_of(last, first)
    if first.start is None or last.start is None or first.start >= last.start:
        return None
    return replace(last, start=first.start)


def both(first: Reading, last: Reading) -> Reading | None:
    """The two times as one; None unless they adjoin or overlap."""
    for one in (first, _in_year_of(last, first)):
        if one.start is None or last.start is None:
            return None
        early, late = sorted(((one.start, one.past), (last.start, last.past)), key=lambda span: span[0])
        if early[1] is None or late[0] <= early[1]:
            past = max(early[1], late[1]) if early[1] and late[1] else None
            return replace(last, start=early[0], past=past)
    return None


def _in_year_of(last: Reading, first: Reading) -> Reading:
    """The month or day without a year, moved to the latest that begins before the other; any other time as it is."""
    start, past = first.start, first.past
    if not (start and past and last.start) or first.kind not in (Kind.MONTH, Kind.DAY) or last.kind is Kind.YEAR:
        return first
    years = start.year - last.start.year
    years += back(start, years, "year") > last.start
    return replace(first, start=back(start, years, "year"), past=back(past, years, "year"))
