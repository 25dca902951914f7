"""The articles that may answer: what both arms propose, each scored by both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np

from indexer.engines.analysis import QueryTerms, analysis_of
from indexer.engines.columns import ordered_by_date
from indexer.engines.searchable import Searchable
from indexer.engines.word_scores import WordScores
from indexer.filters import Filters
from indexer.types import Rows, Scores, Vector
from search_api.beside import beside
from search_api.ranking import Candidates
from search_api.stages import Stage, stage

POOL_CHUNKS = 400
"""Chunks the dense arm proposes."""

LEAST_TEXTS = 100
"""How many different texts these must be of, if there are so many."""

MOST_CHUNKS = 25_600
"""More are never taken."""

POOL_ARTICLES = 200
"""Articles the lexical arm proposes."""

DATED_POOL = 1000
"""How deep an order by date reaches."""

DATED_SIMILARITY = 0.5
"""The cosine above which an article answers by meaning when answers are ordered by date."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: by words, by meaning (None leaves an arm out), and among which articles."""

    text: str
    phrases: tuple[str, ...]
    terms: QueryTerms | None
    vector: Vector | None
    filters: Filters
    by_words: Callable[[], WordScores] | None = None
    """The lexical arm's proposals, being worked out; None where they are not needed."""


def best(snapshot: Searchable, question: Question) -> tuple[Rows, bool]:
    """The articles that either arm proposes, and whether these are all there are."""
    found: list[Rows] = []
    exact = True
    if question.vector is not None:
        with stage(Stage.DENSE):
            rows, exact = nearest_articles(snapshot, question.vector, question.filters)
        found.append(rows)
    if question.by_words is not None:
        rows = question.by_words().rows
        exact = exact and len(rows) < POOL_ARTICLES
        found.append(rows)
    return np.unique(np.concatenate(found)), exact


def by_words(snapshot: Searchable, terms: QueryTerms, filters: Filters) -> WordScores:
    """The articles that hold any of the words, the best POOL_ARTICLES of those that the filters let through."""
    with stage(Stage.LEXICAL):
        return WordScores(*snapshot.by_words(terms, POOL_ARTICLES, filters), snapshot.lexical.near(terms))


def dated(snapshot: Searchable, question: Question, *, newest: bool) -> tuple[Rows, bool]:
    """The newest (or oldest) articles that answer, and whether these are all there are.

    An article answers that holds enough of the words, or is like enough to the question. Both arms are searched
    in full, so that no article that answers is missing before the last of those returned, or hardly one where the engine
    cannot look at all.
    """
    found: list[Rows] = []
    exact = True
    if question.vector is not None:
        with stage(Stage.DENSE):
            rows, exact = snapshot.alike(question.vector, DATED_SIMILARITY, question.filters)
        found.append(rows)
    if question.terms is not None:
        with stage(Stage.LEXICAL):
            rows, all_seen = snapshot.dated_by_words(question.terms, DATED_POOL, question.filters, newest=newest)
        found.append(rows)
        exact = exact and all_seen
    rows = np.unique(np.concatenate(found))
    ordered = ordered_by_date(rows, snapshot.columns.published, newest=newest)[:DATED_POOL]
    return ordered, exact and len(rows) < DATED_POOL


def nearest_articles(
    snapshot: Searchable, vector: Vector, filters: Filters, count: int = POOL_CHUNKS
) -> tuple[Rows, bool]:
    """The articles that the filters let through of the `count` nearest chunks, and whether these are all there are.

    More chunks are taken while they are of too few different texts: a long article, or one that many copied, would leave
    no room for others.
    """
    while True:
        rows, found = snapshot.nearest(vector, count, filters)
        exact = found < count
        if exact or count >= MOST_CHUNKS or len(np.unique(snapshot.columns.text_group[rows])) >= LEAST_TEXTS:
            return rows, exact
        count *= 4


def scored(
    snapshot: Searchable,
    rows: Rows,
    terms: QueryTerms | None,
    vector: Vector | None,
    now: datetime,
    known: WordScores | None = None,
) -> Candidates:
    """Both arms' raw scores for every row, whichever arm proposed it; an arm that is left out gives 0.

    `known` is what was found of the words before.
    """
    nothing = np.zeros(len(rows), dtype=np.float32)
    best = article = lexical = marks = nothing
    by_words = beside(partial(_scored_by_words, snapshot, rows, terms, now, known)) if terms is not None else None
    if vector is not None:
        with stage(Stage.DENSE):
            best, article = similarities(snapshot, vector, rows)
    if by_words is not None:
        lexical, marks = by_words()
    return Candidates(rows, best, article, lexical, marks, snapshot.columns.published[rows])


def _scored_by_words(
    snapshot: Searchable, rows: Rows, terms: QueryTerms, now: datetime, known: WordScores | None
) -> tuple[Scores, Scores]:
    with stage(Stage.LEXICAL):
        return snapshot.lexical.score(terms, rows, known=known), _full_marks(snapshot, rows, terms, now)


def _full_marks(snapshot: Searchable, rows: Rows, terms: QueryTerms, now: datetime) -> Scores:
    """Full marks of each row, by the analysis of its language."""
    by_analysis = snapshot.lexical.full_marks(terms, now)
    languages = snapshot.columns.vocabulary["language"]
    by_language = np.array([by_analysis.get(analysis_of(tag), 0.0) for tag in languages], dtype=np.float32)
    marks: Scores = by_language[snapshot.columns.language[rows]]
    return marks


def similarities(snapshot: Searchable, vector: Vector, rows: Rows) -> tuple[Scores, Scores]:
    """Each article's cosine similarity by its best chunk, and by its own vector; 0 for an article without chunks.

    The vector of an article of one chunk is that chunk's.
    """
    _, owner, similarity = snapshot.chunk_similarities(vector, rows)
    chunks = np.bincount(owner, minlength=len(rows))
    best = np.full(len(rows), -1.0, dtype=np.float32)
    np.maximum.at(best, owner, similarity)
    best[chunks == 0] = 0.0
    article = best.copy()
    article[chunks > 1] = snapshot.article_similarities(vector, rows[chunks > 1])
    return best, article
