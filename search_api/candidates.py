"""The articles that may answer: what both arms propose, each scored by both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import ceil

import numpy as np

from indexer.engines.analysis import QueryTerms, analysis_of
from indexer.engines.columns import Mask
from indexer.engines.embedded import Snapshot
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

MOST_ALLOWED = 0.5
"""From this share of allowed articles on, the lexical arm walks without filters."""

SPARE = 20
"""How many more it takes then than should be needed."""

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
    by_words: Callable[[], WordScores] | None = None
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


def by_words(snapshot: Snapshot, terms: QueryTerms, filters: Filters, allowed: Mask) -> WordScores:
    """The articles that hold any of the words, the best POOL_ARTICLES of those that the filters let through.

    Where that is most of them, more are taken without filters, which is faster, and what is not allowed is left out.
    """
    with stage(Stage.LEXICAL):
        return WordScores(*_by_words(snapshot, terms, filters, allowed), snapshot.lexical.near(terms))


def _by_words(snapshot: Snapshot, terms: QueryTerms, filters: Filters, allowed: Mask) -> tuple[Rows, Scores]:
    share = np.count_nonzero(allowed) / max(1, len(allowed))
    if share >= MOST_ALLOWED:
        count = ceil(POOL_ARTICLES / share) + SPARE
        rows, scores = snapshot.lexical.search(terms, count, None)
        kept = np.flatnonzero(allowed[rows])[:POOL_ARTICLES]
        if len(rows) < count or len(kept) == POOL_ARTICLES:
            return rows[kept], scores[kept]
    rows, scores = snapshot.lexical.search(terms, POOL_ARTICLES, filters, snapshot.tail.hidden)
    return rows[allowed[rows]], scores[allowed[rows]]


def dated(snapshot: Snapshot, question: Question, *, newest: bool) -> tuple[Rows, bool]:
    """The newest (or oldest) articles that answer, and whether these are all there are.

    An article answers that holds enough of the words, or is like enough to the question. Both arms are searched
    in full, so that no article that answers is missing before the last of those returned, or hardly one where the vectors
    are scanned in codes.
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
    exact = len(rows) < DATED_POOL and (question.vector is None or snapshot.vectors.is_exact)
    return ordered_by_date(rows, published, newest=newest)[:DATED_POOL], exact


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
    snapshot: Snapshot, rows: Rows, terms: QueryTerms, now: datetime, known: WordScores | None
) -> tuple[Scores, Scores]:
    with stage(Stage.LEXICAL):
        return snapshot.lexical.score(terms, rows, known=known), _full_marks(snapshot, rows, terms, now)


def _full_marks(snapshot: Snapshot, rows: Rows, terms: QueryTerms, now: datetime) -> Scores:
    """Full marks of each row, by the analysis of its language."""
    by_analysis = snapshot.lexical.full_marks(terms, now)
    languages = snapshot.columns.vocabulary["language"]
    by_language = np.array([by_analysis.get(analysis_of(tag), 0.0) for tag in languages], dtype=np.float32)
    marks: Scores = by_language[snapshot.columns.language[rows]]
    return marks


def similarities(snapshot: Snapshot, vector: Vector, rows: Rows) -> tuple[Scores, Scores]:
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
