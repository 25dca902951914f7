"""A page's running text: without its menus, boxes, comments and related lists."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable

import trafilatura
from lxml.html import HtmlElement

from indexer.articles import normalise_line
from indexer.sources.byline import read_byline
from indexer.sources.page_furniture import is_date_line, is_prose, is_tail_heading, word_count

_DROPPED_TAGS = (
    "script",
    "style",
    "noscript",
    "nav",
    "footer",
    "aside",
    "form",
    "iframe",
    "figure",
    "button",
    "svg",
    "template",
)
_DROPPED_MARK = re.compile(
    r"(?:^|[\s_-])(?:comments?|disqus|related|recommend\w*|share|sharing|social|newsletter|subscribe|promo|advert\w*|sponsor\w*|"
    r"breadcrumbs?|sidebar|menu|navbar|cookie|popular|most-?read|trending|tags|footer|byline|author|caption|read-?more|read-?also)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HEADINGS = ("h2", "h3", "h4", "h5", "h6", "strong", "b", "p", "div", "span", "li", "dt", "legend", "summary")
_HEADING_MAX_CHARS = 60
_SHARE_OF_PAGE = 0.5
"""A marked element that holds more than this share of the page's words is the article, whatever its class says."""


_ENOUGH = 0.5
"""An attempt that finds at least this share of the longest attempt's words is complete."""


def page_paragraphs(page: HtmlElement, title: str) -> list[str]:
    """The article's paragraphs in order; empty when the page has no running text.

    The page without its furniture is read first. Where that leaves much less than the whole page has, the
    furniture held the article, and the whole page is read.
    """
    pruned = copy.deepcopy(page)
    _prune(pruned)
    _cut_tails(pruned)
    attempts: tuple[tuple[HtmlElement, dict[str, bool]], ...] = (
        (pruned, {"favor_precision": True}),
        (page, {"favor_precision": True}),
        (page, {}),
    )
    found = [_article_lines(_extracted(tree, options), title) for tree, options in attempts]
    sizes = [word_count(" ".join(lines)) for lines in found]
    chosen = next(place for place, size in enumerate(sizes) if size >= _ENOUGH * max(sizes))
    if chosen == 0 and found[0]:
        return _whole_paragraphs(pruned, found[0], title)
    return found[chosen] or _article_lines((p.text_content() for p in page.iter("p")), title)


def _extracted(tree: HtmlElement, options: dict[str, bool]) -> list[str]:
    text = trafilatura.extract(
        copy.deepcopy(tree), include_comments=False, include_tables=False, with_metadata=False, **options
    )
    return (text or "").split("\n")


def _prune(tree: HtmlElement) -> None:
    total = max(1, len(tree.text_content().split()))
    for element in list(tree.iter()):
        if not isinstance(element.tag, str) or element.tag in ("html", "body", "head", "article", "main"):
            continue
        marks = f"{element.get('class') or ''} {element.get('id') or ''}"
        marked = _DROPPED_MARK.search(marks) and len(element.text_content().split()) < total * _SHARE_OF_PAGE
        if element.tag in _DROPPED_TAGS or marked:
            element.drop_tree()


def _cut_tails(tree: HtmlElement) -> None:
    """Remove each heading such as "Related News" and what follows it within its block, once the article has begun."""
    for element in list(tree.iter(*_HEADINGS)):
        if element.getparent() is None:
            continue
        text = " ".join(element.text_content().split())
        if len(text) <= _HEADING_MAX_CHARS and is_tail_heading(text) and _prose_before(element):
            for later in [element, *element.itersiblings()]:
                parent = later.getparent()
                if parent is not None and not _holds_article(later):
                    parent.remove(later)


def _prose_before(element: HtmlElement) -> bool:
    return any(
        is_prose(" ".join(text.split())) for text in element.xpath("preceding::text()[string-length() > 60]")[-40:]
    )


def _holds_article(element: HtmlElement) -> bool:
    return (
        isinstance(element.tag, str)
        and sum(is_prose(" ".join(p.text_content().split())) for p in element.iter("p")) >= 3
    )


def _article_lines(lines: Iterable[str], title: str) -> list[str]:
    """The lines without what the page repeats at the article's head, and without its tail."""
    kept: list[str] = []
    for line in map(normalise_line, lines):
        if not line or line == title:
            continue
        if kept and is_tail_heading(line):
            break
        if is_date_line(line) or is_tail_heading(line) or (read_byline(line) and not any(map(is_prose, kept))):
            continue
        kept.append(line)
    while kept and not is_prose(kept[0]) and any(map(is_prose, kept)) and len(kept[0].split()) < 4:
        kept.pop(0)
    return kept


def _whole_paragraphs(tree: HtmlElement, extracted: list[str], title: str) -> list[str]:
    """The paragraphs of the block that the extracted text stands in, when it holds all of them.

    Extractors join, split and drop short paragraphs, and lose the half-space of Persian; the page's own p elements do not.
    """
    wanted = {_letters(line) for line in extracted}
    elements = {p: _letters(p.text_content()) for p in tree.iter("p")}
    blocks = [p.getparent() for p, letters in elements.items() if letters in wanted]
    if not blocks:
        return extracted
    own = _article_lines((p.text_content() for p in max(set(blocks), key=blocks.count).findall("p")), title)
    found = {_letters(line) for line in own}
    missing = [letters for letters in wanted & set(elements.values()) if letters not in found]
    return own if not missing and len(own) >= len(extracted) - 1 else extracted


def _letters(text: str) -> str:
    return "".join(character for character in normalise_line(text) if character.isalnum())
