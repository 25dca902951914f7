"""The sentences of a chunk that answer a query best, and what matches in them. Pure."""

from __future__ import annotations

from indexer.chunking import sentence_spans
from indexer.engines.analysis import QueryTerms, matching_spans
from indexer.types import Article
from search_api.results import Snippet

MAX_CHARS = 300
"""A snippet takes whole sentences up to this length; a longer single sentence is cut at a word."""


def sentences_of(article: Article, span: tuple[int, int]) -> list[tuple[int, int]]:
    """(start, end) of each sentence within a span of the body, counted from the span's start."""
    text = article.body[span[0] : span[1]]
    return list(sentence_spans(text, article.language.partition("-")[0])) or ([(0, len(text))] if text else [])


def best_snippet(article: Article, chunk: int, span: tuple[int, int], terms: QueryTerms) -> Snippet:
    """The run of sentences within the chunk that holds most of the terms; the first sentences when none does."""
    text = article.body[span[0] : span[1]]
    if not text:
        passage = article.summary or ""
        return Snippet(passage, chunk, _spans(passage, article.language, terms))
    sentences = sentences_of(article, span)
    passage = max(
        (_run(text, sentences, first) for first in range(len(sentences))),
        key=lambda run: _weight(run, article.language, terms),
    )
    return Snippet(passage, chunk, _spans(passage, article.language, terms))


def sentence_snippet(article: Article, chunk: int, span: tuple[int, int], sentence: int) -> Snippet:
    """The chunk's text from one of its sentences on, that sentence marked as a whole."""
    text = article.body[span[0] : span[1]]
    sentences = sentences_of(article, span)
    passage = _run(text, sentences, sentence)
    start, end = sentences[sentence]
    return Snippet(passage, chunk, ((0, min(len(" ".join(text[start:end].split())), len(passage))),))


def _run(text: str, sentences: list[tuple[int, int]], first: int) -> str:
    start, end = sentences[first]
    for _, sentence_end in sentences[first + 1 :]:
        if sentence_end - start > MAX_CHARS:
            break
        end = sentence_end
    passage = " ".join(text[start:end].split())
    if len(passage) <= MAX_CHARS:
        return passage
    return f"{passage[:MAX_CHARS].rpartition(' ')[0] or passage[:MAX_CHARS]}…"


def _weight(passage: str, language: str, terms: QueryTerms) -> int:
    """Distinct terms first, then how early they come: `max` keeps the first of equals."""
    return len({term for _, _, term in matching_spans(passage, language, terms)})


def _spans(passage: str, language: str, terms: QueryTerms) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end, _ in matching_spans(passage, language, terms))
