from __future__ import annotations

from datetime import UTC, datetime

import pytest

from indexer.errors import QueryError
from search_api.query import clean_query_text, make_filters, parse_bound
from tests.support import NOW


def test_a_bare_end_date_includes_its_day() -> None:
    assert parse_bound("2026-03-01", "to", end=True) == datetime(2026, 3, 2, tzinfo=UTC)
    assert parse_bound("2026-03-01", "from") == datetime(2026, 3, 1, tzinfo=UTC)
    assert parse_bound("20260301", "to", end=True) == datetime(2026, 3, 2, tzinfo=UTC)
    assert parse_bound("9999-12-31", "to", end=True) == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize("value", ["soon", "2026-99-01", "9999-12-31T23:00:00-12:00"])
def test_a_wrong_date_is_refused_by_name(value: str) -> None:
    with pytest.raises(QueryError, match=f"to is '{value}'"):
        parse_bound(value, "to", end=True)


def test_an_empty_question_is_refused() -> None:
    with pytest.raises(QueryError, match="q is empty"):
        clean_query_text(" \n ")


def test_an_as_of_day_ends_with_the_day() -> None:
    assert make_filters(NOW, {}, {"as_of": "2026-03-01"}).as_of == datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    assert make_filters(NOW, {}, {"as_of": "2026-03-01T06:00Z"}).clock == datetime(2026, 3, 1, 6, tzinfo=UTC)
    assert make_filters(NOW, {}, {}).clock == NOW


def test_a_wrong_date_is_named_as_it_was_given() -> None:
    with pytest.raises(QueryError, match="--as-of is 'soon'"):
        make_filters(NOW, {}, {"as_of": "soon"}, lambda name: f"--{name.replace('_', '-')}")
