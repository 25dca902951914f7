"""Filters as tantivy clauses, which neither add to a score nor let anything else through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from tantivy import FieldType, Occur, Query

from indexer.engines.analysis import analyse, folded
from indexer.engines.columns import NO_TIME
from indexer.engines.lexical_schema import EXACT, EXACT_TITLE, TEXT, TITLE, schema
from indexer.filters import Condition, Filters, Holds, Is, Place

Clause = tuple[Any, Any]

_LAST_TIME = int(np.iinfo(np.int64).max)


def filter_clauses(filters: Filters, analyses: Sequence[str]) -> list[Clause]:
    """What an article must be and must not be; `analyses` are those that the index holds texts of."""
    now = int(filters.now.timestamp())
    must = [
        Query.term_query(schema(), "usable", True),
        Query.range_query(schema(), "embargoed", FieldType.Integer, NO_TIME, now),
    ]
    named = (
        ("section", filters.sections),
        ("source", filters.sources),
        ("language", filters.languages),
        ("author", filters.authors),
        ("tag", filters.tags),
    )
    must += [_any_of(field, words) for field, words in named if words]
    if filters.published_from or filters.published_before:
        must.append(_published(filters.published_from, filters.published_before))
    must += [_one_of([condition_query(one, analyses) for one in group]) for group in filters.require]
    clauses = [(Occur.Must, Query.const_score_query(query, 0.0)) for query in must]
    clauses += [(Occur.MustNot, condition_query(one, analyses)) for one in filters.exclude]
    if filters.exclude_sources:
        clauses.append((Occur.MustNot, _any_of("source", filters.exclude_sources)))
    if filters.as_of:
        later = int(filters.as_of.timestamp())
        clauses.append((Occur.MustNot, _between(later, _LAST_TIME, include_first=False)))
    return clauses


def condition_query(condition: Condition, analyses: Sequence[str]) -> Any:
    """One condition as a query; one that asks for no word matches nothing."""
    if isinstance(condition, Is):
        return _any_of(condition.field.value, [condition.value])
    if isinstance(condition, Holds):
        return _holds(condition, analyses)
    return _published(condition.start, condition.past)


def _holds(condition: Holds, analyses: Sequence[str]) -> Any:
    title = condition.place is Place.TITLE
    words = folded(condition.words)
    found = [_in_a_row(EXACT_TITLE if title else EXACT, words)] if words else []
    if not condition.exact:
        forms = {tuple(analyse(condition.words, name)) for name in analyses}
        found += [_in_a_row(TITLE if title else TEXT, list(form)) for form in sorted(forms) if form]
    return _one_of(found)


def _in_a_row(field: str, words: list[str]) -> Any:
    if len(words) == 1:
        return Query.term_query(schema(), field, words[0], index_option="basic")
    return Query.phrase_query(schema(), field, words)


def _one_of(queries: Iterable[Any]) -> Any:
    clauses = [(Occur.Should, query) for query in queries]
    return Query.boolean_query(clauses) if clauses else Query.empty_query()


def _any_of(field: str, words: Sequence[str]) -> Any:
    return Query.term_set_query(schema(), field, [word.casefold() for word in words])


def _published(start: datetime | None, past: datetime | None) -> Any:
    first = int(start.timestamp()) if start else NO_TIME + 1
    return _between(first, int(past.timestamp()) if past else _LAST_TIME, include_last=past is None)


def _between(first: int, last: int, *, include_first: bool = True, include_last: bool = True) -> Any:
    return Query.range_query(
        schema(),
        "published",
        FieldType.Integer,
        first,
        last,
        include_lower=include_first,
        include_upper=include_last,
    )
