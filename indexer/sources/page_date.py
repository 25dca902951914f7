"""When a page was published, from the dates it states and shows; never a guess from today, never a footer's year."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dateparser
from lxml.html import HtmlElement

from indexer.articles import CLOCK_SKEW, EARLIEST_YEAR, parse_time
from indexer.errors import ArticleError
from indexer.sources.markup import element_text, has_blocks
from indexer.sources.page_furniture import DATE_IN_TEXT, is_prose

_DATE_MARK = re.compile(
    r"(?<![A-Za-z])(?i:date|time(?!line)|published|posted|submitted|datum|fecha)|(?<=[a-z])(?:Date|Datum)(?![a-z])"
)
_NOT_PUBLISHED = re.compile(
    r"(?:updated?|modified|aktualisiert|stand|änderung|actualizado|mis à jour(?: le)?|modifié(?: le)?|copyright|©|"
    r"آخر تحديث)\W*$",
    re.IGNORECASE,
)
_NUMERIC = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:\D+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap])?)?")
_YEAR_FIRST = re.compile(r"(\d{4})[年/.](\d{1,2})[月/.](\d{1,2})日?")
_IN_URL = re.compile(r"/((?:19|20)\d\d)(?:/(\d{1,2})/(\d{1,2})(?=[/-]|$)|-?([01]\d)-?([0-3]\d)(?=[/_.-]|$))")
_SHOWN_MAX_CHARS = 160
_DATELINE_CHARS = 40


def stated_time(value: str | None, now: datetime, language: str | None = None) -> datetime | None:
    """The time a text states, in UTC; None for no date, another calendar's or one in the future."""
    if not value:
        return None
    value = _western_digits(value)
    try:
        moment = parse_time(value, "date")
    except ArticleError:
        moment = _spoken(value, language)
    return moment if moment is not None and moment.year >= EARLIEST_YEAR and moment <= now + CLOCK_SKEW else None


def shown_date(text: str) -> str | None:
    """The first date, with its time of day, in a short text; not one that says when the page was updated."""
    for found in DATE_IN_TEXT.finditer(_western_digits(text)):
        if not _NOT_PUBLISHED.search(text[: found.start()].rstrip(" :")):
            return found.group().strip()
    return None


def visible_dates(page: HtmlElement, heading: HtmlElement | None) -> Iterator[str]:
    """The dates that the page shows, likeliest first: beside the headline, then in elements marked as dates."""
    near = list(_head_elements(heading))
    for element in near:
        if element.tag == "time" and (value := (element.get("datetime") or "").strip()):
            yield value
    for element in near:
        text = element_text(element)
        shown = text if len(text) <= _SHOWN_MAX_CHARS and not is_prose(text) else text[:_DATELINE_CHARS]
        if date := shown_date(shown):
            yield date
    for element in page.iter():
        if isinstance(element.tag, str) and (element.tag == "time" or _is_marked(element)):
            text = element_text(element)
            if date := (element.get("datetime") or (shown_date(text) if len(text) <= _SHOWN_MAX_CHARS else None)):
                yield date


def url_date(url: str | None) -> str | None:
    """The day in a URL such as https://paper.example/2026/10/18/strike."""
    found = _IN_URL.search(url or "")
    if not found:
        return None
    year, month, day = found[1], int(found[2] or found[4]), int(found[3] or found[5])
    return f"{year}-{month:02}-{day:02}" if 1 <= month <= 12 and 1 <= day <= 31 else None


def _head_elements(heading: HtmlElement | None) -> Iterator[HtmlElement]:
    """The small elements around the headline: those just above it, then all down to the first sentences."""
    if heading is None:
        return
    yield heading
    following = heading.xpath("following::*[not(self::script or self::style or self::option)]")
    for element in following[:200]:
        if not isinstance(element.tag, str) or has_blocks(element):
            continue
        yield element
        if is_prose(element_text(element)) and element.tag in ("p", "div"):
            break
    above = heading.xpath("preceding::*[not(self::script or self::style or self::option)]")
    yield from (element for element in above[-8:] if isinstance(element.tag, str) and not has_blocks(element))


def _is_marked(element: HtmlElement) -> bool:
    return any(_DATE_MARK.search(element.get(name) or "") for name in ("class", "id", "itemprop"))


def _western_digits(text: str) -> str:
    return "".join(str(unicodedata.digit(c)) if c.isdecimal() and not c.isascii() else c for c in text)


def _spoken(value: str, language: str | None) -> datetime | None:
    """A date as written for people; day before month where both could be meant, except in American English."""
    value = _YEAR_FIRST.sub(r"\1-\2-\3", re.sub(r"(\d)h(\d\d)", r"\1:\2", value))
    month_first = (language or "").lower().replace("_", "-") == "en-us"
    if found := _NUMERIC.search(value):
        return _numeric(found, month_first)
    settings: Any = {
        "DATE_ORDER": "MDY" if month_first else "DMY",
        "REQUIRE_PARTS": ["day", "month", "year"],
        "PARSERS": ["absolute-time"],
    }
    text = re.sub(r"[|•·]|\s-\s", " ", value)
    for languages in [[(language or "")[:2].lower()], None]:
        try:
            moment: datetime | None = dateparser.parse(text, languages=languages, settings=settings)
        except (ValueError, OverflowError):
            continue
        if moment is not None:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None


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
