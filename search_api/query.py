"""What a reader asks, as plain values. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from indexer.errors import QueryError
from indexer.filters import Filters

DEFAULT_LIMIT = 10
MAX_LIMIT = 100
MAX_QUERY_CHARS = 2000


FILTER_FIELDS: Mapping[str, str] = {
    "section": "sections",
    "source": "sources",
    "exclude_source": "exclude_sources",
    "author": "authors",
    "language": "languages",
    "tag": "tags",
}
"""The filters by the names that the API, the command line and judged queries give them."""


class Mode(StrEnum):
    """Which arms answer a search."""

    HYBRID = "hybrid"
    SEMANTIC = "semantic"
    KEYWORD = "keyword"


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """One search. `semantic_ratio` (0..1) weighs the dense arm of a hybrid search; None leaves it to ranking."""

    text: str
    filters: Filters
    mode: Mode = Mode.HYBRID
    semantic_ratio: float | None = None
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    explain: bool = False


class RelatedMode(StrEnum):
    """What kind of related articles is wanted."""

    RELATED = "related"


class Fallback(StrEnum):
    """What fills the list when too few articles are related enough."""

    SECTION = "section"
    RECENT = "recent"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RelatedQuery:
    """One question for articles related to a seed. `filters` also bound the fallback.

    `semantic_ratio` (0..1) weighs the dense arm; None leaves it to ranking.
    """

    filters: Filters
    mode: RelatedMode = RelatedMode.RELATED
    limit: int = DEFAULT_LIMIT
    exclude: tuple[str, ...] = ()
    min_score: float | None = None
    fallback: Fallback = Fallback.SECTION
    semantic_ratio: float | None = None


def clean_query_text(text: str) -> str:
    """The query on one line; raises QueryError when it is empty or too long."""
    line = " ".join(text.split())
    if not line:
        raise QueryError("q is empty; type a question or some words")
    if len(line) > MAX_QUERY_CHARS:
        raise QueryError(f"q has {len(line)} characters; the limit is {MAX_QUERY_CHARS}")
    return line


def parse_bound(value: str | None, name: str, *, end: bool = False) -> datetime | None:
    """A date or ISO 8601 time in UTC. A bare date means its first moment or, at the `end`, the first after it."""
    if value is None or not value.strip():
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return moment + timedelta(days=1) if end and _is_day(value.strip()) else moment
    except (ValueError, OverflowError):
        raise QueryError(
            f"{name} is {value!r}; expected a date such as 2026-03-01 or a time such as 2026-03-01T09:30:00Z"
        ) from None


def make_filters(
    now: datetime,
    words: Mapping[str, Sequence[str]],
    published_from: tuple[str, str | None] = ("from", None),
    published_to: tuple[str, str | None] = ("to", None),
) -> Filters:
    """Filters from what was typed: values by the names of FILTER_FIELDS, and two dates, each with the name it was given by."""
    return Filters(
        now=now,
        **{FILTER_FIELDS[name]: tuple(values) for name, values in words.items()},
        published_from=parse_bound(published_from[1], published_from[0]),
        published_before=parse_bound(published_to[1], published_to[0], end=True),
    )


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def make_cursor(query: SearchQuery, offset: int) -> str:
    """An opaque token for the page that begins at `offset` of this query's results."""
    payload = json.dumps([offset, _digest(query)]).encode()
    return base64.urlsafe_b64encode(payload).decode().rstrip("=")


def read_cursor(query: SearchQuery) -> int:
    """The offset that the query's cursor stands for; 0 without one. Raises QueryError for one of another query."""
    if query.cursor is None:
        return 0
    try:
        offset, digest = json.loads(base64.urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4)))
        valid = isinstance(offset, int) and not isinstance(offset, bool) and offset >= 0 and digest == _digest(query)
    except (ValueError, TypeError):
        valid = False
    if not valid:
        raise QueryError(f"cursor {query.cursor[:40]!r} does not belong to this query; repeat the query without it")
    return int(offset)


def _digest(query: SearchQuery) -> str:
    filters = {name: getattr(query.filters, name) for name in Filters.__slots__ if name != "now"}
    asked = repr((query.text, query.mode, query.semantic_ratio, sorted(filters.items())))
    return hashlib.sha256(asked.encode()).hexdigest()[:12]
