"""A saved HTML page: one article, from JSON-LD, then meta tags, then what the page shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dateparser
from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from indexer.articles import CLOCK_SKEW, article_from_record, normalise_line, parse_time
from indexer.errors import ArticleError
from indexer.sources.decoding import MAX_PAGE_BYTES, decode_page
from indexer.sources.json_ld import json_ld_fields
from indexer.sources.page_body import page_paragraphs
from indexer.sources.page_furniture import word_count
from indexer.sources.page_metadata import meta_fields, visible_byline, visible_date, visible_title, without_site
from indexer.types import DateOrigin, Found, Reject
from indexer.urls import canonical_url

MIN_WORDS = 20
"""Less running text than this is no article."""


def read_html(path: Path, *, now: datetime) -> Iterator[Found | Reject]:
    """The one article of the page, or why there is none."""
    if path.stat().st_size > MAX_PAGE_BYTES:
        yield Reject(
            str(path), "file", f"has {path.stat().st_size:,} bytes; the limit for one page is {MAX_PAGE_BYTES:,}"
        )
        return
    try:
        page = _parsed(decode_page(path.read_bytes()))
        record, origin = page_record(page, now)
        words = word_count(record["body"])
        if words < MIN_WORDS:
            reason = f"no article found: {words} words of running text, expected at least {MIN_WORDS}"
            yield Reject(str(path), "page", reason)
            return
        article, stated_id = article_from_record(record, now=now, published_from=origin)
    except ArticleError as error:
        yield Reject(str(path), "page", str(error))
        return
    yield Found(article, str(path), "page", partial=True, stated_id=stated_id)


def _parsed(text: str) -> HtmlElement:
    try:
        return document_fromstring(text.encode("utf-8", errors="replace"), parser=HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError) as error:
        raise ArticleError(f"no article found: the page cannot be parsed as HTML ({error})") from None


def page_record(page: HtmlElement, now: datetime) -> tuple[dict[str, Any], DateOrigin]:
    """The page's article as a record, and where its date was read."""
    stated, meta = json_ld_fields(page), meta_fields(page)
    record: dict[str, Any] = {**meta, **stated}
    site = record.get("source")
    title = stated.get("title") or visible_title(page, site) or without_site(meta.get("title", ""), site)
    record["title"] = normalise_line(title)
    record["body"] = "\n\n".join(page_paragraphs(page, record["title"]))
    byline = visible_byline(page)
    if byline:
        record["byline"] = byline.text
        record["authors"] = record.get("authors") or list(byline.authors)
    for name in ("url", "image_url"):
        record[name] = _absolute(record.get(name))
    record["updated_at"] = _moment(record.get("updated_at"), now)
    origin = DateOrigin.NONE
    candidates = (
        (DateOrigin.JSON_LD, stated.get("published_at")),
        (DateOrigin.META, meta.get("published_at")),
        (DateOrigin.PAGE, visible_date(page)),
    )
    record["published_at"] = None
    for source, value in candidates:
        moment = _moment(value, now)
        if moment is not None:
            record["published_at"], origin = moment, source
            break
    return record, origin


def _absolute(url: str | None) -> str | None:
    try:
        return canonical_url(url) if url else None
    except ArticleError:
        return None


def _moment(value: str | None, now: datetime) -> datetime | None:
    """The time a page states, in UTC; None for what is no date, and for a date in the future, which cannot be right."""
    if not value:
        return None
    try:
        moment = parse_time(value, "date")
    except ArticleError:
        moment = _spoken(value)
    return moment if moment is not None and moment <= now + CLOCK_SKEW else None


def _spoken(value: str) -> datetime | None:
    """A date as written for people; day before month where both could be meant. Never a guess from today."""
    settings: Any = {
        "DATE_ORDER": "DMY",
        "REQUIRE_PARTS": ["day", "month", "year"],
        "PARSERS": ["absolute-time"],
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    moment = dateparser.parse(value.replace("|", " "), settings=settings)
    return moment.replace(tzinfo=UTC) if moment else None
