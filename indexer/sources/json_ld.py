"""What a page's JSON-LD says of its article (schema.org NewsArticle and its kin)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from typing import Any

from lxml.html import HtmlElement

from indexer.sources.byline import is_person

_ARTICLE_TYPES = frozenset(
    {
        "Article",
        "NewsArticle",
        "AnalysisNewsArticle",
        "AskPublicNewsArticle",
        "BackgroundNewsArticle",
        "OpinionNewsArticle",
        "ReportageNewsArticle",
        "ReviewNewsArticle",
        "BlogPosting",
        "LiveBlogPosting",
        "Report",
        "SpeechArticle",
    }
)

MAX_DEPTH = 12


_PAGE_TYPES = frozenset({"WebPage", "ItemPage"})
_PAGE_FIELDS = ("published_at", "updated_at", "language")


def json_ld_fields(page: HtmlElement) -> dict[str, Any]:
    """The record fields that the first article node of the page states; without one, a page node's dates."""
    of_page: dict[str, Any] = {}
    for script in page.iter("script"):
        if (script.get("type") or "").partition(";")[0].strip().lower() != "application/ld+json":
            continue
        try:
            value = json.loads(script.text_content().strip().strip(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        for node in _nodes(value, 0):
            if _ARTICLE_TYPES & set(_texts(node.get("@type"))):
                return {name: value for name, value in _fields(node).items() if value}
            if _PAGE_TYPES & set(_texts(node.get("@type"))):
                fields = _fields(node)
                of_page |= {name: fields[name] for name in _PAGE_FIELDS if fields[name]}
    return of_page


def _nodes(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for name in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement"):
            yield from _nodes(value.get(name), depth + 1)


def _fields(node: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": _first(node.get("headline")) or _first(node.get("name")),
        "published_at": _first(node.get("datePublished")),
        "updated_at": _first(node.get("dateModified")),
        "authors": list(_authors(node.get("author"))),
        "section": _first(node.get("articleSection")),
        "tags": _keywords(node.get("keywords")),
        "image_url": _first(node.get("image"), "url"),
        "language": _first(node.get("inLanguage"), "alternateName"),
        "source": _first(node.get("publisher"), "name"),
        "summary": _first(node.get("description")),
        "url": _first(node.get("mainEntityOfPage"), "@id") or _first(node.get("url")),
    }


def _authors(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        name = item.get("name") if isinstance(item, dict) else item
        organisation = isinstance(item, dict) and "Organization" in " ".join(_texts(item.get("@type")))
        for text in _texts(name):
            if not organisation and is_person(text):
                yield text


def _keywords(value: Any) -> list[str]:
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return _texts(value)


def _first(value: Any, name: str = "name") -> str | None:
    if isinstance(value, list):
        return next((found for item in value if (found := _first(item, name))), None)
    if isinstance(value, dict):
        return _first(value.get(name))
    return unescape(value).strip() or None if isinstance(value, str) else None


def _texts(value: Any) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str) and item]
