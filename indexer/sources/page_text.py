"""A page handed over as plain text: menu lines, headline, byline, paragraphs, then comments and related lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from indexer.articles import normalise_line
from indexer.sources.agencies import credited_agencies
from indexer.sources.boilerplate import is_boilerplate
from indexer.sources.byline import Byline, read_byline
from indexer.sources.decoding import MAX_PAGE_BYTES, decode_page
from indexer.sources.items import Reading, article_item
from indexer.sources.page_date import shown_date, stated_time
from indexer.sources.page_furniture import (
    is_date_line,
    is_menu_line,
    is_prose,
    is_tail_heading,
    word_count,
)
from indexer.sources.page_kind import MIN_WORDS
from indexer.sources.page_lines import article_lines
from indexer.sources.source_file import SourceFile
from indexer.types import DateOrigin, Found, Reject

_WRAPPED_LINE_CHARS = 100
_LINES_BELOW = 4
_MAX_CANDIDATES = 6
_HEADLINE_WORDS = 4


def read_page_text(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """The one article of the file, or why there is none."""
    lines = _lines(decode_page(file.read(MAX_PAGE_BYTES)))
    title, byline, date, paragraphs = split_page(lines)
    words = sum(word_count(paragraph) for paragraph in paragraphs)
    if words < MIN_WORDS:
        yield Reject(
            file.name, "page", f"no article found: {words} words of running text, expected at least {MIN_WORDS}"
        )
        return
    record: dict[str, Any] = {
        "title": title,
        "body": "\n\n".join(paragraphs),
        "authors": list(byline.authors) if byline else [],
        "published_at": stated_time(date, how.now),
        "byline": byline.text if byline else None,
        "agencies": credited_agencies(byline.text if byline else "", paragraphs[0]) or None,
    }
    yield article_item(record, file.name, "page", how, partial=True, published_from=DateOrigin.PAGE)


def split_page(lines: list[str]) -> tuple[str, Byline | None, str | None, list[str]]:
    """Headline, byline, date and paragraphs among the lines of a page.

    The headline stands above the first sentence; byline and date above or just below that, where it is a standfirst, or
    the byline closes the text.
    """
    first = next((place for place, line in enumerate(lines) if is_prose(line) and not is_menu_line(line)), len(lines))
    title, above = _headline(lines[:first])
    below = lines[first + 1 : first + 1 + _LINES_BELOW]
    near = [line for line in [*above, *below] if not is_prose(line)]
    byline = next((signed for line in near if (signed := read_byline(line))), None)
    date = next((found for line in near if is_date_line(line) and (found := shown_date(line))), None)
    date = date or next((found for line in near if (found := shown_date(line))), None)
    said = {line for line in below if read_byline(line) and not is_prose(line)}
    paragraphs = article_lines((line for line in lines[first:] if _is_text(line) and line not in said), title)
    if paragraphs[1:] and (closing := read_byline(paragraphs[-1])):
        byline, paragraphs = byline or closing, paragraphs[:-1]
    return title, byline, date, paragraphs


def _is_text(line: str) -> bool:
    """Whether a line below the headline counts: an entry of a menu does not, the heading of a list does."""
    return not is_menu_line(line) or is_tail_heading(line)


def _headline(head: list[str]) -> tuple[str, list[str]]:
    """The headline among the lines above the text, and the lines below it, nearest to the text first.

    Of the lines that can be one, it is the nearest that the dump repeats, as a page's title does; else the nearest of four
    words or more, for a label ("Middle East") is shorter; else the nearest.
    """
    below: list[tuple[int, str]] = []
    candidates: list[int] = []
    for place in reversed(range(len(head))):
        line = head[place]
        if is_date_line(line) or read_byline(line) or is_boilerplate(line):
            below.append((place, line))
        elif not is_menu_line(line) and not is_tail_heading(line) and len(candidates) < _MAX_CANDIDATES:
            candidates.append(place)
    repeated = (place for place in candidates if any(_repeats(line, head[place]) for line in head[:place]))
    long = (place for place in candidates if word_count(head[place]) >= _HEADLINE_WORDS)
    chosen = next(chain(repeated, long, candidates), None)
    if chosen is None:
        return "", [line for _, line in below]
    labels = [(place, head[place]) for place in candidates if place > chosen]
    return head[chosen], [line for place, line in sorted([*below, *labels], reverse=True) if place > chosen]


def _repeats(line: str, headline: str) -> bool:
    """Whether a line is the headline, alone or with the name of the site after it."""
    return word_count(headline) >= _HEADLINE_WORDS and line.startswith(headline)


def _lines(text: str) -> list[str]:
    """One paragraph or label each; lines that were wrapped to a width are joined again."""
    blocks = [[line.strip() for line in block.splitlines() if line.strip()] for block in re.split(r"\n\s*\n", text)]
    lines: list[str] = []
    for block in blocks:
        wrapped = len(block) > 1 and len(blocks) > 1 and all(len(line) <= _WRAPPED_LINE_CHARS for line in block)
        long_enough = sum(len(line) for line in block[:-1]) >= 50 * (len(block) - 1)
        lines += [" ".join(block)] if wrapped and long_enough else block
    return [line for line in map(normalise_line, lines) if line]
