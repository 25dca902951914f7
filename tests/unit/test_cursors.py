from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from datetime import timedelta

import pytest

from indexer.errors import QueryError
from search_api.cursors import MOST_SHOWN, Pin, Place, as_pinned, make_cursor, read_cursor
from search_api.query import Mode, SearchQuery
from tests.support import NOW, anything

PIN = Pin(generation=3, change=41, now=NOW)
PLACE = Place(4, PIN, (7, 9, 12, 400))


def cursor_of(*facts: object) -> str:
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(facts).encode())).decode().rstrip("=")


def test_a_cursor_tells_the_place_and_what_it_is_a_place_in() -> None:
    cursor = make_cursor(SearchQuery("ferry", anything()), PLACE)
    assert read_cursor(SearchQuery("ferry", anything(), cursor=cursor, limit=50, explain=True)) == PLACE
    assert read_cursor(SearchQuery("ferry", anything())) == Place()


def test_a_place_names_what_was_shown_up_to_a_limit() -> None:
    place = Place().after([5, 3], PIN).after([4], PIN)
    assert place == Place(3, PIN, (5, 3, 4))
    far = place.after(range(10, 10 + MOST_SHOWN), PIN)
    assert (far.offset, far.shown) == (3 + MOST_SHOWN, None)
    cursor = make_cursor(SearchQuery("ferry", anything()), far)
    assert read_cursor(SearchQuery("ferry", anything(), cursor=cursor)) == far


def test_a_cursor_belongs_to_its_query() -> None:
    cursor = make_cursor(SearchQuery("ferry", anything()), PLACE)
    for other in (
        SearchQuery("boat", anything(), cursor=cursor),
        SearchQuery("ferry", anything(), mode=Mode.KEYWORD, cursor=cursor),
        SearchQuery("ferry", anything(), diversity=0.5, cursor=cursor),
    ):
        with pytest.raises(QueryError, match="does not belong to this query"):
            read_cursor(other)


def test_later_pages_are_asked_at_the_moment_of_the_first_and_never_at_one_to_come() -> None:
    query = SearchQuery("ferry", anything(NOW + timedelta(days=9)))
    assert as_pinned(query, PLACE).filters.now == NOW
    tomorrow = replace(PLACE, pin=replace(PIN, now=NOW + timedelta(days=99)))
    assert as_pinned(query, tomorrow).filters.now == NOW + timedelta(days=9)
    assert as_pinned(SearchQuery("ferry", anything(NOW.replace(microsecond=9))), Place()).filters.now == NOW


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "////",
        "bnVsbA",
        cursor_of(),
        cursor_of(1, 2, 3, 4, "x", None),
        cursor_of(-1, 2, 3, 4, "x", []),
        cursor_of(1, 2, 10**40, 4, "x", []),
        cursor_of(1, 2, 3, 4, "x", ["a"]),
        cursor_of(1, 2, 3, float("nan"), "x", []),
        base64.urlsafe_b64encode(zlib.compress(b"[" * 10_000_000)).decode(),
    ],
)
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(QueryError, match="cursor"):
        read_cursor(SearchQuery("ferry", anything(), cursor=cursor))
