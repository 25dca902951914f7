"""Tokens that stand for a place in one search's results, as the index was when the first page was made. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from itertools import accumulate, pairwise

from indexer.errors import QueryError
from indexer.filters import Filters
from search_api.query import SearchQuery

PER_PAGE = {"limit", "cursor", "explain", "highlight", "facets"}
"""What may change from one page to the next."""

MOST_SHOWN = 1000
"""A cursor names the articles shown before it up to this many; one further on is good only while its view is held."""

MOST_BYTES = 100_000
_WHOLE_NUMBERS = 2**53


@dataclass(frozen=True, slots=True)
class Pin:
    """What every page of one search is cut from: a generation with the changes up to one, and the moment of asking."""

    generation: int
    change: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after `offset` results, those of the articles `shown` (archive numbers; None: too many to name)."""

    offset: int = 0
    pin: Pin | None = None
    shown: tuple[int, ...] | None = ()

    def after(self, page: Sequence[int], pin: Pin) -> Place:
        """The place after a page of these articles."""
        offset = self.offset + len(page)
        known = self.shown is not None and offset <= MOST_SHOWN
        return Place(offset, pin, (*(self.shown or ()), *page) if known else None)


def make_cursor(query: SearchQuery, place: Place) -> str:
    """An opaque token for the page of this query that begins at a place."""
    assert place.pin is not None
    pin = place.pin
    shown = None if place.shown is None else _steps(sorted(place.shown))
    facts = [place.offset, pin.generation, pin.change, int(pin.now.timestamp()), _digest(query), shown]
    packed = zlib.compress(json.dumps(facts, separators=(",", ":")).encode())
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(query: SearchQuery) -> Place:
    """The place that the query's cursor stands for, the beginning without one; raises QueryError for one of another query."""
    if query.cursor is None:
        return Place()
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        packed = zlib.decompressobj().decompress(base64.urlsafe_b64decode(padded), MOST_BYTES)
        offset, generation, change, now, digest, steps = json.loads(packed)
        numbers = (offset, generation, change, now, *(steps or ()))
        valid = digest == _digest(query) and all(
            type(number) is int and 0 <= number < _WHOLE_NUMBERS for number in numbers
        )
        pin = Pin(generation, change, datetime.fromtimestamp(now, UTC))
    except (ValueError, TypeError, OverflowError, OSError, zlib.error, RecursionError):
        valid = False
    if not valid:
        raise QueryError(f"cursor {query.cursor[:40]!r} does not belong to this query; repeat the query without it")
    return Place(offset, pin, None if steps is None else tuple(accumulate(steps)))


def as_pinned(query: SearchQuery, place: Place) -> SearchQuery:
    """The query at the moment of its first page, to the second; never at one that is still to come."""
    now = query.filters.now.replace(microsecond=0)
    return replace(query, filters=replace(query.filters, now=min(place.pin.now, now) if place.pin else now))


def _steps(numbers: Sequence[int]) -> list[int]:
    """The first number, and each one's distance from the one before."""
    return [*numbers[:1], *(later - earlier for earlier, later in pairwise(numbers))]


def _digest(query: SearchQuery) -> str:
    filters = tuple(getattr(query.filters, field.name) for field in fields(Filters) if field.name != "now")
    asked = tuple(
        getattr(query, field.name) for field in fields(query) if field.name not in PER_PAGE and field.name != "filters"
    )
    return hashlib.sha256(repr((asked, filters)).encode()).hexdigest()[:12]
