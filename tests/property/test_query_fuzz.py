"""Whatever is typed is answered or refused by a QueryError, and read in a moment; `make fuzz-queries` tries many more."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.composing import composed
from indexer.errors import CursorExpired, QueryError
from search_api.cursors import read_cursor
from search_api.library import Library
from search_api.query import (
    MAX_QUERY_CHARS,
    Collapse,
    Mode,
    SearchQuery,
    Sort,
    clean_query_text,
    make_filters,
    parse_bound,
    whole_text,
)
from search_api.query_language import read_query
from search_api.recency import asked_recency
from search_api.searcher import search
from search_api.suggestions import suggest
from search_api.time_words import read_time_words
from tests.property.invented_queries import OPERATORS, queries
from tests.support import anything, index_of, opened_library, record

logger = logging.getLogger(__name__)

STRINGS = int(os.environ.get("DATELINE_FUZZ_QUERIES", "2000"))
SEARCHED_ONE_IN = 20
"""A whole search takes a hundred times as long as reading a query."""

LONGEST_S = 0.05
"""Of the processor, for reading one query; a stall that is not its own is tried again."""

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
often = settings(
    max_examples=STRINGS, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
seldom = settings(often, max_examples=STRINGS // SEARCHED_ONE_IN)
slowest: dict[str, float] = {}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        library = opened_library(index_of(tmp_path_factory.mktemp("fuzzed"), [record(number) for number in range(60)]))
        yield library
        library.close()


def read_all(typed: str) -> None:
    """Everything that is read from a query before anything is looked up."""
    with suppress(QueryError):
        line = clean_query_text(typed)
        query = read_query(line)
        read_time_words(query.text, NOW)
    for read in (asked_recency, lambda text: parse_bound(text, "from", end=True)):
        with suppress(QueryError):
            read(typed)
    with suppress(QueryError):
        read_cursor(SearchQuery("ferry", anything(NOW), cursor=typed))


def seconds(read: Callable[[str], Any], typed: str) -> float:
    """The processor time that reading takes: the least of up to four tries, since the first may meet a collection."""
    least = float("inf")
    for _ in range(4):
        started = time.thread_time()
        read(typed)
        least = min(least, time.thread_time() - started)
        if least < LONGEST_S / 2:
            break
    return least


@often
@given(typed=queries)
def test_any_text_is_read_in_a_moment_or_refused_in_words(typed: str) -> None:
    taken = seconds(read_all, typed)
    if taken > max(slowest.values(), default=0.0):
        slowest.clear()
        slowest[typed[:80]] = taken
    assert taken < LONGEST_S, f"{taken:.3f} s for {typed[:200]!r}, {len(typed)} characters"


@pytest.mark.parametrize("ending", ["", '"', "x”"])
def test_no_repeated_pair_of_pieces_takes_long(ending: str) -> None:
    pieces = [
        *OPERATORS[:5],
        "-",
        "(",
        ")",
        " OR ",
        'title:"',
        "2026",
        "2026..",
        "last ",
        "between ",
        "May ",
        "30 ",
        "é",
        "a",
    ]
    for one, other in product(pieces, repeat=2):
        typed = ((one + other) * MAX_QUERY_CHARS)[: MAX_QUERY_CHARS - len(ending)] + ending
        assert seconds(read_all, typed) < LONGEST_S, typed[:40]


@seldom
@given(
    typed=queries,
    mode=st.sampled_from(Mode),
    sort=st.sampled_from(Sort),
    collapse=st.sampled_from(Collapse),
    cursor=st.none() | queries,
    filters=st.dictionaries(
        st.sampled_from(["section", "language", "tag"]), st.lists(queries.map(whole_text), max_size=2)
    ),
)
def test_any_text_is_searched(
    library: Library,
    typed: str,
    mode: Mode,
    sort: Sort,
    collapse: Collapse,
    cursor: str | None,
    filters: dict[str, list[str]],
) -> None:
    with suppress(QueryError):
        text = clean_query_text(typed)
        query = SearchQuery(text, anything(NOW), mode=mode, sort=sort, collapse=collapse, explain=True)
        assert search(library, query).total.value >= 0
        assert search(library, replace(query, filters=make_filters(NOW, filters, {}))).total.value >= 0
        with suppress(CursorExpired):
            search(library, replace(query, cursor=cursor))
    suggest(library, whole_text(typed)[:MAX_QUERY_CHARS], NOW, 8)


def test_marks_piled_on_a_letter_are_composed_in_time_that_grows_with_them() -> None:
    piled = "a" + "\u0301\u0327" * 100_000
    assert seconds(lambda text: composed(text) and None, piled) < LONGEST_S
    assert composed(piled).startswith("\u00e1")
    assert composed("cafe\u0301 " + "e\u0301" * 50) == "café " + "é" * 50


def test_a_question_too_long_to_be_one_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(QueryError, match="has 1000000 characters"):
        clean_query_text("a\u0301" * 500_000)
    assert clean_query_text(f"{' ' * 5000}ferry{' ' * 5000}") == "ferry"


def test_a_text_of_more_operands_than_a_question_has_is_searched_as_it_is() -> None:
    phrases = '"a b"' * 200
    assert read_query(phrases).text == phrases
    assert not read_query(phrases).require
    assert len(read_query('"ab"' * 40).require) == 40


def teardown_module() -> None:
    logger.info("%d strings were read; the slowest: %s", STRINGS, slowest)
