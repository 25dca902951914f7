"""The sentences of a chunk that answer a query best, and what matches in them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.chunking import sentence_spans
from indexer.engines.analysis import QueryTerms, folded, matching_spans
from indexer.types import Article
from search_api.results import Snippet

MAX_CHARS = 300
"""A snippet takes whole sentences up to this length; a longer single sentence is cut at a word."""

LEAST_CHARS = 200
"""Scripts without spaces have no word end to cut at: when there is none from here on, the cut is at MAX_CHARS."""


def sentences_of(article: Article, span: tuple[int, int]) -> list[tuple[int, int]]:
    """(start, end) of each sentence within a span of the body, counted from the span's start."""
    text = article.body[span[0] : span[1]]
    return list(sentence_spans(text, article.language.partition("-")[0])) or ([(0, len(text))] if text else [])


def best_snippet(
    article: Article, chunk: int, span: tuple[int, int], terms: QueryTerms, phrases: Sequence[str] = ()
) -> Snippet:
    """The run of sentences within the chunk that holds most of the phrases, then of the terms; else the first sentences."""
    text = article.body[span[0] : span[1]]
    if not text:
        passage = article.summary or ""
        return Snippet(passage, chunk, _spans(passage, article.language, terms))
    sentences = sentences_of(article, span)
    held = matching_spans(text, article.language, terms)
    ends = [_run_end(sentences, first) for first in range(len(sentences))]
    weights = [
        (
            phrases_in(text[start:end], phrases),
            len({term for first, past, term in held if start <= first and past <= min(end, start + MAX_CHARS)}),
        )
        for (start, _), end in zip(sentences, ends, strict=True)
    ]
    best = max(range(len(sentences)), key=weights.__getitem__)  # `max` keeps the first of equals
    passage = _passage(text, sentences[best][0], ends[best])
    return Snippet(passage, chunk, _spans(passage, article.language, terms))


def phrases_in(text: str, phrases: Sequence[str]) -> int:
    """How many of the phrases stand in a text, word for word but for case and accents."""
    if not phrases:
        return 0
    line = f" {' '.join(folded(text))} "
    return sum(1 for phrase in phrases if f" {' '.join(folded(phrase))} " in line)


def sentence_snippet(article: Article, chunk: int, span: tuple[int, int], sentence: int) -> Snippet:
    """The chunk's text from one of its sentences on, that sentence marked as a whole."""
    text = article.body[span[0] : span[1]]
    sentences = sentences_of(article, span)
    start, end = sentences[sentence]
    passage = _passage(text, start, _run_end(sentences, sentence))
    return Snippet(passage, chunk, ((0, min(len(" ".join(text[start:end].split())), len(passage))),))


def _run_end(sentences: list[tuple[int, int]], first: int) -> int:
    """Where the run of sentences from this one on ends that still fits a snippet."""
    start, end = sentences[first]
    for _, sentence_end in sentences[first + 1 :]:
        if sentence_end - start > MAX_CHARS:
            break
        end = sentence_end
    return end


def _passage(text: str, start: int, end: int) -> str:
    passage = " ".join(text[start:end].split())
    if len(passage) <= MAX_CHARS:
        return passage
    return f"{passage[: max(passage.rfind(' ', LEAST_CHARS, MAX_CHARS), 0) or MAX_CHARS]}…"


def _spans(passage: str, language: str, terms: QueryTerms) -> tuple[tuple[int, int], ...]:
    """The places of the terms, those that overlap (in scripts without spaces) as one."""
    spans: list[tuple[int, int]] = []
    for start, end, _ in matching_spans(passage, language, terms):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return tuple(spans)
