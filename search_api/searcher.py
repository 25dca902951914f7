"""A typed query to ranked hits: candidates of both arms, each scored by both, blended, folded, cut into a page."""

from __future__ import annotations

import time

import numpy as np

from indexer.engines.embedded import Snapshot
from indexer.engines.lexical import WeightedTerms
from indexer.filters import Filters
from indexer.types import Rows, Scores, Vector
from search_api.hits import HitMaker
from search_api.library import Library
from search_api.query import Mode, SearchQuery, make_cursor, read_cursor
from search_api.ranking import SEMANTIC_RATIO, Candidates, best_scores, blend, fold_duplicates
from search_api.results import SearchAnswer, Total

POOL_CHUNKS = 400
"""Chunks the dense arm proposes."""

POOL_ARTICLES = 200
"""Articles the lexical arm proposes."""


def search(library: Library, query: SearchQuery) -> SearchAnswer:
    """Answer a typed query; an index without a generation answers with no hits."""
    started = time.perf_counter()
    view = library.view
    if view is None:
        return SearchAnswer(query.text, query.mode, None, _ms(started), Total(0, exact=True), None, ())
    terms = WeightedTerms.of_query(query.text)
    vector = None if query.mode is Mode.KEYWORD else view.encoder.encode_query(query.text)
    candidates, exact = _candidates(view.snapshot, query, terms, vector)
    published = view.snapshot.columns.published[candidates.rows]
    ranked = blend(candidates, _ratio(query), best_scores(candidates), published)
    groups = fold_duplicates(view.snapshot.columns.text_key[ranked.rows].tolist())
    offset = read_cursor(query)
    page = groups[offset : offset + query.limit]
    more = offset + query.limit < len(groups)
    explained = _ratio(query) if query.explain else None
    hits = HitMaker(library.archive, view.snapshot, terms, vector, query.filters.now, explained)
    return SearchAnswer(
        query=query.text,
        mode=query.mode,
        generation=view.manifest.number,
        total=Total(len(groups), exact),
        next_cursor=make_cursor(query, offset + query.limit) if more else None,
        hits=hits.make(ranked, candidates, page),
        took_ms=_ms(started),
    )


def _ratio(query: SearchQuery) -> float:
    fixed = {Mode.SEMANTIC: 1.0, Mode.KEYWORD: 0.0}
    chosen = SEMANTIC_RATIO if query.semantic_ratio is None else query.semantic_ratio
    return fixed.get(query.mode, chosen)


def _candidates(
    snapshot: Snapshot, query: SearchQuery, terms: WeightedTerms, vector: Vector | None
) -> tuple[Candidates, bool]:
    """The union of both arms' proposals, and whether neither arm was cut off."""
    found: list[Rows] = []
    exact = True
    if vector is not None:
        rows = nearest_articles(snapshot, vector, query.filters)
        exact = exact and len(rows) < POOL_CHUNKS
        found.append(np.unique(rows))
    if query.mode is not Mode.SEMANTIC:
        rows, _ = snapshot.lexical_search(terms, POOL_ARTICLES, query.filters)
        exact = exact and len(rows) < POOL_ARTICLES
        found.append(rows)
    return score_candidates(snapshot, np.unique(np.concatenate(found)), vector, terms), exact


def nearest_articles(snapshot: Snapshot, vector: Vector, filters: Filters) -> Rows:
    """The article row of each of the nearest chunks that the filters allow."""
    chunk_rows, _ = snapshot.nearest_chunks(vector, POOL_CHUNKS, snapshot.allowed(filters))
    return snapshot.columns.article_of_chunk(chunk_rows)


def score_candidates(snapshot: Snapshot, rows: Rows, vector: Vector | None, terms: WeightedTerms) -> Candidates:
    """Both arms' raw scores for every row, whichever arm proposed it."""
    dense = best_similarity(snapshot, vector, rows) if vector is not None else np.zeros(len(rows), dtype=np.float32)
    return Candidates(rows, dense, snapshot.lexical.score(terms, rows))


def best_similarity(snapshot: Snapshot, vector: Vector, rows: Rows) -> Scores:
    """Each article's cosine similarity: that of its best chunk; 0 for an article without chunks."""
    _, owner, similarity = snapshot.chunk_similarities(vector, rows)
    best = np.full(len(rows), -1.0, dtype=np.float32)
    np.maximum.at(best, owner, similarity)
    return np.where(best == -1.0, np.float32(0.0), best)


def _ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)
