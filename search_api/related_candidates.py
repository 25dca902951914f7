"""The articles that may be related to a seed: what its vector and its words propose, and every signal of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.engines.columns import NO_STORY, NO_TIME
from indexer.engines.searchable import Searchable
from indexer.filters import Filters
from indexer.stories import closeness
from indexer.types import Embeddings, Rows, Scores, Vector
from search_api import related_ranking as signals
from search_api.candidates import LEAST_TEXTS, nearest_articles
from search_api.ranking import first_of_each
from search_api.related_ranking import NEIGHBOURS, WEIGHTS, Signals, Weights
from search_api.seeds import Seed
from search_api.stages import Stage, stage

POOL_CHUNKS = 200
"""Chunks that the seed's vector proposes."""

POOL_ARTICLES = 200
"""Articles that its words propose."""

MOST_ARTICLES = 12_800
"""More are never looked at."""

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Compared:
    """Articles beside a seed, aligned: their rows, vectors (shape (rows, dimension)) and signals."""

    rows: Rows
    vectors: Embeddings
    signals: Signals

    def seen_from(self, vector: Vector) -> Compared:
        """The same articles with their likeness of meaning to another vector."""
        return replace(self, signals=replace(self.signals, dense=signals.likeness(vector, self.vectors)))


def proposed(snapshot: Searchable, seed: Seed, filters: Filters) -> Compared:
    """The allowed articles that are nearest by meaning or words, or of the seed's story, with every signal of each."""
    with stage(Stage.DENSE):
        near = nearest_articles(snapshot, seed.vector, filters, POOL_CHUNKS)[0]
    near = np.unique(np.concatenate([near, story_members(snapshot, seed, filters)]))
    with stage(Stage.LEXICAL):
        found, scores = by_words(snapshot, seed, filters)
        rest = np.setdiff1d(near, found)
        bm25 = np.concatenate([scores, snapshot.lexical.score(seed.terms, rest, titles=False)])
    rows = np.concatenate([found, rest])
    return _compared(snapshot, seed, rows, bm25)


def by_words(snapshot: Searchable, seed: Seed, filters: Filters) -> tuple[Rows, Scores]:
    """The allowed articles that the seed's words propose; more are looked at while they are of too few different texts."""
    count = POOL_ARTICLES
    while True:
        rows, scores = snapshot.by_words(seed.terms, count, filters, titles=False)
        texts = np.setdiff1d(snapshot.columns.text_group[rows], seed.groups)
        if len(rows) < count or len(texts) >= LEAST_TEXTS or count >= MOST_ARTICLES:
            return rows, scores
        count *= 4


def story_members(snapshot: Searchable, seed: Seed, filters: Filters) -> Rows:
    """The allowed articles of the seed's stories."""
    rows = snapshot.story_members(seed.stories.tolist(), filters.now)
    return np.asarray(rows[snapshot.allows(filters, rows)])


def compared(snapshot: Searchable, seed: Seed, rows: Rows) -> Compared:
    """Every signal of these articles, whether they would be proposed or not."""
    with stage(Stage.LEXICAL):
        bm25 = snapshot.lexical.score(seed.terms, rows, titles=False)
    return _compared(snapshot, seed, rows, bm25)


def _compared(snapshot: Searchable, seed: Seed, rows: Rows, bm25: Scores) -> Compared:
    columns = snapshot.columns
    with stage(Stage.DENSE):
        vectors = snapshot.article_vectors(rows)
    found = Signals(
        dense=signals.likeness(seed.vector, vectors),
        lexical=signals.shared_words(bm25, seed.full_marks),
        section=signals.alike(columns.section[rows], _section_codes(snapshot, seed), -1),
        time=closeness(_days_apart(columns.published[rows], seed.published)),
        story=signals.alike(columns.story[rows], seed.stories if len(seed.stories) else None, NO_STORY),
        length=signals.room_to_explain(columns.length[rows]),
    )
    return Compared(rows, vectors, found)


def moved_vector(snapshot: Searchable, seed: Seed, pool: Compared, amount: float) -> Vector:
    """The seed's vector moved towards the best of the pool; neither the seed nor copies, of it or of one another, draw it."""
    groups = snapshot.columns.text_group[pool.rows]
    first = signals.score(pool.signals)
    order = np.lexsort((pool.rows, -first))
    order = order[~(np.isin(groups, seed.groups) | np.isin(pool.rows, seed.rows))[order]]
    best = order[first_of_each(groups[order])[:NEIGHBOURS]]
    return signals.expanded(seed.vector, pool.vectors[best], amount)


def related_scores(
    snapshot: Searchable, seed: Seed, rows: Rows, visible: Filters, weights: Weights = WEIGHTS
) -> Scores:
    """The score that each of these articles has beside the seed, whether it would be proposed or not."""
    pool = proposed(snapshot, seed, visible)
    vector = moved_vector(snapshot, seed, pool, weights.expansion)
    return signals.score(compared(snapshot, seed, rows).seen_from(vector).signals, weights)


def _section_codes(snapshot: Searchable, seed: Seed) -> NDArray[np.int64] | None:
    if not seed.sections:
        return None
    wanted = {section.casefold() for section in seed.sections}
    words = snapshot.columns.vocabulary["section"]
    return np.array([code for code, word in enumerate(words) if word.casefold() in wanted], dtype=np.int64)


def _days_apart(published: NDArray[np.int64], seed: NDArray[np.int64]) -> NDArray[np.float32]:
    """Days from each time to the nearest of the seed's; not a number where either side has none."""
    if not len(seed):
        return np.full(len(published), np.nan, dtype=np.float32)
    times = np.where(published == NO_TIME, np.nan, published.astype(np.float64))
    return np.asarray(np.abs(times[:, None] - seed[None, :].astype(np.float64)).min(axis=1) / _DAY_S, dtype=np.float32)
