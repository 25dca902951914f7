"""A page handed over as plain text: menu lines, headline, byline, paragraphs, then comments and related lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from indexer.articles import article_from_record, normalise_line
from indexer.errors import ArticleError
from indexer.sources.byline import Byline, read_byline
from indexer.sources.decoding import MAX_PAGE_BYTES, decode_page
from indexer.sources.page_date import shown_date, stated_time
from indexer.sources.page_furniture import (
    is_boilerplate,
    is_date_line,
    is_menu_line,
    is_prose,
    is_tail_heading,
    word_count,
)
from indexer.sources.page_kind import MIN_WORDS
from indexer.sources.page_lines import article_lines
from indexer.types import DateOrigin, Found, Reject

_WRAPPED_LINE_CHARS = 100


def read_page_text(path: Path, *, now: datetime) -> Iterator[Found | Reject]:
    """The one article of the file, or why there is none."""
    if path.stat().st_size > MAX_PAGE_BYTES:
        yield Reject(
            str(path), "file", f"has {path.stat().st_size:,} bytes; the limit for one page is {MAX_PAGE_BYTES:,}"
        )
        return
    lines = _lines(decode_page(path.read_bytes()))
    title, byline, date, paragraphs = split_page(lines)
    words = sum(word_count(paragraph) for paragraph in paragraphs)
    if words < MIN_WORDS:
        yield Reject(
            str(path), "page", f"no article found: {words} words of running text, expected at least {MIN_WORDS}"
        )
        return
    record: dict[str, Any] = {
        "title": title,
        "body": "\n\n".join(paragraphs),
        "authors": list(byline.authors) if byline else [],
        "published_at": stated_time(date, now),
    }
    if byline:
        record["byline"] = byline.text
    try:
        article, stated_id = article_from_record(record, now=now, published_from=DateOrigin.PAGE)
    except ArticleError as error:
        yield Reject(str(path), "page", str(error))
        return
    yield Found(article, str(path), "page", partial=True, stated_id=stated_id)


def split_page(lines: list[str]) -> tuple[str, Byline | None, str | None, list[str]]:
    """Headline, byline, date and paragraphs among the lines of a page; the headline is the last line before them."""
    first = next((place for place, line in enumerate(lines) if is_prose(line) and not is_menu_line(line)), len(lines))
    title, byline, date = "", None, None
    for line in reversed(lines[:first]):
        if is_date_line(line):
            date = shown_date(line)
            continue
        if is_menu_line(line) or is_tail_heading(line) or is_boilerplate(line):
            continue
        found = read_byline(line)
        if found and byline is None:
            byline = found
        elif not found:
            title = line
            break
    body = (line for line in lines[first:] if not is_menu_line(line))
    return title, byline, date, article_lines(body, title)


def _lines(text: str) -> list[str]:
    """One paragraph or label each; lines that were wrapped to a width are joined again."""
    blocks = [[line.strip() for line in block.splitlines() if line.strip()] for block in re.split(r"\n\s*\n", text)]
    lines: list[str] = []
    for block in blocks:
        wrapped = len(block) > 1 and len(blocks) > 1 and all(len(line) <= _WRAPPED_LINE_CHARS for line in block)
        long_enough = sum(len(line) for line in block[:-1]) >= 50 * (len(block) - 1)
        lines += [" ".join(block)] if wrapped and long_enough else block
    return [line for line in map(normalise_line, lines) if line]
