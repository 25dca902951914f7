"""A page's running text: trafilatura's, with the paragraphs it drops put back and the page's furniture left out."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator

import trafilatura
from lxml import etree
from lxml.html import HtmlElement

from indexer.articles import normalise_line
from indexer.sources.boilerplate import is_boilerplate
from indexer.sources.markup import element_lines, element_text, has_blocks, link_share
from indexer.sources.page_furniture import is_prose, word_count
from indexer.sources.page_lines import article_lines
from indexer.sources.page_pruning import without_boxes, without_details
from indexer.sources.page_title import headline_element

_ENOUGH = 0.6
"""An attempt that finds at least this share of the longest attempt's words is complete."""

_BLOCKS = frozenset({"p", "head", "item", "list", "quote", "code", "table", "row", "cell", "body", "div"})
_MAX_STANDFIRST = 2
_LONG_LINE = 40
_STANDFIRST_WORDS = 8
_STANDFIRST_MARK = re.compile(
    r"(?:^|[\s_-])(?:teaser-?text|intro(?:-?text)?|lead(?:-?text)?|lede|standfirst|sub-?title|sub-?heading|dek|deck|chapo|"
    r"sottotitolo|bajada|copete|vorspann|description)(?:$|[\s_-])",
    re.IGNORECASE,
)
_STANDFIRST_TAGS = ("p", "div", "h2", "h3")


def page_paragraphs(page: HtmlElement, title: str) -> list[str]:
    """The article's paragraphs in order; empty when the page has no running text.

    The page without any furniture is read first. Where that leaves much less than the page without boxes has, a
    detail held the article; where nothing is left, the whole page is read.
    """
    unboxed = without_boxes(page)
    bare = without_details(unboxed)
    attempts = ((bare, True), (unboxed, True), (unboxed, False))
    found: list[list[str]] = []
    most = word_count(element_text(unboxed))
    for tree, precise in attempts:
        found.append(article_lines(_extracted(tree, precise), title))
        if _words(found[-1]) >= _ENOUGH * most and any(map(is_prose, found[-1])):
            break
    if not any(is_prose(line) for lines in found for line in lines):
        return article_lines(_extracted(page, False), title)
    sizes = [_words(lines) for lines in found]
    chosen = next(place for place, size in enumerate(sizes) if size >= _ENOUGH * max(sizes))
    tree = attempts[chosen][0]
    lines = _restored(found[chosen], _block_paragraphs(tree, found[chosen], title))
    headed = next((tree for tree in (bare, unboxed) if headline_element(tree, title) is not None), page)
    return _standfirst(headed, title, lines) + lines


def _words(lines: list[str]) -> int:
    return word_count(" ".join(lines))


def _extracted(tree: HtmlElement, precise: bool) -> list[str]:
    document = trafilatura.bare_extraction(
        copy.deepcopy(tree), include_comments=False, include_tables=True, with_metadata=False, favor_precision=precise
    )
    body = getattr(document, "body", None)
    return list(_block_texts(body)) if body is not None else []


def _block_texts(element: etree._Element) -> Iterator[str]:
    """The texts of trafilatura's blocks; a table row without running text is one line."""
    if element.tag == "row":
        cells = [normalise_line(" ".join(str(text) for text in cell.itertext())) for cell in element]
        if not any(map(is_prose, cells)):
            yield " | ".join(cell for cell in cells if cell)
            return
    text = element.text or ""
    for child in element:
        if child.tag in _BLOCKS:
            yield text
            yield from _block_texts(child)
            text = ""
        elif child.tag == "lb":
            text += " "
        elif isinstance(child.tag, str):
            text += "".join(str(piece) for piece in child.itertext())
        text += child.tail or ""
    yield text


def _block_paragraphs(tree: HtmlElement, extracted: list[str], title: str) -> list[str]:
    """The paragraphs of the block in which most of the extracted text stands."""
    texts = set(map(_letters, extracted))
    holders = [p.getparent() for p in tree.iter("p") if texts.intersection(map(_letters, element_lines(p)))]
    if not holders:
        return []
    block = max(holders, key=holders.count)
    blocks = [element for element in tree.iter(block.tag) if element is block or _alike(element, block)]
    paragraphs = [p for one in blocks for p in _own_paragraphs(one) if link_share(p) < (0.9 if one is block else 0.3)]
    return article_lines((line for p in paragraphs for line in element_lines(p)), title)


def _own_paragraphs(block: HtmlElement) -> Iterator[HtmlElement]:
    """Its children that are paragraphs, also those set as a div of running text, and list items of it."""
    for child in block.iterchildren("p", "div", "ul", "ol"):
        if child.tag in ("ul", "ol"):
            items = (item for item in child.iterchildren("li") if not has_blocks(item) and link_share(item) < 0.3)
            yield from (item for item in items if is_prose(element_text(item)))
        elif child.tag == "p" or (not has_blocks(child) and is_prose(element_text(child))):
            yield child


def _alike(element: HtmlElement, block: HtmlElement) -> bool:
    """Whether a page sets two elements alike, as a page builder does with the sections of one text."""
    pairs = ((element, block), (element.getparent(), block.getparent()))
    same = all(
        one is not None and other is not None and (one.tag, one.get("class")) == (other.tag, other.get("class"))
        for one, other in pairs
    )
    return same and bool(block.get("class")) and link_share(element) < 0.2


def _restored(extracted: list[str], own: list[str]) -> list[str]:
    """The extracted lines with the page's own paragraphs for those that the extractor dropped, split or joined."""
    room = [len(text) for text in own]
    letters, words = [_letters(text) for text in own], [set(text.split()) for text in own]
    lines: list[str] = []
    done = 0
    for line in extracted:
        place = _place(line, own, room, letters, words)
        if place is None:
            lines.append(line)
            continue
        room[place] -= len(line)
        lines += own[done : place + 1]
        done = max(done, place + 1)
    return lines + [line for line in own[done:] if is_prose(line)]


def _place(line: str, own: list[str], room: list[int], letters: list[str], words: list[set[str]]) -> int | None:
    """Which of the page's paragraphs the line is, is part of, or joins; each takes no more than its own length.

    Compared by letters: trafilatura loses the half-space of Persian. `letters` and `words` are those of `own`.
    """
    wanted, said = _letters(line), set(line.split())
    long_enough = len(line.split()) >= 8
    for place in range(len(own)):
        if room[place] < len(line) * 0.8:
            continue
        if wanted in letters[place] or (long_enough and len(said & words[place]) >= 0.9 * len(said)):
            return place
    joined = [place for place, text in enumerate(own) if room[place] == len(text) and is_prose(text)]
    return next((place for place in reversed(joined) if letters[place] in wanted), None)


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _standfirst(page: HtmlElement, title: str, lines: list[str]) -> list[str]:
    """Sentences that the page sets between its headline and the body, where extraction left them out."""
    heading = headline_element(page, title)
    if heading is None:
        return []
    found: list[str] = []
    body = "\n".join(lines)
    for element in heading.xpath("following::*"):
        text = element_text(element) if element.tag in _STANDFIRST_TAGS and not has_blocks(element) else ""
        if not text:
            continue
        if text in lines or (text in body and len(text) >= _LONG_LINE):
            return found[:_MAX_STANDFIRST]
        if _is_standfirst(element, text) and link_share(element) < 0.3 and not is_boilerplate(text):
            found.append(text)
    return []


def _is_standfirst(element: HtmlElement, text: str) -> bool:
    """Whether a text is running text, or the page marks it as a standfirst, which may lack its full stop."""
    holders = (element, element.getparent())
    marked = any(holder is not None and _STANDFIRST_MARK.search(holder.get("class") or "") for holder in holders)
    return is_prose(text) or (marked and word_count(text) >= _STANDFIRST_WORDS)
