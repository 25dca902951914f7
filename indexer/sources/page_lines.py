"""Which lines of a page, in their order, are its article's text. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from indexer.articles import normalise_line
from indexer.sources.byline import read_byline
from indexer.sources.page_furniture import is_boilerplate, is_date_line, is_prose, is_tail_heading, sentences_after_box


def article_lines(lines: Iterable[str], title: str) -> list[str]:
    """The lines without what the page repeats at the article's head, the boxes within it, and its tail."""
    kept: list[str] = []
    rest = [line for line in map(normalise_line, lines) if line and line != title]
    begun = False
    for place, line in enumerate(rest):
        if is_tail_heading(line):
            prose_after = sum(map(is_prose, rest[place + 1 :]))
            if begun and (is_tail_heading(line, certain=True) or prose_after < sentences_after_box(line)):
                break
            continue
        if is_date_line(line) or is_boilerplate(line) or (not begun and read_byline(line)):
            continue
        begun = begun or is_prose(line)
        kept.append(line)
    while begun and not is_prose(kept[0]) and len(kept[0].split()) < 4:
        kept.pop(0)
    return kept
