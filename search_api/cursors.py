"""Tokens that stand for a place in one search's results, as the index was when the first page was made. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime

from indexer.errors import QueryError
from indexer.filters import Filters
from search_api.query import SearchQuery

PER_PAGE = {"limit", "cursor", "explain", "highlight", "facets"}
"""What may change from one page to the next."""


@dataclass(frozen=True, slots=True)
class Pin:
    """What every page of one search is cut from: a generation with the changes up to one, and the moment of asking."""

    generation: int
    change: int
    now: datetime


def make_cursor(query: SearchQuery, offset: int, pin: Pin) -> str:
    """An opaque token for the page of this query that begins after `offset` results."""
    facts = [offset, pin.generation, pin.change, pin.now.timestamp(), _digest(query)]
    return base64.urlsafe_b64encode(json.dumps(facts, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(query: SearchQuery) -> tuple[int, Pin | None]:
    """The offset and the pin that the query's cursor stands for; (0, None) without one.

    Raises QueryError for a cursor of another query.
    """
    if query.cursor is None:
        return 0, None
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        offset, generation, change, now, digest = json.loads(base64.urlsafe_b64decode(padded))
        valid = digest == _digest(query) and all(type(number) is int for number in (offset, generation, change))
        pin = Pin(generation, change, datetime.fromtimestamp(now, UTC))
    except (ValueError, TypeError, OverflowError, OSError):
        valid = False
    if not valid or offset < 0:
        raise QueryError(f"cursor {query.cursor[:40]!r} does not belong to this query; repeat the query without it")
    return offset, pin


def as_pinned(query: SearchQuery, pin: Pin | None) -> SearchQuery:
    """The query as it was asked for the first page."""
    return replace(query, filters=replace(query.filters, now=pin.now)) if pin else query


def _digest(query: SearchQuery) -> str:
    filters = tuple(getattr(query.filters, field.name) for field in fields(Filters) if field.name != "now")
    asked = tuple(
        getattr(query, field.name) for field in fields(query) if field.name not in PER_PAGE and field.name != "filters"
    )
    return hashlib.sha256(repr((asked, filters)).encode()).hexdigest()[:12]
