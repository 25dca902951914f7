from __future__ import annotations

import pytest

from indexer.errors import QueryError
from search_api.cursors import Pin, as_pinned, make_cursor, read_cursor
from search_api.query import Mode, SearchQuery
from tests.support import NOW, anything

PIN = Pin(generation=3, change=41, now=NOW)


def test_a_cursor_tells_the_place_and_what_it_is_a_place_in() -> None:
    cursor = make_cursor(SearchQuery("ferry", anything()), 20, PIN)
    assert read_cursor(SearchQuery("ferry", anything(), cursor=cursor, limit=50, explain=True)) == (20, PIN)
    assert read_cursor(SearchQuery("ferry", anything())) == (0, None)


def test_a_cursor_belongs_to_its_query() -> None:
    cursor = make_cursor(SearchQuery("ferry", anything()), 20, PIN)
    for other in (
        SearchQuery("boat", anything(), cursor=cursor),
        SearchQuery("ferry", anything(), mode=Mode.KEYWORD, cursor=cursor),
        SearchQuery("ferry", anything(), diversity=0.5, cursor=cursor),
    ):
        with pytest.raises(QueryError, match="does not belong to this query"):
            read_cursor(other)


def test_later_pages_are_asked_at_the_moment_of_the_first() -> None:
    later = SearchQuery("ferry", anything(NOW.replace(year=2027)))
    assert as_pinned(later, PIN).filters.now == NOW
    assert as_pinned(later, None) is later


@pytest.mark.parametrize("cursor", ["", "x", "////", "bnVsbA", "WzEsMl0", "W10", "e30", "WzEsMSwxLDFlOTk5LCJ4Il0"])
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(QueryError, match="cursor"):
        read_cursor(SearchQuery("ferry", anything(), cursor=cursor))
