"""When a page was published, from the dates it states and shows; never a guess from today, never a footer's year."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from indexer.sources.date_words import shown_date, shown_update, stated_time
from indexer.sources.markup import element_text, has_blocks
from indexer.sources.page_furniture import is_prose

__all__ = ["shown_date", "shown_updates", "stated_time", "url_date", "visible_dates"]

_DATE_MARK = re.compile(
    r"(?<![A-Za-z])(?i:date|time(?!line)|published|posted|submitted|datum|fecha)|(?<=[a-z])(?:Date|Datum)(?![a-z])"
)
_IN_URL = re.compile(r"/((?:19|20)\d\d)(?:/(\d{1,2})/(\d{1,2})(?=[/-]|$)|-?([01]\d)-?([0-3]\d)(?=[/_.-]|$))")
_SHOWN_MAX_CHARS = 160
_DATELINE_CHARS = 40
_SENTENCE_MAX_CHARS = 240
_POSTED = re.compile(
    r"\b(?:posted|published|gepostet|veröffentlicht|publié|publicad[oa]|pubblicato|опубликовано)\b|نُ?شر في|تاریخ انتشار|منتشر شد",
    re.IGNORECASE,
)
_UPDATE_TAGS = ("p", "span", "div", "li", "small", "time", "td")


def visible_dates(page: HtmlElement, heading: HtmlElement | None) -> Iterator[str]:
    """The dates that the page shows, likeliest first: beside the headline, in elements marked as dates, in sentences such as
    "Posted on 10 March 2026 in Harbour"."""
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
    for element in page.iter(*_UPDATE_TAGS):
        if has_blocks(element) or len(text := element_text(element)) > _SENTENCE_MAX_CHARS:
            continue
        if _POSTED.search(text) and (date := shown_date(text)):
            yield date


def shown_updates(page: HtmlElement) -> Iterator[str]:
    """The dates that the page gives as those of its last update, in its order."""
    for element in page.iter(*_UPDATE_TAGS):
        if (
            len(element) <= 3
            and 0 < len(text := element_text(element)) <= _SHOWN_MAX_CHARS
            and (date := shown_update(text))
        ):
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
