"""Dates as feeds state them, the names of time zones among them. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from indexer.articles import parse_time
from indexer.errors import ArticleError
from indexer.sources.page_date import stated_time

_MAX_CHARS = 100
_NO_YEAR = re.compile(r"(?<![+\-.\d])000[01](?!\d)")
"""What programs write for no date; read as a year of two figures, it would be 2001."""

_ZONE = re.compile(r"(?<=\d)\s+\(?([A-Z]{2,5})\)?(?=$|\s+\d{4}$)")
"""The name of a zone after the time of day: at the end, or before the year as `date` prints it."""

_TIME = re.compile(r"\d:\d\d")
_HALF_DAY = re.compile(r"\b(0?[1-9]|1[0-2])(:\d\d(?::\d\d)?)\s*([AP])\.?M\b\.?", re.IGNORECASE)
_OFFSET = re.compile(r"[+-]\d\d:?\d\d$")
_UNIVERSAL = frozenset({"UT", "UTC", "GMT"})
_OFFSETS = {
    "-0700": "MST PDT",
    "-0800": "PST",
    "-0600": "CST MDT",
    "-0500": "EST CDT",
    "-0400": "EDT",
    "+0000": "WET",
    "+0100": "CET WEST BST",
    "+0200": "EET CEST",
    "+0300": "EEST MSK",
    "+0900": "JST KST",
    "+1000": "AEST",
    "+1100": "AEDT",
    "+1200": "NZST",
    "+1300": "NZDT",
}
_ZONES = {name: offset for offset, names in _OFFSETS.items() for name in names.split()}
"""CST, MST and the like are America's, as in RFC 5322, and BST is Britain's."""


def feed_time(text: str, now: datetime, language: str | None = None) -> datetime | None:
    """The moment that a text states, in any form; None where it states none.

    Without a zone it is UTC's. With the name of a zone that is not in the table, or that several have (IST is India's, Israel's
    and Ireland's), only the day counts.
    """
    text = text.strip()
    if not text or len(text) > _MAX_CHARS or _NO_YEAR.search(text):
        return None
    text = _HALF_DAY.sub(_whole_day, text)
    zone = _ZONE.search(text) if _TIME.search(text) else None
    if zone is None or zone[1] in _UNIVERSAL:
        return _moment(text, now, language)
    before, after = text[: zone.start()], text[zone.end() :]
    stated = _OFFSET.search(before)
    offset = "" if stated else _ZONES.get(zone[1], "")
    moment = _moment(f"{before} {offset}{after}".strip(), now, language)
    return moment if stated or offset or moment is None else moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _whole_day(half: re.Match[str]) -> str:
    """9:30 PM as 21:30."""
    return f"{int(half[1]) % 12 + (12 if half[3] in 'pP' else 0):02}{half[2]}"


def _moment(text: str, now: datetime, language: str | None) -> datetime | None:
    try:
        return parse_time(text, "date")
    except ArticleError:
        return stated_time(text, now, language)
