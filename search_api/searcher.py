"""A typed query to ranked hits: read, proposed, scored, ordered, folded, cut into a page."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from indexer.engines.columns import NO_TIME
from indexer.engines.embedded import Snapshot
from indexer.types import Rows
from search_api import candidates as arms
from search_api import facets, ranking
from search_api.candidates import Question
from search_api.cursors import Pin, as_pinned, make_cursor, read_cursor
from search_api.hits import Highlight, HitMaker, Shown
from search_api.library import Library, View
from search_api.query import Collapse, Mode, SearchQuery, Sort
from search_api.ranking import Candidates, Positions, Ranked
from search_api.reading import Reading, read
from search_api.recency import Recency, asked_recency, sensed_recency
from search_api.results import SearchAnswer, Total, Understood
from search_api.spelling import respelled

_ALONE = {Mode.SEMANTIC: 1.0, Mode.KEYWORD: 0.0}


def search(library: Library, query: SearchQuery) -> SearchAnswer:
    """Answer a typed query; an index without a generation answers with no hits.

    Raises QueryError for a cursor of another query and CursorExpired for one whose results are gone.
    """
    started = time.perf_counter()
    offset, pin = read_cursor(query)
    view = library.view_at(pin.generation, pin.change) if pin else library.view
    if view is None:
        empty = Understood(query.text)
        return SearchAnswer(query.text, query.mode, None, _ms(started), Total(0, exact=True), None, (), empty)
    asked = as_pinned(query, pin)
    reading = read(asked, view.snapshot)
    question = _question(view, asked, reading)
    found = _results(view.snapshot, asked, reading, question)
    page = found.shown[offset : offset + query.limit]
    more = offset + query.limit < len(found.shown)
    if more:
        library.keep(view)
    highlight = Highlight.MEANING if query.highlight else Highlight.NONE
    maker = HitMaker(library, view, question, query.filters.now, highlight)
    return SearchAnswer(
        query=query.text,
        mode=query.mode,
        generation=view.manifest.number,
        total=Total(len(found.shown), found.exact),
        next_cursor=make_cursor(query, offset + query.limit, _pin(view, asked)) if more else None,
        hits=maker.make(
            Shown.of(found.ranked, found.candidates, page, found.keys),
            explained=_ratio(query) if query.explain else None,
        ),
        understood=Understood(
            text=reading.text,
            dates=reading.dates,
            recency=found.recency.strength if found.recency else 0.0,
            suggestion=respelled(view.snapshot, query.text, question) if offset == 0 else None,
        ),
        facets=facets.count(view.snapshot.columns, found.ranked.rows[found.shown], query.facets),
        took_ms=_ms(started),
    )


def _pin(view: View, asked: SearchQuery) -> Pin:
    return Pin(view.manifest.number, view.change, asked.filters.now)


@dataclass(frozen=True, slots=True)
class Results:
    """All results of a query in order; `shown` are the places of those that stand for themselves, copies left out."""

    ranked: Ranked
    candidates: Candidates
    keys: Rows
    shown: Positions
    exact: bool
    recency: Recency | None = None


def _question(view: View, query: SearchQuery, reading: Reading) -> Question:
    allowed = view.snapshot.allowed(reading.filters)
    words = reading.text and query.mode is not Mode.SEMANTIC
    meaning = reading.text and query.mode is not Mode.KEYWORD
    return Question(
        reading.text,
        view.snapshot.lexical.terms_of(reading.text) if words else None,
        view.encoder.encode_query(reading.text) if meaning else None,
        reading.filters,
        allowed,
    )


def _results(snapshot: Snapshot, query: SearchQuery, reading: Reading, question: Question) -> Results:
    if not reading.text:
        ranked, candidates, exact = _filtered_only(snapshot, query, question)
        return _folded(snapshot, query, Results(ranked, candidates, *_unfolded(ranked), exact))
    newest = query.sort is Sort.NEWEST
    if query.sort is Sort.RELEVANCE:
        rows, exact = arms.best(snapshot, question)
    else:
        rows, exact = arms.dated(snapshot, question, newest=newest)
    candidates = arms.scored(snapshot, rows, question.terms, question.vector)
    ranked = ranking.blend(candidates, _ratio(query))
    recency = None
    if query.sort is Sort.RELEVANCE:
        recency = _recency(query, reading, ranked, candidates)
        if recency:
            published = candidates.published[ranked.candidate]
            factors = recency.factors(published, reading.filters.clock, NO_TIME)
            ranked = ranking.with_recency(ranked, factors, published)
    else:
        ranked = ranking.by_date(ranked, candidates.published[ranked.candidate], NO_TIME, newest=newest)
    ranked = ranked.at(_good_enough(query, ranked))
    return _folded(snapshot, query, Results(ranked, candidates, *_unfolded(ranked), exact, recency))


def _good_enough(query: SearchQuery, ranked: Ranked) -> Positions:
    """The places that reach the score asked for; by default those that are results at all, however old."""
    if query.min_score is not None:
        return np.flatnonzero(ranked.score >= query.min_score)
    least = ranking.least_score(_ratio(query)) if query.sort is Sort.RELEVANCE else 0.0
    return np.flatnonzero(ranked.blend >= least)


def _unfolded(ranked: Ranked) -> tuple[Rows, Positions]:
    everything = np.arange(len(ranked), dtype=np.int64)
    return everything, everything


def _filtered_only(snapshot: Snapshot, query: SearchQuery, question: Question) -> tuple[Ranked, Candidates, bool]:
    """Every article that the filters let through, all alike: the newest first, unless the oldest are asked for."""
    rows = np.flatnonzero(question.allowed)
    rows = arms.ordered_by_date(rows, snapshot.columns.published, newest=query.sort is not Sort.OLDEST)
    nothing = np.zeros(len(rows), dtype=np.float32)
    candidates = Candidates(rows, nothing, nothing, nothing, nothing, snapshot.columns.published[rows])
    places = np.arange(len(rows), dtype=np.int64)
    full = np.ones(len(rows), dtype=np.float32)
    return Ranked(places, rows, nothing, nothing, full, full, full), candidates, True


def _recency(query: SearchQuery, reading: Reading, ranked: Ranked, candidates: Candidates) -> Recency | None:
    asked = asked_recency(query.recency)
    published = candidates.published[ranked.candidate]
    if asked or query.recency == "off" or reading.dated or (published == NO_TIME).all():
        return asked
    return sensed_recency(reading.text, ranked.score, published, reading.filters.clock)


def _folded(snapshot: Snapshot, query: SearchQuery, results: Results) -> Results:
    """The results with copies folded, alike ones set apart, and no source too often."""
    ranked = results.ranked
    keys = results.keys
    if query.collapse is Collapse.DUPLICATES:
        keys = snapshot.columns.text_key[ranked.rows]
    shown = ranking.first_of_each(keys)
    if query.diversity > 0 and query.sort is Sort.RELEVANCE:
        first = shown[: ranking.DIVERSIFIED]
        order = ranking.diversified(ranked.score[first], snapshot.article_vectors(ranked.rows[first]), query.diversity)
        shown = np.concatenate([first[order], shown[ranking.DIVERSIFIED :]])
    if query.max_per_source is not None:
        sources = snapshot.columns.source[ranked.rows[shown]].tolist()
        shown = shown[ranking.capped(sources, query.max_per_source)]
    return replace(results, keys=keys, shown=shown)


def _ratio(query: SearchQuery) -> float:
    chosen = ranking.SEMANTIC_RATIO if query.semantic_ratio is None else query.semantic_ratio
    return _ALONE.get(query.mode, chosen)


def _ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)
