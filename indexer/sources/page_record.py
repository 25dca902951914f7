"""A page's article as a record: each field from JSON-LD, then meta tags, then what the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any
from urllib.parse import urljoin

from lxml.html import HtmlElement

from indexer.articles import normalise_line
from indexer.errors import ArticleError
from indexer.sources.agencies import credited_agencies
from indexer.sources.breadcrumbs import breadcrumb_section
from indexer.sources.byline import Byline, read_byline
from indexer.sources.items import EXTENT, Extent
from indexer.sources.json_ld import JsonLd, read_json_ld
from indexer.sources.markup import letters
from indexer.sources.page_body import page_paragraphs
from indexer.sources.page_byline import visible_byline
from indexer.sources.page_date import shown_updates, stated_time, url_date, visible_dates
from indexer.sources.page_metadata import is_stated_article, meta_fields
from indexer.sources.page_title import headline_element, page_title
from indexer.sources.stated_body import fuller_body
from indexer.types import DateOrigin
from indexer.urls import canonical_url

_MAX_SHOWN_DATES = 12
_TEASER_WORDS = 120
"""A paid article of which a page shows fewer words is not whole."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$")


def page_record(page: HtmlElement, now: datetime, address: str | None = None) -> tuple[dict[str, Any], DateOrigin]:
    """The page's article, and where its date was read; addresses in it are relative to `address`."""
    stated, meta = read_json_ld(page), meta_fields(page)
    record: dict[str, Any] = {**meta, **stated.fields}
    for name in ("url", "image_url"):
        record[name] = _absolute(record.get(name), address)
    record["url"] = record["url"] or _absolute(address, None)
    if not _LANGUAGE.match(record.get("language") or ""):
        record["language"] = None
    title = page_title(page, stated.fields.get("title"), meta.get("title"), record.get("source"), record["url"])
    record["title"] = normalise_line(title)
    site = record.get("source") or ""
    record["section"] = record.get("section") or breadcrumb_section(page, record["title"], site)
    paragraphs = page_paragraphs(page, record["title"])
    paragraphs = fuller_body(stated.node, record["title"], paragraphs) or paragraphs
    shown = visible_byline(page)
    if paragraphs[1:] and (closing := read_byline(paragraphs[-1])):
        shown = shown if shown and shown.authors else closing
        paragraphs = paragraphs[:-1]
    record |= _authorship(stated, meta, shown, site)
    record["agencies"] = credited_agencies(record["byline"] or "", paragraphs[0] if paragraphs else "") or None
    if stated.is_paid and len(" ".join(paragraphs).split()) < _TEASER_WORDS:
        record[EXTENT] = Extent.SUMMARY.value
    record["body"] = "\n\n".join(paragraphs)
    record["is_article"] = "title" in stated.fields or is_stated_article(page)
    record["updated_at"] = stated_time(record.get("updated_at"), now, record["language"])
    record["published_at"], origin = _published(page, record, stated, meta, now)
    return record, origin


def _authorship(stated: JsonLd, meta: dict[str, Any], shown: Byline | None, site: str) -> dict[str, Any]:
    """Authors: those JSON-LD names, else meta tags, else the page, or of these the list that has them and more.

    A single word (a login, a paper) gives way to a whole name that the page shows.
    The name of the site is no author, unless JSON-LD says that it is a person's. The byline is the printed one, else the
    newsroom that JSON-LD names as author.
    """
    lists = [stated.fields.get("authors", []), meta.get("authors", []), list(shown.authors) if shown else []]
    named = [lists[0], *([name for name in names if letters(name) != letters(site)] for names in lists[1:])]
    if any(" " in name for name in named[2]):
        named = [*(names if any(" " in name for name in names) else [] for names in named[:2]), named[2]]
    chosen: Sequence[str] = next(filter(None, named), [])
    for names in named:
        chosen = names if len(names) > len(chosen) and _folded(names) >= _folded(chosen) else chosen
    byline = shown.text if shown else ", ".join(stated.newsroom) if not chosen else ""
    return {"authors": list(dict.fromkeys(chosen)), "byline": byline or None}


def _folded(names: Iterable[str]) -> set[str]:
    return {letters(name) for name in names}


def _published(
    page: HtmlElement, record: dict[str, Any], stated: JsonLd, meta: dict[str, Any], now: datetime
) -> tuple[datetime | None, DateOrigin]:
    """The first date that can be right, by trust; the day of an update where the page shows no other."""
    shown = visible_dates(page, headline_element(page, record["title"]))
    candidates = chain(
        [(DateOrigin.JSON_LD, stated.fields.get("published_at")), (DateOrigin.META, meta.get("published_at"))],
        ((DateOrigin.PAGE, date) for date in islice(shown, _MAX_SHOWN_DATES)),
        [(DateOrigin.URL, url_date(record["url"]))],
        ((DateOrigin.UPDATE, date) for date in islice(shown_updates(page), 1)),
    )
    for origin, value in candidates:
        moment = stated_time(value, now, record["language"])
        if moment is not None:
            return moment, origin
    return None, DateOrigin.NONE


def _absolute(url: str | None, address: str | None) -> str | None:
    try:
        return canonical_url(urljoin(address, url) if address else url) if url else None
    except (ArticleError, ValueError):
        return None
