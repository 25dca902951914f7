"""What a typed query means: its words, its operators as filters, and its time words as a date filter."""

from __future__ import annotations

from dataclasses import dataclass, replace

from indexer.engines.embedded import Snapshot
from indexer.filters import Filters, Published
from search_api.query import Dates, SearchQuery
from search_api.query_language import TypedQuery, read_query
from search_api.results import ReadDates
from search_api.time_words import read_time_words


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as it is searched: `text` may be empty, when only filters were asked for."""

    text: str
    filters: Filters
    phrases: tuple[str, ...]
    dates: ReadDates | None

    @property
    def dated(self) -> bool:
        """Whether a date filter bounds it, by parameter, operator or time words."""
        conditions = [one for group in self.filters.require for one in group]
        bounds = (self.filters.published_from, self.filters.published_before)
        return any(bounds) or any(isinstance(one, Published) for one in conditions)


def read(query: SearchQuery, snapshot: Snapshot) -> Reading:
    """Read a query against what the index holds: time words bound a search only when something is left within them."""
    typed = read_query(query.text)
    filters = replace(
        query.filters,
        require=query.filters.require + typed.require,
        exclude=query.filters.exclude + typed.exclude,
    )
    reading = Reading(typed.text, filters, typed.phrases, None)
    if query.dates is Dates.OFF or reading.dated:
        return reading
    return _with_dates(reading, typed, snapshot)


def _with_dates(reading: Reading, typed: TypedQuery, snapshot: Snapshot) -> Reading:
    found = read_time_words(typed.text, reading.filters.clock)
    if found is None or any(found.words in phrase for phrase in typed.phrases):
        return reading
    bounded = replace(reading.filters, require=(*reading.filters.require, (Published(found.start, found.past),)))
    if not snapshot.allowed(bounded).any():
        return replace(reading, dates=ReadDates(found.words, found.start, found.past, applied=False))
    return replace(
        reading,
        text=found.rest,
        filters=bounded,
        dates=ReadDates(found.words, found.start, found.past, applied=True),
    )
