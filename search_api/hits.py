"""Ranked rows made into hits: the stored article, its best passage, its copies, how its score came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import islice

import numpy as np

from indexer.engines.analysis import QueryTerms, matching_spans, words_of
from indexer.filters import Filters
from indexer.types import Article, Embeddings, Rows, Scores
from search_api.candidates import Question
from search_api.folding import duplicates_of
from search_api.library import Library, View, first_shown
from search_api.ranking import ARTICLE_SHARE, Candidates, Positions, Ranked, copies_of
from search_api.results import Explanation, Hit, Snippet
from search_api.sentences import likest
from search_api.snippets import best_snippet, phrases_in, sentence_snippet, sentences_of
from search_api.stories import labels

NO_TERMS = QueryTerms()
_NO_ROWS = np.empty(0, dtype=np.int64)

BY_MEANING_BELOW = 0.5
"""A passage that holds a smaller share of the query's words than this was found by meaning: its likest sentence is marked."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What hits are made of: places of a ranking, and for each the rows of its copies, the one to be shown first."""

    ranked: Ranked
    candidates: Candidates
    places: Positions
    copies: Sequence[Rows]

    @classmethod
    def of(
        cls, ranked: Ranked, candidates: Candidates, places: Positions, keys: Rows, faces: Rows | None = None
    ) -> Shown:
        """With the copies of each: the articles of the ranking that have the same key.

        `faces` has, for each place of the ranking, the row of the copy to be shown; without it the best ranked is.
        """
        copies = []
        for place in places.tolist():
            rows = ranked.rows[[place, *copies_of(keys, place)]]
            face = ranked.rows[place] if faces is None else faces[place]
            copies.append(np.concatenate([rows[rows == face], rows[rows != face]]))
        return cls(ranked, candidates, places, copies)


class Highlight(StrEnum):
    """What is marked in a passage: nothing, the words asked for, or else the sentence that is most like the question."""

    NONE = "none"
    WORDS = "words"
    MEANING = "meaning"


@dataclass(frozen=True, slots=True)
class Passage:
    """An article's best chunk for a question: its number, its span of the body, the share of the words it holds."""

    chunk: int
    span: tuple[int, int]
    share: float


class HitMaker:
    """Makes the hits of one answer; `now` is the moment that decides what readers may see."""

    def __init__(self, library: Library, view: View, question: Question, now: datetime, highlight: Highlight) -> None:
        self._library = library
        self._view = view
        self._question = question
        self._terms = question.terms or NO_TERMS
        self._vector = question.vector
        self._now = now
        self._highlight = highlight

    def make(self, shown: Shown, *, explained: float | None = None) -> tuple[Hit, ...]:
        """One hit for each place, in order: the first of its copies that was not withdrawn since the snapshot was taken.

        `explained` is the semantic ratio, when each hit shall say how its score came about.
        """
        found = []
        self._library.expect(self._view, np.concatenate([_NO_ROWS, *shown.copies]))
        for place, copies in zip(shown.places.tolist(), shown.copies, strict=True):
            visible = self._library.unwithdrawn(self._view, copies)
            first = first_shown(self._library, self._view, visible, self._now)
            if first is not None:
                position, article = first
                found.append((int(visible[position]), place, visible[position + 1 :], article))
        snippets = self._snippets([(row, article) for row, _, _, article in found])
        columns = self._view.snapshot.columns
        numbers = columns.story[[row for row, _, _, _ in found]].tolist()
        times = Filters(self._now, as_of=self._question.filters.as_of)
        stories = labels(self._library, self._view, numbers, times)
        ranks = _ranks(shown.ranked) if explained is not None else None
        return tuple(
            Hit(
                article=article,
                version=int(columns.version[row]),
                score=float(shown.ranked.score[place]),
                snippet=snippet,
                duplicates=duplicates_of(columns, copies),
                story=stories.get(number),
                explain=self._explanation(shown, place, copies, explained, ranks)
                if explained is not None and ranks
                else None,
            )
            for (row, place, copies, article), snippet, number in zip(found, snippets, numbers, strict=True)
        )

    def _snippets(self, found: Sequence[tuple[int, Article]]) -> list[Snippet]:
        passages = self._passages(found)
        marked = self._marked_sentences(found, passages)
        snippets = []
        for (_, article), passage, sentence in zip(found, passages, marked, strict=True):
            if sentence is not None:
                snippets.append(sentence_snippet(article, passage.chunk, passage.span, sentence))
                continue
            snippet = best_snippet(article, passage.chunk, passage.span, self._terms, self._question.phrases)
            is_plain = self._highlight is Highlight.NONE
            snippets.append(Snippet(snippet.text, snippet.chunk, ()) if is_plain else snippet)
        return snippets

    def _marked_sentences(self, found: Sequence[tuple[int, Article]], passages: Sequence[Passage]) -> list[int | None]:
        """Of each passage that was found by meaning, the place of the sentence that is most like the question."""
        marked: list[int | None] = [None] * len(passages)
        if self._vector is None or self._highlight is not Highlight.MEANING or self._question.phrases:
            return marked
        by_meaning = [place for place, passage in enumerate(passages) if passage.share < BY_MEANING_BELOW]
        if not by_meaning or not any(
            len(of_word) and rare > 0 for of_word, rare in zip(*self._asked_words, strict=True)
        ):
            return marked
        texts = [_sentences(found[place][1], passages[place].span) for place in by_meaning]
        for place, sentences in zip(by_meaning, texts, strict=True):
            marked[place] = 0 if len(sentences) == 1 else None
        by_meaning = [place for place, sentences in zip(by_meaning, texts, strict=True) if len(sentences) > 1]
        texts = [sentences for sentences in texts if len(sentences) > 1]
        vectors = iter(self._view.encoder.word_vectors([sentence for of_passage in texts for sentence in of_passage]))
        for place, sentences in zip(by_meaning, texts, strict=True):
            marked[place] = likest(*self._asked_words, list(islice(vectors, len(sentences))))
        return marked

    @cached_property
    def _asked_words(self) -> tuple[list[Embeddings], Scores]:
        """The vectors of each word of the question, and how rare it is."""
        words = words_of(self._question.text)
        return self._view.encoder.word_vectors(words), self._view.snapshot.lexical.rarities(words)

    def _passages(self, found: Sequence[tuple[int, Article]]) -> list[Passage]:
        """Each article's best chunk: its likeness to the query and the query's words in it count alike."""
        snapshot = self._view.snapshot
        rows = np.array([row for row, _ in found], dtype=np.int64)
        chunks, owner = snapshot.columns.chunk_rows(rows)
        likeness = np.zeros(len(chunks), dtype=np.float32)
        if self._vector is not None:
            likeness = snapshot.chunk_similarities(self._vector, rows)[2]
        starts, ends = snapshot.columns.chunk_start[chunks].tolist(), snapshot.columns.chunk_end[chunks].tolist()
        bounds = np.searchsorted(owner, np.arange(len(found) + 1)).tolist()
        return [
            self._passage(article, list(zip(starts[first:past], ends[first:past], strict=True)), likeness[first:past])
            for (_, article), first, past in zip(found, bounds[:-1], bounds[1:], strict=True)
        ]

    def _passage(self, article: Article, spans: Sequence[tuple[int, int]], likeness: Scores) -> Passage:
        if not spans:
            return Passage(0, (0, 0), 0.0)
        if not (self._terms or self._question.phrases) and self._vector is None:
            return Passage(0, spans[0], 0.0)
        held = [matching_spans(article.body[start:end], article.language, self._terms) for start, end in spans]
        words = np.array([len({term for _, _, term in in_chunk}) for in_chunk in held], dtype=np.float32)
        phrases = [phrases_in(article.body[start:end], self._question.phrases) for start, end in spans]
        chunk = int((words / max(1.0, float(words.max())) + phrases + likeness).argmax())
        asked = max(1, len(self._terms.terms_of(article.language)))
        return Passage(chunk, spans[chunk], float(words[chunk]) / asked)

    def _explanation(
        self, shown: Shown, place: int, copies: Rows, ratio: float, ranks: tuple[Positions, Positions]
    ) -> Explanation:
        ranked, candidates = shown.ranked, shown.candidates
        raw = int(ranked.candidate[place])
        ids = (article.id for article in self._library.shown(self._view, copies, self._now) if article)
        return Explanation(
            semantic_ratio=ratio,
            article_share=ARTICLE_SHARE,
            cosine=float(candidates.cosine[raw]),
            article_cosine=float(candidates.article_cosine[raw]),
            dense=float(ranked.dense[place]),
            dense_rank=int(ranks[0][place]),
            bm25=float(candidates.bm25[raw]),
            full_marks=float(candidates.full_marks[raw]),
            lexical=float(ranked.lexical[place]),
            lexical_rank=int(ranks[1][place]),
            blend=float(ranked.blend[place]),
            recency=float(ranked.recency[place]),
            folded=tuple(ids),
        )


def _sentences(article: Article, span: tuple[int, int]) -> list[str]:
    text = article.body[span[0] : span[1]]
    return [text[start:end] for start, end in sentences_of(article, span)]


def _ranks(ranked: Ranked) -> tuple[Positions, Positions]:
    """For each place, its rank by each arm, 1 the best."""
    return _rank(ranked.dense), _rank(ranked.lexical)


def _rank(scores: Scores) -> Positions:
    ranks = np.empty(len(scores), dtype=np.int64)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks
