"""Dates as they are printed for people, in figures and in words. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import dateparser

from indexer.articles import CLOCK_SKEW, EARLIEST_YEAR
from indexer.sources import solar_hijri
from indexer.sources.page_furniture import DATE_IN_TEXT

_UPDATED = (
    r"updated?(?: on)?|modified(?: on)?|last\b[^.!?\d]{0,20} on|aktualisiert(?: am)?|stand|änderung|geändert|zuletzt am|"
    r"actualizado(?: el)?|mis à jour(?: le)?|modifié(?: le)?|aggiornato(?: il)?|обновлено|آخر تحديث|به\u200cروزرسانی|"
    r"بروزرسانی|更新"
)
_UPDATE = re.compile(rf"(?:{_UPDATED})\W*$", re.IGNORECASE)
_NOT_PUBLISHED = re.compile(rf"(?:{_UPDATED}|copyright|©)\W*$", re.IGNORECASE)
_NUMERIC = re.compile(
    r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:\D+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap])?)?", re.IGNORECASE
)
_HALF_OF_DAY = re.compile(r"\d\s*[ap]\.?m\b", re.IGNORECASE)
_OFFSET = re.compile(r":\d\d\s*(?:[ap]\.?m\.?\s*)?(?:UTC|GMT)?\s*([+-])(\d\d):?(\d\d)\b", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})[년年/.]\s?(\d{1,2})[월月/.]\s?(\d{1,2})[일日]?")
_BARRED = re.compile(r"\b(\d{1,2})\s\|\s(\d{1,2})\s\|\s(\d{4})\b")
_SHORT_YEAR = re.compile(r"(?<![\d.,/-])(\d{1,2}[./]\d{1,2}[./])(\d{2})(?![\d/-]|[.,]\d)")
_SHORT_MAX_CHARS = 60


def stated_time(value: str | None, now: datetime, language: str | None = None) -> datetime | None:
    """The time a text states, in the zone it states (else UTC); None for no date and for one in the future.

    Dates of the Solar Hijri calendar are converted, in figures only where the language or the digits are Persian.
    """
    if not value:
        return None
    text = western_digits(value.strip())
    primary = (language or "").replace("_", "-").partition("-")[0].lower()
    persian = primary in solar_hijri.LANGUAGES or (primary != "ar" and re.search("[۰-۹]", value) is not None)
    text = solar_hijri.with_gregorian_days(text, figures=persian)
    moment = _formatted(text) or _spoken(text, language)
    try:
        known = moment is not None and moment.year >= EARLIEST_YEAR and moment <= now + CLOCK_SKEW
        return moment if known and moment is not None and moment.astimezone(UTC).year >= EARLIEST_YEAR else None
    except OverflowError:
        return None


def shown_date(text: str) -> str | None:
    """The first date, with its time of day, in a short text; not one that says when the page was updated."""
    text = _expanded(text)
    for found in DATE_IN_TEXT.finditer(text):
        if not _NOT_PUBLISHED.search(text[: found.start()].rstrip(" :")):
            return found.group().strip()
    return None


def shown_update(text: str) -> str | None:
    """The date after "Updated" or the like."""
    text = _expanded(text)
    for found in DATE_IN_TEXT.finditer(text):
        if _UPDATE.search(text[: found.start()].rstrip(" :")):
            return found.group().strip()
    return None


def western_digits(text: str) -> str:
    """A text with 0 to 9 for the digits of every script."""
    return "".join(str(unicodedata.digit(c)) if c.isdecimal() and not c.isascii() else c for c in text)


def _expanded(text: str) -> str:
    """A text whose dates such as "26 | 01 | 2022" and, in a short text, "26.1.22" are written with dots and four figures.

    Digits stay as they are where they tell a Persian date.
    """
    text = text if re.search("[۰-۹]", text) else western_digits(text)
    text = _BARRED.sub(r"\1.\2.\3", text)
    return _SHORT_YEAR.sub(r"\g<1>20\2", text) if len(text) <= _SHORT_MAX_CHARS else text


def _formatted(text: str) -> datetime | None:
    """An ISO 8601 or RFC 5322 time; the reader of the latter passes over "PM", so it gets no text that has it."""
    readers = (
        (datetime.fromisoformat,) if _HALF_OF_DAY.search(text) else (datetime.fromisoformat, parsedate_to_datetime)
    )
    for read in readers:
        try:
            moment = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return None


def _spoken(value: str, language: str | None) -> datetime | None:
    """A date as written for people; day before month where both could be meant, except in American English."""
    value = _YEAR_FIRST.sub(r"\1-\2-\3", re.sub(r"(\d)h(\d\d)", r"\1:\2", value))
    month_first = (language or "").lower().replace("_", "-") == "en-us"
    if found := _NUMERIC.search(value):
        moment = _numeric(found, month_first)
        offset = _OFFSET.search(value)
        return moment.replace(tzinfo=_zone(offset)) if moment and offset else moment
    settings: Any = {
        "DATE_ORDER": "MDY" if month_first else "DMY",
        "REQUIRE_PARTS": ["day", "month", "year"],
        "PARSERS": ["absolute-time"],
    }
    text = re.sub(r"[|•·،]|\s-\s|\bساعت\b|\bالساعة\b", " ", value)
    for languages in [[(language or "")[:2].lower()], None]:
        try:
            spoken: datetime | None = dateparser.parse(text, languages=languages, settings=settings)
        except (ValueError, OverflowError):
            continue
        if spoken is not None:
            return spoken.replace(tzinfo=UTC) if spoken.tzinfo is None else spoken
    return None


def _zone(offset: re.Match[str]) -> timezone:
    ahead = timedelta(hours=min(int(offset[2]), 23), minutes=min(int(offset[3]), 59))
    return timezone(ahead if offset[1] == "+" else -ahead)


def _numeric(found: re.Match[str], month_first: bool) -> datetime | None:
    first, second, third = (int(found[place]) for place in (1, 2, 3))
    year, month, day = (first, second, third) if first > 31 else (third, second, first)
    if first <= 31 and (month > 12 or (month_first and day <= 12)):
        month, day = day, month
    hour, minute, seconds = (int(found[place] or 0) for place in (4, 5, 6))
    if found[7]:
        hour = hour % 12 + (12 if found[7].lower() == "p" else 0)
    try:
        return datetime(year, month, day, hour, minute, seconds, tzinfo=UTC)
    except ValueError:
        return None
