"""What a page's head and visible head say of its article, where no JSON-LD does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

from indexer.sources.byline import Byline, read_byline
from indexer.sources.page_furniture import is_date_line, is_prose

_SUFFIX = re.compile(r"\s+[|\u2013\u2014\u00b7\u00bb-]\s+[^|\u2013\u2014\u00b7\u00bb]{2,60}$")
_BYLINE_MARK = re.compile(r"\b(?:byline|author|writer|auteur|autor)", re.IGNORECASE)
_DATE_MARK = re.compile(r"\b(?:date|time|published|posted|dateline)", re.IGNORECASE)
_BYLINE_MAX_CHARS = 150
_BYLINE_TAGS = ("p", "div", "span", "a", "address", "li", "h2", "h3", "h4", "h5", "td", "strong", "em", "i", "b")

_META = {
    "title": ("og:title", "twitter:title"),
    "published_at": (
        "article:published_time",
        "datepublished",
        "date",
        "dc.date",
        "dc.date.issued",
        "pubdate",
        "publish-date",
    ),
    "updated_at": ("article:modified_time", "og:updated_time", "datemodified"),
    "section": ("article:section",),
    "source": ("og:site_name",),
    "image_url": ("og:image",),
    "summary": ("og:description", "description", "twitter:description"),
    "url": ("og:url",),
}


def meta_fields(page: HtmlElement) -> dict[str, Any]:
    """The record fields that meta tags, the canonical link and the html element state."""
    metas: dict[str, list[str]] = {}
    for meta in page.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        content = (meta.get("content") or "").strip()
        if name and content:
            metas.setdefault(name, []).append(content)
    fields: dict[str, Any] = {
        name: next((metas[key][0] for key in keys if key in metas), None) for name, keys in _META.items()
    }
    fields["tags"] = metas.get("article:tag", [])
    canonical = page.xpath("//link[@rel='canonical']/@href")
    fields["url"] = (str(canonical[0]).strip() if canonical else None) or fields["url"]
    fields["language"] = (
        page.get("lang") or page.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    ).strip() or None
    byline = next(
        (read_byline(text, marked=True) for text in metas.get("author", []) + metas.get("article:author", [])), None
    )
    fields["authors"] = list(byline.authors) if byline else []
    return {name: value for name, value in fields.items() if value}


def visible_title(page: HtmlElement, site: str | None) -> str | None:
    """The first h1 with text, else the title element without the site's name."""
    for heading in page.iter("h1"):
        text = " ".join(heading.text_content().split())
        if text and text != site:
            return text
    title = page.find(".//title")
    return without_site(" ".join(title.text_content().split()), site) if title is not None else None


def without_site(title: str, site: str | None) -> str:
    """A title without the name of the site at its end."""
    if site and (cut := re.sub(rf"\s*[|\u2013\u2014\u00b7\u00bb:-]\s*{re.escape(site)}\s*$", "", title)) != title:
        return cut or title
    return _SUFFIX.sub("", title) if site is None else title


def visible_byline(page: HtmlElement) -> Byline | None:
    """The byline that the page shows: in an element marked as one, else the first line that reads as one."""
    for element in page.iter():
        if (
            isinstance(element.tag, str)
            and _is_marked(element, _BYLINE_MARK)
            and element.tag not in ("body", "html", "meta", "link")
        ):
            text = " ".join(element.text_content().split())
            if 0 < len(text) <= _BYLINE_MAX_CHARS and (found := read_byline(text, marked=True)):
                return found
    for element in _head(page):
        if len(element) <= 2 and (found := read_byline(element.text_content())):
            return found
    return None


def _head(page: HtmlElement) -> Iterator[HtmlElement]:
    """The elements between the headline and the first paragraph."""
    heading = next(page.iter("h1"), None)
    for element in page.iter(*_BYLINE_TAGS) if heading is None else _following(heading):
        if len(element) <= 2 and is_prose(" ".join(element.text_content().split())):
            return
        yield element


def _following(heading: HtmlElement) -> Iterator[HtmlElement]:
    for element in heading.xpath("following::*"):
        if element.tag in _BYLINE_TAGS:
            yield element


def visible_date(page: HtmlElement) -> str | None:
    """The date that the page shows near its headline: a time element, else an element that is nothing but a date."""
    for element in page.iter("time"):
        if value := (element.get("datetime") or "").strip():
            return value
    for element in page.iter("time", "p", "div", "span", "td", "li", "small", "em"):
        text = " ".join(element.text_content().split()) if len(element) <= 2 else ""
        if (
            text
            and (is_date_line(text) or (_is_marked(element, _DATE_MARK) and re.search(r"\d{4}", text)))
            and len(text) <= 60
        ):
            return text
    return None


def _is_marked(element: HtmlElement, mark: re.Pattern[str]) -> bool:
    return any(mark.search(element.get(name) or "") for name in ("class", "id", "itemprop", "rel"))
