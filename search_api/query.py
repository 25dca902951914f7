"""What a reader asks, as plain values. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from indexer.composing import composed
from indexer.errors import QueryError
from indexer.filters import Filters
from search_api.related_ranking import Weights

DEFAULT_LIMIT = 10
MAX_LIMIT = 100
MAX_QUERY_CHARS = 2000

MOST_TYPED_CHARS = 10 * MAX_QUERY_CHARS
"""The same before white space is squeezed: more is not looked at."""

PASSAGE_WORDS = 40
"""A text of more words is a passage, not a question: neither operators nor time words are read in it."""

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


class Sort(StrEnum):
    """What comes first."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


class Collapse(StrEnum):
    """What is folded into one hit: nothing, copies of one text, or all that is of one story."""

    NONE = "none"
    DUPLICATES = "duplicates"
    STORY = "story"


class Dates(StrEnum):
    """Whether time words of a question become a date filter."""

    AUTO = "auto"
    OFF = "off"


class Facet(StrEnum):
    """What results are counted by."""

    SECTION = "section"
    SOURCE = "source"
    LANGUAGE = "language"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """One search, as asked. `text` may hold operators and time words (see query_language and time_words).

    `semantic_ratio` (0..1) weighs the dense arm of a hybrid search, `min_score` (0..1) cuts the results; None leaves
    either to ranking. `recency` is auto, off or a half-life such as 7d. `diversity` (0..1) sets results that are alike
    apart; each source may come `max_per_source` times.
    """

    text: str
    filters: Filters
    mode: Mode = Mode.HYBRID
    semantic_ratio: float | None = None
    sort: Sort = Sort.RELEVANCE
    recency: str = "auto"
    dates: Dates = Dates.AUTO
    collapse: Collapse = Collapse.DUPLICATES
    max_per_source: int | None = None
    diversity: float = 0.0
    min_score: float | None = None
    facets: tuple[Facet, ...] = ()
    highlight: bool = True
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    explain: bool = False


class RelatedMode(StrEnum):
    """What kind of related articles is wanted; docs/related.md says what a reader gets from each."""

    RELATED = "related"
    LATEST = "latest"
    BACKGROUND = "background"
    SAME_STORY = "same_story"


class Fallback(StrEnum):
    """What fills the list when too few articles are related enough."""

    SECTION = "section"
    RECENT = "recent"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RelatedQuery:
    """One question for articles related to a seed. `filters` and `window` also bound the fallback.

    `window` is how far from the seed's date articles may be. `min_score` None leaves the least score to the mode;
    `fallback` None is section, and none for `same_story`. `weights` None are the mode's own. `exclude` names articles that
    are left out with their copies; `diversity` and `max_per_source` are as in a search.
    """

    filters: Filters
    mode: RelatedMode = RelatedMode.RELATED
    limit: int = DEFAULT_LIMIT
    window: timedelta | None = None
    exclude: tuple[str, ...] = ()
    max_per_source: int | None = None
    diversity: float = 0.0
    min_score: float | None = None
    fallback: Fallback | None = None
    weights: Weights | None = None


def whole_text(text: str) -> str:
    """The text with halves of a character, which no file or index can hold, as the replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean_query_text(text: str) -> str:
    """The query on one line, in composed characters as articles are; raises QueryError when it is empty or too long."""
    if len(text) > MOST_TYPED_CHARS:
        raise QueryError(f"q has {len(text)} characters; the limit is {MAX_QUERY_CHARS}")
    line = " ".join(composed(whole_text(text)).split())
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
        return _day_after(moment) if end and _is_day(value.strip()) else moment
    except (ValueError, OverflowError):
        raise QueryError(
            f"{name} is {value!r}; expected a date such as 2026-03-01 or a time such as 2026-03-01T09:30:00Z"
        ) from None


DATE_FIELDS = ("from", "to", "as_of")
"""The dates that bound a search, by the names that the API, the command line and judged queries give them."""


def make_filters(
    now: datetime,
    words: Mapping[str, Sequence[str]],
    dates: Mapping[str, str | None],
    spelled: Callable[[str], str] = str,
) -> Filters:
    """Filters from what was typed: values by the names of FILTER_FIELDS, dates by those of DATE_FIELDS.

    `spelled` is how a message spells the name of a date's field. Raises QueryError for what is no date.
    """
    as_of = parse_bound(dates.get("as_of"), spelled("as_of"), end=True)
    given: dict[str, Any] = {FILTER_FIELDS[name]: tuple(values) for name, values in words.items()}
    return Filters(
        **given,
        now=now,
        published_from=parse_bound(dates.get("from"), spelled("from")),
        published_before=parse_bound(dates.get("to"), spelled("to"), end=True),
        as_of=as_of - timedelta(seconds=1) if as_of and _is_day((dates.get("as_of") or "").strip()) else as_of,
    )


def _day_after(day: datetime) -> datetime:
    """The last day of the calendar has none: then the last moment."""
    return day + timedelta(days=1) if day.date() < date.max else datetime.max.replace(tzinfo=UTC)


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
