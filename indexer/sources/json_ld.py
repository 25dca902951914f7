"""What a page's JSON-LD says of its article (schema.org NewsArticle and its kin)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from lxml.html import HtmlElement

from indexer.sources.byline import is_person

_ARTICLE_TYPES = frozenset(
    {
        "Article",
        "NewsArticle",
        "AdvertiserContentArticle",
        "AnalysisNewsArticle",
        "AskPublicNewsArticle",
        "BackgroundNewsArticle",
        "OpinionNewsArticle",
        "ReportageNewsArticle",
        "ReviewNewsArticle",
        "BlogPosting",
        "LiveBlogPosting",
        "SocialMediaPosting",
        "Report",
        "SpeechArticle",
    }
)

MAX_DEPTH = 12
MAX_NAMED = 10_000

_PAGE_TYPES = frozenset({"WebPage", "ItemPage"})
_PAGE_FIELDS = ("published_at", "updated_at", "language")
_WRAPPING = re.compile(r"^(?:\s|//|/\*|\*/|<!--|<!\[CDATA\[)+|(?:\s|;|//|/\*|\*/|-->|\]\]>)+$")
"""What old templates put around the JSON of a script."""


@dataclass(frozen=True, slots=True)
class JsonLd:
    """A page's JSON-LD.

    `fields` are record fields: those of the first article node, without one the dates and the language of a page node.
    `node` is that article node, empty without one; `newsroom` names the organisations that stand as its authors.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    node: dict[str, Any] = field(default_factory=dict)
    newsroom: tuple[str, ...] = ()

    @property
    def is_paid(self) -> bool:
        """Whether the article is said not to be free."""
        return str(self.node.get("isAccessibleForFree")).lower() in ("false", "http://schema.org/false")


def read_json_ld(page: HtmlElement) -> JsonLd:
    """All that the page's JSON-LD scripts state of its article."""
    values = list(_values(page))
    named: dict[str, dict[str, Any]] = {}
    of_page: dict[str, Any] = {}
    for node in (node for value in values for node in _nodes(value, 0)):
        if len(named) < MAX_NAMED and isinstance(node.get("@id"), str):
            named.setdefault(node["@id"], node)
    for node in (node for value in values for node in _nodes(value, 0)):
        types = set(_texts(node.get("@type")))
        if _ARTICLE_TYPES & types:
            people = list(_authors(node.get("author") or node.get("creator"), named))
            fields = _fields(node) | {"authors": [name for name, person in people if person]}
            newsroom = tuple(name for name, person in people if not person)
            return JsonLd({name: value for name, value in fields.items() if value}, node, newsroom)
        if _PAGE_TYPES & types:
            fields = _fields(node)
            of_page |= {name: fields[name] for name in _PAGE_FIELDS if fields[name]}
    return JsonLd(of_page)


def _values(page: HtmlElement) -> Iterator[Any]:
    for script in page.iter("script"):
        if (script.get("type") or "").partition(";")[0].strip().lower() != "application/ld+json":
            continue
        try:
            yield json.loads(_WRAPPING.sub("", script.text_content()), strict=False)
        except (ValueError, RecursionError):
            continue


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
        "section": _first(node.get("articleSection")),
        "tags": _keywords(node.get("keywords")),
        "image_url": _first(node.get("image"), "url"),
        "language": _first(node.get("inLanguage"), "alternateName"),
        "source": _first(node.get("publisher"), "name"),
        "summary": _first(node.get("description")),
        "url": _first(node.get("mainEntityOfPage"), "@id") or _first(node.get("url")),
    }


def _authors(value: Any, named: dict[str, dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """(name, whether a person's) of each author; an author that is only an `@id` is looked up among the page's nodes."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict) and "name" not in item and isinstance(item.get("@id"), str):
            item = named.get(item["@id"], item)
        types = " ".join(_texts(item.get("@type"))) if isinstance(item, dict) else ""
        for text in _texts(item.get("name") if isinstance(item, dict) else item):
            name = " ".join(unescape(text).split())
            if name:
                yield name, "Organization" not in types and is_person(name, stated="Person" in types)


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
