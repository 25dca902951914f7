"""A saved HTML page: one article, from JSON-LD, then meta tags, then what the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from indexer.articles import article_from_record, normalise_line
from indexer.errors import ArticleError
from indexer.sources.decoding import MAX_PAGE_BYTES, decode_page
from indexer.sources.json_ld import json_ld_fields
from indexer.sources.page_body import page_paragraphs
from indexer.sources.page_date import stated_time, url_date, visible_dates
from indexer.sources.page_kind import no_article_reason
from indexer.sources.page_metadata import headline_element, is_stated_article, meta_fields, page_title, visible_byline
from indexer.types import DateOrigin, Found, Reject
from indexer.urls import canonical_url

_MAX_SHOWN_DATES = 12
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$")


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
        paragraphs = record["body"].split("\n\n")
        if reason := no_article_reason(page, record["title"], paragraphs, stated=record.pop("is_article", False)):
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
    record["title"] = normalise_line(page_title(page, stated.get("title"), meta.get("title"), site))
    record["body"] = "\n\n".join(page_paragraphs(page, record["title"]))
    byline = visible_byline(page)
    if byline:
        record["byline"] = byline.text
        record["authors"] = record.get("authors") or list(byline.authors)
    for name in ("url", "image_url"):
        record[name] = _absolute(record.get(name))
    if not _LANGUAGE.match(record.get("language") or ""):
        record["language"] = None
    record["is_article"] = "title" in stated or is_stated_article(page)
    record["updated_at"] = stated_time(record.get("updated_at"), now)
    record["published_at"], origin = _published(page, record, stated, meta, now)
    return record, origin


def _published(
    page: HtmlElement, record: dict[str, Any], stated: dict[str, Any], meta: dict[str, Any], now: datetime
) -> tuple[datetime | None, DateOrigin]:
    """The first date that can be right, by trust."""
    shown = visible_dates(page, headline_element(page, record["title"]))
    candidates = chain(
        [(DateOrigin.JSON_LD, stated.get("published_at")), (DateOrigin.META, meta.get("published_at"))],
        ((DateOrigin.PAGE, date) for date in islice(shown, _MAX_SHOWN_DATES)),
        [(DateOrigin.URL, url_date(record["url"]))],
    )
    for origin, value in candidates:
        moment = stated_time(value, now, record.get("language"))
        if moment is not None:
            return moment, origin
    return None, DateOrigin.NONE


def _absolute(url: str | None) -> str | None:
    try:
        return canonical_url(url) if url else None
    except ArticleError:
        return None
