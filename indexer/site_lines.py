"""Lines that a site prints under article after article: found by counting, taken out, put back. Pure.

A newsletter's invitation or an agency's credit stands, word for word, in articles that share nothing else. A paragraph of
background is repeated too, but shares its words with the articles around it: that tells the two apart.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from indexer.types import Article

LEFT_OUT = "left_out"
"""The field of `extra` with the lines taken out: `at` is the paragraph's place in the whole body, from 0, `text` the line."""

LEAST_ARTICLES = 5
"""A line that fewer articles of the site have is not judged."""

LEAST_SHARE = 0.01
"""The share of the site's articles, since the line was first seen, that must have it."""

MOST_SHARED = 0.5
"""The mean share of its words that the articles around it have too, past which a line is part of them."""

MOST_WORDS = 60
"""A longer paragraph is not counted."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Line:
    """A short paragraph of an article: its key (the same whatever its case and marks), and what share of its words stands
    elsewhere in the article, 0 to 1."""

    key: int
    text: str
    shared: float


@dataclass(frozen=True, slots=True)
class LineCount:
    """How often a site printed a line: in how many articles, the sum of `Line.shared`, and how many articles of the site
    were counted since (this line's first one included)."""

    articles: int
    shared: float
    of: int

    @property
    def is_repeated(self) -> bool:
        """Whether the line belongs to the site, not to its articles."""
        enough = self.articles >= LEAST_ARTICLES and self.articles >= LEAST_SHARE * self.of
        return enough and self.shared <= MOST_SHARED * self.articles


def line_key(text: str) -> int:
    """63 bits of SHA-256 over the words and numbers of a line; 0 for a line without any."""
    words = " ".join(_WORD.findall(text.casefold()))
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big") >> 1 if words else 0


def lines_of(article: Article) -> Iterator[Line]:
    """The short paragraphs of an article, each once; none of a text of a single paragraph."""
    paragraphs = article.body.split("\n\n")
    if len(paragraphs) < 2:
        return
    words = {line_key(paragraph): frozenset(_WORD.findall(paragraph.casefold())) for paragraph in paragraphs}
    holders = Counter(word for own in words.values() for word in own)
    holders.update(set(_WORD.findall(article.title.casefold())))
    seen = {0}
    for paragraph in paragraphs:
        key = line_key(paragraph)
        if key in seen or len(paragraph.split()) > MOST_WORDS:
            continue
        seen.add(key)
        yield Line(key, paragraph, sum(holders[word] > 1 for word in words[key]) / len(words[key]))


def without_lines(article: Article, keys: Collection[int]) -> Article:
    """The article without the lines of these keys, which `extra` keeps; the same article when it has none or nothing else."""
    whole = with_lines(article)
    paragraphs = whole.body.split("\n\n")
    out = {place: None for place, paragraph in enumerate(paragraphs) if line_key(paragraph) in keys}
    if not out or len(out) == len(paragraphs):
        return whole
    kept = "\n\n".join(paragraph for place, paragraph in enumerate(paragraphs) if place not in out)
    left_out = [{"at": place, "text": paragraphs[place]} for place in out]
    return replace(whole, body=kept, extra={**whole.extra, LEFT_OUT: left_out})


def with_lines(article: Article) -> Article:
    """The article as its page had it: the inverse of `without_lines`."""
    left_out = article.extra.get(LEFT_OUT)
    if not left_out:
        return article
    paragraphs = article.body.split("\n\n")
    for place, text in _lines(left_out):
        paragraphs.insert(place, text)
    extra = {name: value for name, value in article.extra.items() if name != LEFT_OUT}
    return replace(article, body="\n\n".join(paragraphs), extra=extra)


def _lines(left_out: Any) -> list[tuple[int, str]]:
    """The lines of the field in order; those that are not of its form are passed over."""
    found = [item for item in left_out if isinstance(item, Mapping)] if isinstance(left_out, list) else []
    lines = [(item.get("at"), item.get("text")) for item in found]
    return sorted((at, text) for at, text in lines if isinstance(at, int) and isinstance(text, str) and at >= 0)
