from __future__ import annotations

from datetime import UTC, datetime

import pytest

from indexer.errors import QueryError
from search_api.query import Mode, SearchQuery, clean_query_text, make_cursor, parse_bound, read_cursor
from tests.support import anything


def test_a_bare_end_date_includes_its_day() -> None:
    assert parse_bound("2026-03-01", "to", end=True) == datetime(2026, 3, 2, tzinfo=UTC)
    assert parse_bound("2026-03-01", "from") == datetime(2026, 3, 1, tzinfo=UTC)
    assert parse_bound("20260301", "to", end=True) == datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("value", ["soon", "2026-99-01", "9999-12-31"])
def test_a_wrong_date_is_refused_by_name(value: str) -> None:
    with pytest.raises(QueryError, match=f"to is '{value}'"):
        parse_bound(value, "to", end=True)


def test_an_empty_question_is_refused() -> None:
    with pytest.raises(QueryError, match="q is empty"):
        clean_query_text(" \n ")


def test_a_cursor_belongs_to_its_query() -> None:
    query = SearchQuery("ferry", anything())
    cursor = make_cursor(query, 20)
    assert read_cursor(SearchQuery("ferry", anything(), cursor=cursor, limit=50)) == 20
    with pytest.raises(QueryError, match="does not belong to this query"):
        read_cursor(SearchQuery("ferry", anything(), mode=Mode.KEYWORD, cursor=cursor))


@pytest.mark.parametrize("cursor", ["", "x", "////", "bnVsbA", "WzEsMl0"])
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(QueryError, match="cursor"):
        read_cursor(SearchQuery("ferry", anything(), cursor=cursor))
