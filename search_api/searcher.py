"""A typed query to ranked hits: read, proposed, scored, ordered, folded, cut into a page."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from indexer.engines.columns import NO_TIME
from indexer.engines.searchable import Searchable
from indexer.errors import CursorExpired, EngineLacks
from search_api import candidates as arms
from search_api import facets, ranking
from search_api.beside import beside
from search_api.candidates import Question
from search_api.cursors import Pin, Place, as_pinned, make_cursor, read_cursor
from search_api.folding import Folded, fold, left_after
from search_api.hits import Highlight, HitMaker, Shown
from search_api.library import Library, View
from search_api.query import Mode, SearchQuery, Sort
from search_api.ranking import Candidates, Positions, Ranked
from search_api.reading import Reading, read
from search_api.recency import Recency, asked_recency, sensed_recency
from search_api.results import SearchAnswer, Total, Understood
from search_api.spelling import respelled
from search_api.stages import Stage, stage
from search_api.turns import turn

_ALONE = {Mode.SEMANTIC: 1.0, Mode.KEYWORD: 0.0}


def search(library: Library, query: SearchQuery) -> SearchAnswer:
    """Answer a typed query; an index without a generation answers with no hits.

    Raises QueryError for a cursor of another query and CursorExpired for one whose results are gone.
    """
    started = time.perf_counter()
    place = read_cursor(query)
    pin, filters = place.pin, query.filters
    view, still = library.view_at(pin.generation, pin.change, filters) if pin else (library.view_of(filters), True)
    if view is None:
        empty = Understood(query.text)
        return SearchAnswer(query.text, query.mode, None, _ms(started), Total(0, exact=True), None, (), empty)
    with turn(library):
        return _answer(library, view, query, place, still=still, started=started)


def _answer(
    library: Library, view: View, query: SearchQuery, place: Place, *, still: bool, started: float
) -> SearchAnswer:
    asked = as_pinned(query, place)
    reading, question, found = _answered(view, asked)
    folded = found.folded
    page, more = _page(view, asked, folded, place, still=still)
    if more and still:
        library.keep(view)
    seqs = view.snapshot.columns.seq[folded.faces]
    highlight = Highlight.MEANING if query.highlight else Highlight.NONE
    maker = HitMaker(library, view, question, query.filters.now, highlight)
    explained = _ratio(query) if query.explain and reading.text else None
    shown = Shown.of(found.ranked, found.candidates, page, folded.texts, folded.faces)
    with stage(Stage.SNIPPET):
        hits = maker.make(shown, explained=explained)
    with stage(Stage.FACETS):
        shown_rows = library.unwithdrawn(view, folded.faces[folded.shown])
        counts = facets.count(view.snapshot.columns, shown_rows, query.facets)
    return SearchAnswer(
        query=query.text,
        mode=query.mode,
        generation=view.manifest.number,
        total=Total(len(folded.shown), found.exact),
        next_cursor=make_cursor(query, place.after(seqs[page].tolist(), _pin(view, asked, place))) if more else None,
        hits=hits,
        understood=Understood(
            text=reading.text,
            dates=reading.dates,
            recency=found.recency.strength if found.recency else 0.0,
            suggestion=respelled(view.snapshot, query.text, question) if place.pin is None else None,
        ),
        facets=counts,
        took_ms=_ms(started),
    )


def _answered(view: View, query: SearchQuery) -> tuple[Reading, Question, Results]:
    """The query as it was read, and its results; when time words leave nothing that answers, without their filter."""
    with stage(Stage.READ):
        reading = read(query, view.snapshot)
    question = _question(view, query, reading)
    found = _results(view.snapshot, query, reading, question)
    if len(found.folded.shown) or reading.dates is None or not reading.dates.applied:
        return reading, question, found
    with stage(Stage.READ):
        reading = read(query, view.snapshot, dates_apply=False)
    question = _question(view, query, reading)
    return reading, question, _results(view.snapshot, query, reading, question)


def _page(view: View, query: SearchQuery, folded: Folded, place: Place, *, still: bool) -> tuple[Positions, bool]:
    """The results of the page, and whether more follow: what is left after those shown, when the order may have changed."""
    if still:
        left = folded.shown[place.offset :]
    elif place.shown is None:
        raise CursorExpired
    else:
        left = left_after(view.snapshot, query, folded, place.shown)
    return left[: query.limit], len(left) > query.limit


def _pin(view: View, asked: SearchQuery, place: Place) -> Pin:
    return place.pin or Pin(view.manifest.number, view.change, asked.filters.now)


@dataclass(frozen=True, slots=True)
class Results:
    """All results of a query in order, and what of them is shown."""

    ranked: Ranked
    candidates: Candidates
    folded: Folded
    exact: bool
    recency: Recency | None = None


def _question(view: View, query: SearchQuery, reading: Reading) -> Question:
    with stage(Stage.FILTER):
        view.snapshot.prepare(reading.filters)
    ratio = _ratio(query)
    with stage(Stage.LEXICAL):
        terms = view.snapshot.lexical.terms_of(reading.text) if reading.text and ratio < 1 else None
    with stage(Stage.ENCODE):
        vector = view.encoder.encode_query(reading.text) if reading.text and ratio > 0 else None
    missing = view.snapshot.words_missing
    if terms is not None and vector is None and missing:
        raise EngineLacks(f"{missing}; ask with mode=semantic, or hybrid, which scores by words what meaning finds")
    by_words = None
    if terms is not None and query.sort is Sort.RELEVANCE:  # now: a model runs on every core by itself
        work = partial(arms.by_words, view.snapshot, terms, reading.filters)
        by_words = cache(work) if vector is None else beside(work)
    return Question(reading.text, reading.phrases, terms, vector, reading.filters, by_words)


def _results(snapshot: Searchable, query: SearchQuery, reading: Reading, question: Question) -> Results:
    if not reading.text:
        ranked, candidates, exact = _filtered_only(snapshot, query, question)
        return Results(ranked, candidates, fold(snapshot, query, ranked, dated=True), exact)
    if query.sort is Sort.RELEVANCE:
        rows, exact = arms.best(snapshot, question)
    else:
        rows, exact = arms.dated(snapshot, question, newest=query.sort is Sort.NEWEST)
    known = question.by_words() if question.by_words else None
    candidates = arms.scored(snapshot, rows, question.terms, question.vector, question.filters.now, known)
    with stage(Stage.FUSE):
        return _in_order(snapshot, query, reading, candidates, exact=exact)


def _in_order(
    snapshot: Searchable, query: SearchQuery, reading: Reading, candidates: Candidates, *, exact: bool
) -> Results:
    """The candidates blended, ordered and folded."""
    ranked = ranking.blend(candidates, _ratio(query))
    recency = None
    if query.sort is Sort.RELEVANCE:
        recency = _recency(query, reading, ranked, candidates)
        if recency:
            published = candidates.published[ranked.candidate]
            factors = recency.factors(published, reading.filters.clock, NO_TIME)
            ranked = ranking.with_recency(ranked, factors, published)
    else:
        newest = query.sort is Sort.NEWEST
        ranked = ranking.by_date(ranked, candidates.published[ranked.candidate], NO_TIME, newest=newest)
    ranked = ranked.at(_good_enough(query, ranked))
    folded = fold(snapshot, query, ranked, dated=query.sort is not Sort.RELEVANCE)
    return Results(ranked, candidates, folded, exact, recency)


def _good_enough(query: SearchQuery, ranked: Ranked) -> Positions:
    """The places that reach the score asked for; by default those that are results at all, however old."""
    if query.min_score is not None:
        return np.flatnonzero(ranked.score >= query.min_score)
    if query.sort is not Sort.RELEVANCE:
        return np.arange(len(ranked), dtype=np.int64)
    return np.flatnonzero(ranked.blend >= ranking.least_score(_ratio(query), words_found=bool(ranked.lexical.any())))


def _filtered_only(snapshot: Searchable, query: SearchQuery, question: Question) -> tuple[Ranked, Candidates, bool]:
    """Every article that the filters let through, all alike: the newest first, unless the oldest are asked for."""
    with stage(Stage.FILTER):
        rows, exact = snapshot.by_date(question.filters, None, newest=query.sort is not Sort.OLDEST)
    nothing = np.zeros(len(rows), dtype=np.float32)
    candidates = Candidates(rows, nothing, nothing, nothing, nothing, snapshot.columns.published[rows])
    places = np.arange(len(rows), dtype=np.int64)
    full = np.ones(len(rows), dtype=np.float32)
    return Ranked(places, rows, nothing, nothing, full, full, full), candidates, exact


def _recency(query: SearchQuery, reading: Reading, ranked: Ranked, candidates: Candidates) -> Recency | None:
    asked = asked_recency(query.recency)
    published = candidates.published[ranked.candidate]
    if asked or query.recency == "off" or reading.dated or (published == NO_TIME).all():
        return asked
    return sensed_recency(reading.text, ranked.score, published, reading.filters.clock)


def _ratio(query: SearchQuery) -> float:
    chosen = ranking.SEMANTIC_RATIO if query.semantic_ratio is None else query.semantic_ratio
    return _ALONE.get(query.mode, chosen)


def _ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)
