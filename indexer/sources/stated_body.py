"""The text that a page's JSON-LD states: `articleBody`, and the entries of a live blog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from indexer.sources.fragments import fragment_body, fragment_line
from indexer.sources.page_furniture import is_prose, word_count

_MIN_WORDS = 40
"""A shorter text is a teaser."""

_COVERED = 0.6
"""A page's own text that has at least this share of the stated words is the better one: it has paragraphs."""

_TEASER_ENDS = ("...", "…", "[…]")
_MAX_ENTRIES = 2_000


def fuller_body(node: dict[str, Any], title: str, paragraphs: list[str]) -> list[str] | None:
    """The stated paragraphs, where the page's own text lacks much of them; None where it does not."""
    stated = _stated(node, title)
    if word_count(" ".join(stated)) < _MIN_WORDS or stated[-1].endswith(_TEASER_ENDS):
        return None
    wanted, had = _words(stated), _words(paragraphs)
    if (wanted & had).total() >= _COVERED * wanted.total() or wanted.total() < 0.5 * had.total():
        return None
    return stated


def _stated(node: dict[str, Any], title: str) -> list[str]:
    body = _paragraphs(node.get("articleBody"), title)
    entries = node.get("liveBlogUpdate")
    for entry in (entries if isinstance(entries, list) else [entries])[:_MAX_ENTRIES]:
        if isinstance(entry, dict):
            body += _entry(entry, title)
    return body


def _entry(entry: dict[str, Any], title: str) -> Iterator[str]:
    """An entry's headline and text, without its time."""
    text = _paragraphs(entry.get("articleBody"), title)
    headline = entry.get("headline")
    if isinstance(headline, str) and (line := fragment_line(headline)) and not (text and text[0].startswith(line)):
        yield line
    yield from text


def _paragraphs(value: Any, title: str) -> list[str]:
    text = fragment_body(value, title) if isinstance(value, str) else ""
    return [line for line in text.split("\n\n") if line] if is_prose(text) else []


def _words(lines: list[str]) -> Counter[str]:
    return Counter(" ".join(lines).casefold().split())
