"""The byline that a page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from indexer.sources.byline import Byline, is_person, read_byline, without_lead
from indexer.sources.markup import element_text
from indexer.sources.page_furniture import is_prose

_MARK = re.compile(r"(?:\b|_)(?:byline|author|writer|auteur|autor)", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"comment|related|sidebar|teaser|promo|recommend|popular|trending|snippet|most-|latest|newsletter|widget|footnote",
    re.IGNORECASE,
)
_AUTHOR_LINK = re.compile(r"/(?:authors?|auteurs?|autor(?:en|es)?|reporters?|writers?|profil)/", re.IGNORECASE)
_NOT_SHOWN = frozenset({"html", "body", "head", "meta", "link", "script", "style"})
_MAX_CHARS = 150
_TAGS = ("p", "div", "span", "a", "address", "li", "h2", "h3", "h4", "h5", "td", "strong", "em", "i", "b")


def visible_byline(page: HtmlElement) -> Byline | None:
    """The byline that the page shows: in an element marked as one, else the first line that reads as one.

    Of the marked ones, the first below the headline, for columnists are praised above it; else the first.
    """
    first, below = None, False
    for element in page.iter():
        below = below or element.tag == "h1"
        if not isinstance(element.tag, str) or element.tag in _NOT_SHOWN or not _is_marked(element, _MARK):
            continue
        if (first is None or below) and (found := _marked_byline(element)):
            if below:
                return found
            first = found
    if first:
        return first
    for element in _head(page):
        if len(element) <= 2 and (found := read_byline(element_text(element))):
            return found
    return None


def _marked_byline(element: HtmlElement) -> Byline | None:
    text = element_text(element)
    if not 0 < len(text) <= _MAX_CHARS:
        return None
    holders = [element, *element.iterancestors()]
    if any(_is_marked(holder, _ELSEWHERE) for holder in holders if holder.tag != "body"):
        return None
    return _linked(element, text) or read_byline(text, marked=True)


def _linked(element: HtmlElement, text: str) -> Byline | None:
    """The byline of an element in which each author is a link or is marked up as a name."""
    named = [inner for inner in element.iter() if isinstance(inner.tag, str) and _names_author(inner)]
    names = [without_lead(element_text(inner)).partition(",")[0] for inner in named]
    persons = tuple(dict.fromkeys(name for name in names if is_person(name, stated=True)))
    byline = read_byline(text, marked=True)
    if not persons or (byline and len(byline.authors) > len(persons)):
        return None
    return Byline(byline.text if byline else ", ".join(persons), persons)


def _names_author(element: HtmlElement) -> bool:
    if element.get("itemprop") == "author":
        return not any(
            inner.get("itemprop") == "name" for inner in element.iterdescendants() if isinstance(inner.tag, str)
        )
    by_class = element.get("itemprop") == "name" or bool(
        {"fn", "author-name"} & set((element.get("class") or "").split())
    )
    return (
        "author" in (element.get("rel") or "").split()
        or by_class
        or bool(_AUTHOR_LINK.search(element.get("href") or ""))
    )


def _head(page: HtmlElement) -> Iterator[HtmlElement]:
    """The elements between the headline and the first paragraph."""
    heading = next(page.iter("h1"), None)
    for element in page.iter(*_TAGS) if heading is None else _following(heading):
        if len(element) <= 2 and is_prose(element_text(element)):
            return
        yield element


def _following(heading: HtmlElement) -> Iterator[HtmlElement]:
    for element in heading.xpath("following::*"):
        if element.tag in _TAGS:
            yield element


def _is_marked(element: HtmlElement, mark: re.Pattern[str]) -> bool:
    return any(mark.search(element.get(name) or "") for name in ("class", "id", "itemprop", "rel"))
