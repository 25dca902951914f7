"""A page's headline."""

from __future__ import annotations

import re
from itertools import chain, islice

from lxml.html import HtmlElement

from indexer.sources.markup import element_text, letters
from indexer.sources.page_furniture import DATE_IN_TEXT

_MARK = r"(?:\s+[|\u2013\u2014\u00b7\u00bb\u2022:_-]+\s+|\s*[|\u00bb_]\s*)"
_SEGMENTS = re.compile(_MARK)
_SUFFIX = re.compile(rf"{_MARK}[^|\u2013\u2014\u00b7\u00bb]{{2,60}}$")
_WORDS = re.compile(r"\w+|[\u3040-\u9fff]")
_POSTED = re.compile(r"\s+(?:posted|published|veröffentlicht|publié|publicado)\b.{0,60}$", re.IGNORECASE)
_MAX_HEADINGS = 30
_MAX_SEARCHED = 500
_MAX_SEGMENTS = 20
_LONG_WORDS = 3
"""A heading of so many words is a headline rather than a section's name."""


def page_title(
    page: HtmlElement, stated: str | None, meta: str | None, site: str | None, url: str | None = None
) -> str:
    """The headline: JSON-LD's, the h1, og:title or the title element, whichever first agrees with another of them.

    Site names, sections and menus stand in an h1 too; a headline is repeated in the page's head. An h1 that repeats
    og:title to the letter beats JSON-LD, whose headline is now and then one for search engines.
    """
    element = page.find(".//title")
    names = tuple(name for name in (letters(site or ""), letters(_host(url))) if name)
    stated, meta = (without_site(text, names) if text else None for text in (stated, meta))
    shown = element_text(element) if element is not None else ""
    own = without_site(shown, names)
    firsts = islice(page.iter("h1"), _MAX_HEADINGS)
    headings = [text for h1 in firsts if (text := _heading(h1)) and letters(text) not in names]
    in_head = [text for text in (meta, own) if text]
    if meta and any(letters(meta) == letters(heading) for heading in headings):
        return next(heading for heading in headings if letters(meta) == letters(heading))
    for title in [*([stated] if stated else []), *headings]:
        others = [*in_head, *([] if title in headings else headings)]
        if any(agree(title, other) for other in others):
            return _without_kicker(title, in_head) if title in headings else _shorter_heading(title, headings)
    if stated:
        return stated
    return _of_head(meta, own, headings)


def _of_head(meta: str | None, own: str, headings: list[str]) -> str:
    """Where nothing agrees: a long og:title, the page's only long h1 if it is on the title's matter, else the longer of both."""
    long_headings = [heading for heading in headings if len(heading.split()) >= _LONG_WORDS]
    if meta and (len(meta.split()) >= _LONG_WORDS or not headings):
        return meta
    if not meta and len(headings) == 1 and long_headings and _share_words(headings[0], own):
        return headings[0]
    head = meta or _without_suffix(own)
    if head and (not headings or len(head.split()) >= min(_LONG_WORDS, 1 + len(headings[0].split()))):
        return head
    return headings[0] if headings else head


def headline_element(page: HtmlElement, title: str) -> HtmlElement | None:
    """The element that shows the headline: the h1 that agrees with it, else another heading, else the first h1."""
    headings = islice(chain(page.iter("h1"), page.iter("h2", "h3")), _MAX_SEARCHED)
    agreeing = (heading for heading in headings if agree(element_text(heading), title))
    return next(agreeing, next(page.iter("h1"), None))


def agree(one: str, other: str) -> bool:
    """Whether two titles are versions of one: one begins with the other, or most words of the shorter, and a fair part of
    the longer, are shared."""
    words, others = (set(_WORDS.findall(text.casefold())) for text in (one, other))
    shared, shorter, longer = len(words & others), *sorted((len(words), len(others)))
    begins = shorter >= _LONG_WORDS and (
        letters(one).startswith(letters(other)) or letters(other).startswith(letters(one))
    )
    return bool(shared) and (begins or (shared >= 0.6 * shorter and shared >= 0.25 * longer))


def _share_words(one: str, other: str) -> bool:
    words, others = ({word for word in _WORDS.findall(text.casefold()) if len(word) > 3} for text in (one, other))
    return len(words & others) > 1


def without_site(title: str, names: tuple[str, ...]) -> str:
    """A title without a first or last segment that is the name of its site or stands in it; `names` as `letters` gives."""
    marks = list(_SEGMENTS.finditer(title))
    if not 0 < len(marks) <= _MAX_SEGMENTS:
        return title.strip()
    for mark in marks:
        if title[: mark.start()] and _is_site(title[mark.end() :], names):
            return without_site(title[: mark.start()], names)
    rest = title[marks[0].end() :].strip()
    return without_site(rest, names) if rest and _is_site(title[: marks[0].start()], names) else title.strip()


def _is_site(segment: str, names: tuple[str, ...]) -> bool:
    own = letters(segment)
    return len(own) >= 3 and any(own in name or (name in own and len(name) >= 0.6 * len(own)) for name in names)


def _without_suffix(title: str) -> str:
    shorter = _SUFFIX.sub("", title)
    return shorter if len(shorter.split()) > 1 else title


def _heading(heading: HtmlElement) -> str:
    """A heading's text without a small date line set within it."""
    text = element_text(heading)
    for small in heading.iter("small", "time"):
        text = text.removesuffix(element_text(small)).strip()
    if posted := _POSTED.search(text):
        text = text[: posted.start()] if DATE_IN_TEXT.search(posted.group()) else text
    return text


def _without_kicker(heading: str, in_head: list[str]) -> str:
    """A heading without the overline printed in it, where the page's head has the headline alone."""
    for title in in_head:
        if len(title.split()) > 1 and heading.endswith(title) and letters(heading) != letters(title):
            return title
    return heading


def _shorter_heading(stated: str, headings: list[str]) -> str:
    """JSON-LD's headline, or the h1 to which it only adds the name of the site."""
    for heading in headings:
        rest = stated.removeprefix(heading)
        if rest != stated and len(heading.split()) > 1 and _SEGMENTS.match(rest):
            return heading
    return stated


def _host(url: str | None) -> str:
    found = re.match(r"https?://(?:www\.)?([^/]+)", url or "")
    return found[1] if found else ""
