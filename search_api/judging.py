"""Judged collections asked of the product's own search, and the figures that come of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from statistics import quantiles
from typing import Any

from indexer.errors import QueryError, SourceError
from indexer.filters import Filters
from search_api.clock import utc_now
from search_api.evaluation import JudgedQuery, measures, read_qrels, read_queries
from search_api.library import Library
from search_api.query import (
    DATE_FIELDS,
    DEFAULT_LIMIT,
    FILTER_FIELDS,
    Fallback,
    Mode,
    RelatedQuery,
    SearchQuery,
    make_filters,
)
from search_api.related import related
from search_api.related_ranking import Weights
from search_api.searcher import search

DEPTH = 100
"""How many results are judged, for recall@100; latency is of a first page."""


class Task(StrEnum):
    SEARCH = "search"
    RELATED = "related"


_NO_SIGNAL = Weights(dense=0.0, lexical=0.0, section=0.0, time=0.0, story=0.0, length=0.0, expansion=0.0)

RELATED_MODES: Mapping[str, Weights | None] = {
    "related": None,
    "semantic": replace(_NO_SIGNAL, dense=1.0),
    "keyword": replace(_NO_SIGNAL, lexical=1.0),
}
"""Signal sets of related articles, the default first, and what each weighs (None: the default)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one mode reached on a collection; times in milliseconds."""

    mode: str
    measures: dict[str, float]
    queries: int
    p50_ms: float
    p95_ms: float

    def document(self) -> dict[str, Any]:
        rounded = {name: round(value, 4) for name, value in self.measures.items()}
        return {"mode": self.mode, **rounded, "queries": self.queries, "p50_ms": self.p50_ms, "p95_ms": self.p95_ms}


@dataclass(frozen=True, slots=True)
class Collection:
    """Judged questions: id -> what to ask (a query; for related articles its text is the seed's id), and their judgments."""

    name: str
    questions: dict[str, JudgedQuery]
    qrels: dict[str, dict[str, int]]


def read_collection(folder: Path, task: Task, limit: int | None = None) -> Collection:
    """The judged questions of a folder, the first `limit` of them; raises SourceError when there are none."""
    qrels = read_qrels(folder / ("qrels.tsv" if task is Task.SEARCH else "related_qrels.tsv"))
    qrels = {asked: grades for asked, grades in qrels.items() if max(grades.values()) > 0}
    if task is Task.SEARCH:
        questions = {query.id: query for query in read_queries(folder / "queries.jsonl") if query.id in qrels}
    else:
        questions = {seed: JudgedQuery(seed, seed) for seed in qrels}
    questions = dict(list(questions.items())[:limit])
    if not questions:
        raise SourceError(f"{folder} has no judged question for {task}; expected queries with a grade above 0")
    for query in questions.values():
        judged_filters(query, utc_now())
    return Collection(folder.resolve().name, questions, {asked: qrels[asked] for asked in questions})


def judge_search(library: Library, collection: Collection, mode: Mode, now: datetime) -> Judged:
    """Ask every query in one mode, with default settings."""

    def ask(query: JudgedQuery, count: int) -> Sequence[str]:
        asked = SearchQuery(" ".join(query.text.split()), judged_filters(query, now), mode=mode, limit=count)
        return [hit.article.id for hit in search(library, asked).hits]

    return _judge(library, collection, mode, ask, seeds=False)


def judged_filters(query: JudgedQuery, now: datetime) -> Filters:
    """The filters of a judged query; raises QueryError naming an unknown one."""
    given = dict(query.filters)
    dates = {name: given.pop(name, None) for name in DATE_FIELDS}
    if unknown := given.keys() - FILTER_FIELDS.keys():
        raise QueryError(
            f"query {query.id!r} has the filter {min(unknown)!r}; known are {', '.join([*FILTER_FIELDS, *DATE_FIELDS])}"
        )
    words = {name: [value] if isinstance(value, str) else value for name, value in given.items()}
    given_dates = [date for date in dates.values() if date is not None]
    if not all(map(_are_texts, [*words.values(), given_dates])):
        raise QueryError(
            f"query {query.id!r} has the filters {dict(query.filters)!r}; expected texts or lists of texts"
        )
    return make_filters(now, words, dates)


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def judge_related(library: Library, collection: Collection, mode: str, now: datetime) -> Judged:
    """Ask for the related articles of every seed from one signal set; fallbacks do not count.

    The default set keeps its default `min_score`; the others, whose scores mean something else, are not cut.
    """
    weights = RELATED_MODES[mode]
    least = None if weights is None else 0.0

    def ask(seed: JudgedQuery, count: int) -> Sequence[str]:
        query = RelatedQuery(Filters(now), limit=count, min_score=least, fallback=Fallback.NONE, weights=weights)
        return [hit.article.id for hit in related(library, seed.text, query).hits]

    return _judge(library, collection, mode, ask, seeds=True)


def _judge(
    library: Library,
    collection: Collection,
    mode: str,
    ask: Callable[[JudgedQuery, int], Sequence[str]],
    *,
    seeds: bool,
) -> Judged:
    run: dict[str, Sequence[str]] = {}
    times = []
    for asked, what in collection.questions.items():
        started = time.perf_counter()
        ask(what, DEFAULT_LIMIT)
        times.append((time.perf_counter() - started) * 1000)
        run[asked] = ask(what, DEPTH)
    run, qrels = by_text(library, run, collection, seeds=seeds)
    cuts = quantiles(times, n=20, method="inclusive") if len(times) > 1 else times * 19
    return Judged(mode, measures(run, qrels), len(run), round(cuts[9], 2), round(cuts[18], 2))


def by_text(
    library: Library, run: Mapping[str, Sequence[str]], collection: Collection, *, seeds: bool
) -> tuple[dict[str, Sequence[str]], dict[str, dict[str, int]]]:
    """A run and the judgments with each article named by its text: copies are one answer, of the best grade among them.

    An answer shows one copy of a text and folds the others into it, whichever of them was judged. What is no article of
    the library keeps its name. The questions may be `seeds`, whose own text is no answer to them; a typed query's id may
    be that of any article.
    """
    view = library.view
    texts: dict[str, str] = {}

    def text(article_id: str) -> str:
        if article_id not in texts:
            seq = library.records.seq_of(article_id)
            row = view.snapshot.row_of(seq) if view and seq is not None else None
            named = article_id if view is None or row is None else str(view.snapshot.columns.text_group[row])
            texts[article_id] = named
        return texts[article_id]

    qrels: dict[str, dict[str, int]] = {}
    for asked, grades in collection.qrels.items():
        own = text(asked) if seeds else None
        qrels[asked] = {}
        for article_id, grade in grades.items():
            if (name := text(article_id)) != own:
                qrels[asked][name] = max(grade, qrels[asked].get(name, 0))
    return {asked: [text(article_id) for article_id in found] for asked, found in run.items()}, qrels
