"""A typed query to ranked hits: read, proposed, scored, ordered, folded, cut into a page."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from indexer.engines.columns import NO_TIME
from indexer.engines.embedded import Snapshot
from indexer.errors import CursorExpired
from indexer.types import Rows
from search_api import candidates as arms
from search_api import facets, ranking
from search_api.candidates import Question
from search_api.cursors import Pin, Place, as_pinned, make_cursor, read_cursor
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
    place = read_cursor(query)
    view, still = library.view_at(place.pin.generation, place.pin.change) if place.pin else (library.view, True)
    if view is None:
        empty = Understood(query.text)
        return SearchAnswer(query.text, query.mode, None, _ms(started), Total(0, exact=True), None, (), empty)
    asked = as_pinned(query, place)
    reading, question, found = _answered(view, asked)
    page, more = _page(view, found, place, query.limit, still=still)
    if more and still:
        library.keep(view)
    seqs = view.snapshot.columns.seq[found.ranked.rows]
    highlight = Highlight.MEANING if query.highlight else Highlight.NONE
    maker = HitMaker(library, view, question, query.filters.now, highlight)
    explained = _ratio(query) if query.explain and reading.text else None
    return SearchAnswer(
        query=query.text,
        mode=query.mode,
        generation=view.manifest.number,
        total=Total(len(found.shown), found.exact),
        next_cursor=make_cursor(query, place.after(seqs[page].tolist(), _pin(view, asked, place))) if more else None,
        hits=maker.make(Shown.of(found.ranked, found.candidates, page, found.keys), explained=explained),
        understood=Understood(
            text=reading.text,
            dates=reading.dates,
            recency=found.recency.strength if found.recency else 0.0,
            suggestion=respelled(view.snapshot, query.text, question) if place.pin is None else None,
        ),
        facets=facets.count(
            view.snapshot.columns, library.unwithdrawn(view, found.ranked.rows[found.shown]), query.facets
        ),
        took_ms=_ms(started),
    )


def _answered(view: View, query: SearchQuery) -> tuple[Reading, Question, Results]:
    """The query as it was read, and its results; when time words leave nothing that answers, without their filter."""
    reading = read(query, view.snapshot)
    question = _question(view, query, reading)
    found = _results(view.snapshot, query, reading, question)
    if len(found.shown) or reading.dates is None or not reading.dates.applied:
        return reading, question, found
    reading = read(query, view.snapshot, dates_apply=False)
    question = _question(view, query, reading)
    return reading, question, _results(view.snapshot, query, reading, question)


def _page(view: View, found: Results, place: Place, limit: int, *, still: bool) -> tuple[Positions, bool]:
    """The results of the page, and whether more follow: what is left after those shown, when the order may have changed."""
    if still:
        left = found.shown[place.offset :]
    elif place.shown is None:
        raise CursorExpired
    else:
        seqs = view.snapshot.columns.seq[found.ranked.rows[found.shown]]
        left = found.shown[~np.isin(seqs, place.shown)]
    return left[:limit], len(left) > limit


def _pin(view: View, asked: SearchQuery, place: Place) -> Pin:
    return place.pin or Pin(view.manifest.number, view.change, asked.filters.now)


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
    ratio = _ratio(query)
    words = reading.text and ratio < 1
    meaning = reading.text and ratio > 0
    return Question(
        reading.text,
        reading.phrases,
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
    candidates = arms.scored(snapshot, rows, question.terms, question.vector, question.filters.now)
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
    if query.sort is not Sort.RELEVANCE:
        return np.arange(len(ranked), dtype=np.int64)
    return np.flatnonzero(ranked.blend >= ranking.least_score(_ratio(query), words_found=bool(ranked.lexical.any())))


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
        keys = snapshot.columns.text_group[ranked.rows]
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
