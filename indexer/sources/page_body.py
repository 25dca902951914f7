"""A page's running text: trafilatura's, with the paragraphs it drops put back and the page's furniture left out."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import trafilatura
from lxml import etree
from lxml.html import HtmlElement

from indexer.articles import normalise_line
from indexer.sources.markup import element_lines, element_text, has_blocks, link_share
from indexer.sources.page_furniture import is_boilerplate, is_prose, word_count
from indexer.sources.page_lines import article_lines
from indexer.sources.page_metadata import headline_element
from indexer.sources.page_pruning import without_boxes, without_details

_ENOUGH = 0.6
"""An attempt that finds at least this share of the longest attempt's words is complete."""

_BLOCKS = frozenset({"p", "head", "item", "list", "quote", "code", "table", "row", "cell", "body", "div"})
_MAX_STANDFIRST = 2
_STANDFIRST_TAGS = ("p", "div", "h2", "h3")


def page_paragraphs(page: HtmlElement, title: str) -> list[str]:
    """The article's paragraphs in order; empty when the page has no running text.

    The page without any furniture is read first. Where that leaves much less than the page without boxes has, a
    detail held the article; where nothing is left, the whole page is read.
    """
    unboxed = without_boxes(page)
    bare = without_details(unboxed)
    attempts = ((bare, True), (unboxed, True), (unboxed, False))
    found = [article_lines(_extracted(tree, precise), title) for tree, precise in attempts]
    if not any(is_prose(line) for lines in found for line in lines):
        return article_lines(_extracted(page, False), title)
    sizes = [word_count(" ".join(lines)) for lines in found]
    chosen = next(place for place, size in enumerate(sizes) if size >= _ENOUGH * max(sizes))
    tree = attempts[chosen][0]
    lines = _restored(found[chosen], _block_paragraphs(tree, found[chosen], title))
    return _standfirst(bare, title, lines) + lines


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
    paragraphs = [p for p in block.iterchildren("p") if link_share(p) < 0.9]
    return article_lines((line for p in paragraphs for line in element_lines(p)), title)


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
        if text in body:
            return found[:_MAX_STANDFIRST]
        if is_prose(text) and link_share(element) < 0.3 and not is_boilerplate(text):
            found.append(text)
    return []
