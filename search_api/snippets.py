"""The sentences of a chunk that answer a query best, and the words in them that match. Pure."""

from __future__ import annotations

from indexer.chunking import sentence_spans
from indexer.engines.lexical import WeightedTerms, matching_spans
from indexer.types import Article
from search_api.results import Snippet

MAX_CHARS = 300
"""A snippet takes whole sentences up to this length; a longer single sentence is cut at a word."""


def best_snippet(article: Article, chunk: int, span: tuple[int, int], terms: WeightedTerms) -> Snippet:
    """The run of sentences within the chunk that holds most of the terms; the first sentences when none does."""
    text = article.body[span[0] : span[1]]
    if not text:
        passage = article.summary or ""
        return Snippet(passage, chunk, _spans(passage, article.language, terms))
    sentences = list(sentence_spans(text, article.language.partition("-")[0])) or [(0, len(text))]
    passage = max(
        (_run(text, sentences, first) for first in range(len(sentences))),
        key=lambda run: _weight(run, article.language, terms),
    )
    return Snippet(passage, chunk, _spans(passage, article.language, terms))


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


def _weight(passage: str, language: str, terms: WeightedTerms) -> int:
    """Distinct terms first, then how early they come: `max` keeps the first of equals."""
    return len({term for _, _, term in matching_spans(passage, language, terms)})


def _spans(passage: str, language: str, terms: WeightedTerms) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end, _ in matching_spans(passage, language, terms))
