"""What a page's head and visible head say of its article, where no JSON-LD does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from lxml.html import HtmlElement

from indexer.sources.byline import Byline, read_byline
from indexer.sources.markup import element_text
from indexer.sources.page_furniture import is_prose

_SUFFIX = re.compile(r"\s+[|\u2013\u2014\u00b7\u00bb-]\s+[^|\u2013\u2014\u00b7\u00bb]{2,60}$")
_BYLINE_MARK = re.compile(r"\b(?:byline|author|writer|auteur|autor)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"comment|related|sidebar|teaser|promo|recommend|popular|trending", re.IGNORECASE)
_NOT_SHOWN = frozenset({"html", "body", "head", "meta", "link", "script", "style"})
_BYLINE_MAX_CHARS = 150
_BYLINE_TAGS = ("p", "div", "span", "a", "address", "li", "h2", "h3", "h4", "h5", "td", "strong", "em", "i", "b")

_META = {
    "title": ("og:title", "twitter:title", "parsely-title", "dc.title", "dcterms.title"),
    "published_at": (
        "article:published_time",
        "article:published",
        "datepublished",
        "date",
        "dc.date",
        "dc.date.issued",
        "dcterms.date",
        "dcterms.issued",
        "dcterms.created",
        "pubdate",
        "publishdate",
        "publish-date",
        "publish_date",
        "publication_date",
        "parsely-pub-date",
        "sailthru.date",
        "cxenseparse:recs:publishtime",
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
        names = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        content = unescape((meta.get("content") or "").strip())
        for name in names.split() if content else ():
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
        (
            read_byline(text, marked=True)
            for text in [*metas.get("author", []), *metas.get("article:author", []), *metas.get("parsely-author", [])]
        ),
        None,
    )
    fields["authors"] = list(byline.authors) if byline else []
    return {name: value for name, value in fields.items() if value}


def is_stated_article(page: HtmlElement) -> bool:
    """Whether the page's head calls it an article."""
    return bool(page.xpath("boolean(//meta[@property='og:type' and contains(@content, 'article')])"))


def page_title(page: HtmlElement, stated: str | None, meta: str | None, site: str | None) -> str:
    """The headline: JSON-LD's, the h1, og:title or the title element, whichever first agrees with another of them.

    Site names, sections and menus stand in an h1 too; a headline is repeated in the page's head.
    """
    element = page.find(".//title")
    in_head = [text for text in (meta, element_text(element) if element is not None else None) if text]
    headings = [text for h1 in page.iter("h1") if (text := _without_date(h1)) and text != site]
    for title in [*([stated] if stated else []), *headings]:
        if any(agree(title, other) for other in [*in_head, *([] if title in headings else headings)]):
            return title
    if stated:
        return stated
    if in_head and (len(in_head[0].split()) >= 3 or not headings):
        return without_site(in_head[0], site)
    return headings[0] if headings else without_site(in_head[0], site) if in_head else ""


def headline_element(page: HtmlElement, title: str) -> HtmlElement | None:
    """The element that shows the headline: the h1 that agrees with it, else another heading, else the first h1."""
    headings = [*page.iter("h1"), *page.iter("h2", "h3")]
    agreeing = (heading for heading in headings if agree(element_text(heading), title))
    return next(agreeing, next(page.iter("h1"), None))


def agree(one: str, other: str) -> bool:
    """Whether two titles are versions of one: most words of the shorter, and a fair part of the longer, are shared."""
    words, others = (set(re.findall(r"\w+|[\u3040-\u9fff]", text.casefold())) for text in (one, other))
    shared, shorter, longer = len(words & others), *sorted((len(words), len(others)))
    return bool(shared) and shared >= 0.6 * shorter and shared >= 0.25 * longer


def _without_date(heading: HtmlElement) -> str:
    """A heading's text without a small date line set within it."""
    text = element_text(heading)
    for small in heading.iter("small", "time"):
        text = text.removesuffix(element_text(small)).strip()
    return text


def without_site(title: str, site: str | None) -> str:
    """A title without the name of the site at its end or its start."""
    if site:
        name, mark = re.escape(site), "[|\u2013\u2014\u00b7\u00bb:-]"
        return re.sub(rf"\s*{mark}\s*{name}\s*$|^{name}\s*{mark}\s+", "", title) or title
    return _SUFFIX.sub("", title)


def visible_byline(page: HtmlElement) -> Byline | None:
    """The byline that the page shows: in an element marked as one, else the first line that reads as one."""
    for element in page.iter():
        if not isinstance(element.tag, str) or element.tag in _NOT_SHOWN or not _is_marked(element, _BYLINE_MARK):
            continue
        if any(_is_marked(holder, _ELSEWHERE) for holder in [element, *element.iterancestors()]):
            continue
        text = element_text(element)
        if 0 < len(text) <= _BYLINE_MAX_CHARS and (found := read_byline(text, marked=True)):
            return found
    for element in _head(page):
        if len(element) <= 2 and (found := read_byline(element_text(element))):
            return found
    return None


def _head(page: HtmlElement) -> Iterator[HtmlElement]:
    """The elements between the headline and the first paragraph."""
    heading = next(page.iter("h1"), None)
    for element in page.iter(*_BYLINE_TAGS) if heading is None else _following(heading):
        if len(element) <= 2 and is_prose(element_text(element)):
            return
        yield element


def _following(heading: HtmlElement) -> Iterator[HtmlElement]:
    for element in heading.xpath("following::*"):
        if element.tag in _BYLINE_TAGS:
            yield element


def _is_marked(element: HtmlElement, mark: re.Pattern[str]) -> bool:
    return any(mark.search(element.get(name) or "") for name in ("class", "id", "itemprop", "rel"))
