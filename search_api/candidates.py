"""The articles that may answer: what both arms propose, each scored by both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import ceil

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

MOST_ALLOWED = 0.5
"""From this share of allowed articles on, the lexical arm walks without filters."""

SPARE = 20
"""How many more it takes then than should be needed."""

DATED_POOL = 1000
"""How deep an order by date reaches."""

DATED_SIMILARITY = 0.5
"""The cosine above which an article answers by meaning when answers are ordered by date."""


@dataclass(frozen=True, slots=True)
class ByWords:
    """Articles that the lexical arm proposes, and what each scores by words."""

    rows: Rows
    scores: Scores


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: by words, by meaning (None leaves an arm out), and among which articles."""

    text: str
    phrases: tuple[str, ...]
    terms: QueryTerms | None
    vector: Vector | None
    filters: Filters
    allowed: Mask
    by_words: Callable[[], ByWords] | None = None
    """The lexical arm's proposals, being worked out; None where they are not needed."""


def best(snapshot: Snapshot, question: Question) -> tuple[Rows, bool]:
    """The articles that either arm proposes, and whether these are all there are."""
    found: list[Rows] = []
    exact = True
    if question.vector is not None:
        with stage(Stage.DENSE):
            rows, exact = nearest_articles(snapshot, question.vector, question.allowed)
        found.append(rows)
    if question.by_words is not None:
        rows = question.by_words().rows
        exact = exact and len(rows) < POOL_ARTICLES
        found.append(rows)
    return np.unique(np.concatenate(found)), exact


def by_words(snapshot: Snapshot, terms: QueryTerms, filters: Filters, allowed: Mask) -> ByWords:
    """The articles that hold any of the words, the best POOL_ARTICLES of those that the filters let through."""
    with stage(Stage.LEXICAL):
        rows = _best_by_words(snapshot, terms, filters, allowed)
        return ByWords(rows, snapshot.lexical.score(terms, rows))


def _best_by_words(snapshot: Snapshot, terms: QueryTerms, filters: Filters, allowed: Mask) -> Rows:
    """Where most articles are allowed, more are taken without filters, which is faster, and what is not allowed is left out."""
    share = np.count_nonzero(allowed) / max(1, len(allowed))
    if share >= MOST_ALLOWED:
        count = ceil(POOL_ARTICLES / share) + SPARE
        rows, _ = snapshot.lexical.search(terms, count, None)
        kept = rows[allowed[rows]]
        if len(rows) < count or len(kept) >= POOL_ARTICLES:
            return kept[:POOL_ARTICLES]
    rows, _ = snapshot.lexical.search(terms, POOL_ARTICLES, filters, snapshot.tail.hidden)
    return rows[allowed[rows]]


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
    snapshot: Snapshot,
    rows: Rows,
    terms: QueryTerms | None,
    vector: Vector | None,
    now: datetime,
    known: ByWords | None = None,
) -> Candidates:
    """Both arms' raw scores for every row, whichever arm proposed it; an arm that is left out gives 0.

    `known` are scores by words that need not be found again.
    """
    nothing = np.zeros(len(rows), dtype=np.float32)
    best = article = lexical = marks = nothing
    if vector is not None:
        with stage(Stage.DENSE):
            best, article = best_similarity(snapshot, vector, rows), snapshot.article_similarities(vector, rows)
    if terms is not None:
        with stage(Stage.LEXICAL):
            lexical, marks = _by_words(snapshot, rows, terms, known), _full_marks(snapshot, rows, terms, now)
    return Candidates(rows, best, article, lexical, marks, snapshot.columns.published[rows])


def _by_words(snapshot: Snapshot, rows: Rows, terms: QueryTerms, known: ByWords | None) -> Scores:
    if known is None:
        return snapshot.lexical.score(terms, rows)
    scores = np.zeros(len(rows), dtype=np.float32)
    is_known = np.isin(rows, known.rows, assume_unique=True)
    order = np.argsort(known.rows)
    places = np.searchsorted(known.rows, rows[is_known], sorter=order)
    scores[is_known] = known.scores[order[places]]
    scores[~is_known] = snapshot.lexical.score(terms, rows[~is_known])
    return scores


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
