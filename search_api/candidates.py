"""The articles that may answer: what both arms propose, each scored by both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from indexer.engines.analysis import QueryTerms, analysis_of
from indexer.engines.columns import Mask
from indexer.engines.embedded import Snapshot
from indexer.filters import Filters
from indexer.types import Rows, Scores, Vector
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
    allowed: Mask


def best(snapshot: Snapshot, question: Question) -> tuple[Rows, bool]:
    """The articles that either arm proposes, and whether these are all there are."""
    found: list[Rows] = []
    exact = True
    if question.vector is not None:
        with stage(Stage.DENSE):
            rows, exact = nearest_articles(snapshot, question.vector, question.allowed)
        found.append(rows)
    if question.terms is not None:
        with stage(Stage.LEXICAL):
            rows, _ = snapshot.lexical.search(question.terms, POOL_ARTICLES, question.filters, snapshot.tail.hidden)
        exact = exact and len(rows) < POOL_ARTICLES
        found.append(rows[question.allowed[rows]])
    return np.unique(np.concatenate(found)), exact


def dated(snapshot: Snapshot, question: Question, *, newest: bool) -> tuple[Rows, bool]:
    """The newest (or oldest) articles that answer, and whether these are all there are.

    An article answers that holds enough of the words, or is like enough to the question. Both arms are searched
    in full, so that no article that answers is missing before the last of those returned.
    """
    published = snapshot.columns.published
    found: list[Rows] = []
    if question.vector is not None:
        with stage(Stage.DENSE):
            chunks = snapshot.similar_chunks(question.vector, DATED_SIMILARITY, question.allowed)
            found.append(snapshot.columns.article_of_chunk(chunks))
    if question.terms is not None:
        hidden = snapshot.tail.hidden
        with stage(Stage.LEXICAL):
            rows = snapshot.lexical.dated(question.terms, DATED_POOL, question.filters, hidden, newest=newest)
        found.append(rows[question.allowed[rows]])
    rows = np.unique(np.concatenate(found))
    return ordered_by_date(rows, published, newest=newest)[:DATED_POOL], len(rows) < DATED_POOL


def ordered_by_date(rows: Rows, published: Rows, *, newest: bool) -> Rows:
    """Article rows by time of publication, those without one last; `published` is of all articles."""
    times = published[rows]
    undated = times == np.iinfo(np.int64).min
    ordered: Rows = rows[np.lexsort((-rows if newest else rows, -times if newest else times, undated))]
    return ordered


def nearest_articles(snapshot: Snapshot, vector: Vector, allowed: Mask, count: int = POOL_CHUNKS) -> tuple[Rows, bool]:
    """The allowed articles of the `count` nearest chunks, and whether these are all there are.

    More chunks are taken while they are of too few different texts: a long article, or one that many copied, would leave
    no room for others.
    """
    while True:
        chunk_rows, _ = snapshot.nearest_chunks(vector, count, allowed)
        rows = np.unique(snapshot.columns.article_of_chunk(chunk_rows))
        exact = len(chunk_rows) < count
        if exact or count >= MOST_CHUNKS or len(np.unique(snapshot.columns.text_group[rows])) >= LEAST_TEXTS:
            return rows, exact
        count *= 4


def scored(
    snapshot: Snapshot, rows: Rows, terms: QueryTerms | None, vector: Vector | None, now: datetime
) -> Candidates:
    """Both arms' raw scores for every row, whichever arm proposed it; an arm that is left out gives 0."""
    nothing = np.zeros(len(rows), dtype=np.float32)
    best = article = lexical = marks = nothing
    if vector is not None:
        with stage(Stage.DENSE):
            best, article = best_similarity(snapshot, vector, rows), snapshot.article_similarities(vector, rows)
    if terms is not None:
        with stage(Stage.LEXICAL):
            lexical, marks = snapshot.lexical.score(terms, rows), _full_marks(snapshot, rows, terms, now)
    return Candidates(rows, best, article, lexical, marks, snapshot.columns.published[rows])


def _full_marks(snapshot: Snapshot, rows: Rows, terms: QueryTerms, now: datetime) -> Scores:
    """Full marks of each row, by the analysis of its language."""
    by_analysis = snapshot.lexical.full_marks(terms, now)
    languages = snapshot.columns.vocabulary["language"]
    by_language = np.array([by_analysis.get(analysis_of(tag), 0.0) for tag in languages], dtype=np.float32)
    marks: Scores = by_language[snapshot.columns.language[rows]]
    return marks


def best_similarity(snapshot: Snapshot, vector: Vector, rows: Rows) -> Scores:
    """Each article's cosine similarity: that of its best chunk; 0 for an article without chunks."""
    _, owner, similarity = snapshot.chunk_similarities(vector, rows)
    best = np.full(len(rows), -1.0, dtype=np.float32)
    np.maximum.at(best, owner, similarity)
    return np.where(best == -1.0, np.float32(0.0), best)
