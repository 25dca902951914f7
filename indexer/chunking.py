"""An article's body as chunks of whole sentences that fit an embedding model. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from math import ceil
from typing import Protocol

import sentencex

from indexer.types import Article, Chunk

CHUNKING_VERSION = 1
"""Part of every recipe: raising it makes the next reindex cut every article anew."""

TITLE_SHARE = 4
"""The headline takes at most one part in this many of the token budget."""


class Tokenizer(Protocol):
    """What chunking needs of a model's tokenizer."""

    @property
    def max_tokens(self) -> int:
        """Tokens of text that one input may hold, special and prompt tokens already taken off."""
        ...

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Character span (start, end) of each token of `text`, in order."""
        ...


def chunk_article(article: Article, tokenizer: Tokenizer, *, max_tokens: int | None = None) -> list[Chunk]:
    """Cut the body into chunks of about equal length, each within the token budget, covering every sentence once.

    `max_tokens` lowers the model's own limit. Chunks come in order and do not overlap; each starts and ends on
    text, never on white space, and `chunk.text` ends with `body[start:end]`.
    """
    budget = min(max_tokens or tokenizer.max_tokens, tokenizer.max_tokens)
    title = _shortened(article.title, tokenizer, budget // TITLE_SHARE)
    if not article.body:
        return [Chunk(0, 0, title)]
    room = budget - len(tokenizer.spans(f"{title}\n")) if title else budget
    chunks = []
    for start, end in _pack(article, tokenizer, room):
        for piece in _fitted(article.body, start, end, tokenizer, room):
            text = article.body[piece[0] : piece[1]]
            chunks.append(Chunk(*piece, f"{title}\n{text}" if title else text))
    return chunks


def sentence_spans(text: str, language: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each sentence of `text`, without the white space around it; a paragraph break ends a sentence."""
    start = 0
    for paragraph in text.split("\n\n"):
        for boundary in sentencex.get_sentence_boundaries(language, paragraph):
            span = _trimmed(text, start + boundary["start_index"], start + boundary["end_index"])
            if span[0] < span[1]:
                yield span
        start += len(paragraph) + 2


def _pack(article: Article, tokenizer: Tokenizer, room: int) -> Iterator[tuple[int, int]]:
    """Runs of whole sentences, each of about total/n tokens, where n is the fewest chunks that can hold the body."""
    body = article.body
    starts = [start for start, _ in tokenizer.spans(body)]
    target = len(starts) / max(1, ceil(len(starts) / room))
    run_start = run_end = -1
    run_tokens = 0
    for start, end in sentence_spans(body, article.language.partition("-")[0]):
        tokens = bisect_left(starts, end) - bisect_left(starts, start)
        if (run_tokens and run_tokens + tokens / 2 > target) or (run_tokens + tokens > room and run_tokens):
            yield run_start, run_end
            run_tokens = 0
        if not run_tokens:
            run_start = start
        run_end = end
        run_tokens += max(tokens, 1)
    if run_tokens:
        yield run_start, run_end


def _fitted(body: str, start: int, end: int, tokenizer: Tokenizer, room: int) -> Iterator[tuple[int, int]]:
    """The span itself when its own count of tokens fits, else pieces of it cut between words."""
    spans = tokenizer.spans(body[start:end])
    while len(spans) > room:
        share = ceil(len(spans) / ceil(len(spans) / room))
        cut = start + _word_break(body[start:end], [first for first, _ in spans], share)
        yield _trimmed(body, start, cut)
        start, end = _trimmed(body, cut, end)
        spans = tokenizer.spans(body[start:end])
    if start < end:
        yield start, end


def _word_break(text: str, starts: list[int], room: int) -> int:
    """Where to cut: the last token within the room that begins a word, else the last token that fits."""
    for index in range(room, room // 2, -1):
        if text[starts[index] - 1].isspace():
            return starts[index]
    return starts[room] or 1


def _shortened(title: str, tokenizer: Tokenizer, room: int) -> str:
    spans = tokenizer.spans(title)
    return title if len(spans) <= room else title[: spans[room - 1][1]]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
