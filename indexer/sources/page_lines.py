"""Which lines of a page, in their order, are its article's text. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from indexer.articles import normalise_line
from indexer.sources.boilerplate import is_boilerplate
from indexer.sources.byline import read_byline
from indexer.sources.page_furniture import is_date_line, is_entry_time, is_prose, is_tail_heading, sentences_after_box


def article_lines(lines: Iterable[str], title: str) -> list[str]:
    """The lines without what the page repeats at the article's head, the boxes within it, and its tail."""
    kept: list[str] = []
    rest = [line for line in map(normalise_line, lines) if line and line != title]
    prose_left = sum(map(is_prose, rest))
    begun = False
    for line in rest:
        prose_left -= is_prose(line)
        if is_tail_heading(line):
            if begun and (is_tail_heading(line, certain=True) or prose_left < sentences_after_box(line)):
                break
            continue
        if is_date_line(line) or is_entry_time(line) or is_boilerplate(line) or (not begun and read_byline(line)):
            continue
        begun = begun or is_prose(line)
        kept.append(line)
    while begun and not is_prose(kept[0]) and len(kept[0].split()) < 4:
        kept.pop(0)
    return kept
