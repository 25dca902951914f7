"""What a typed query means: its words, its operators as filters, and its time words as a date filter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from indexer.engines.searchable import Searchable
from indexer.filters import Filters, Holds, Place, Published
from search_api.query import Dates, SearchQuery
from search_api.query_language import TypedQuery, read_query
from search_api.results import ReadDates
from search_api.seen import are_seen
from search_api.time_words import read_time_words

HEADLINE_WORDS = 4
"""Fewer words are a question that a headline happens to hold."""


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


def read(query: SearchQuery, snapshot: Searchable, *, dates_apply: bool = True) -> Reading:
    """Read a query against what the index holds.

    Time words bound a search when something is left within them, and the text is not (the beginning of) a headline;
    never when `dates_apply` is false: then they are only told.
    """
    typed = read_query(query.text)
    filters = replace(
        query.filters,
        require=query.filters.require + typed.require,
        exclude=query.filters.exclude + typed.exclude,
    )
    reading = Reading(typed.text, filters, typed.phrases, None)
    if query.dates is Dates.OFF or reading.dated:
        return reading
    return _with_dates(reading, typed, snapshot, dates_apply)


def _with_dates(reading: Reading, typed: TypedQuery, snapshot: Searchable, dates_apply: bool) -> Reading:
    found = read_time_words(typed.text, reading.filters.clock)
    if (
        found is None
        or any(_within(words, found.words) or _within(found.words, words) for words in typed.literal)
        or _is_headline(typed.text, snapshot, reading.filters.now)
    ):
        return reading
    bounded = replace(reading.filters, require=(*reading.filters.require, (Published(found.start, found.past),)))
    if not dates_apply or not snapshot.count(bounded):
        return replace(reading, dates=ReadDates(found.words, found.start, found.past, applied=False))
    return replace(
        reading,
        text=found.rest,
        filters=bounded,
        dates=ReadDates(found.words, found.start, found.past, applied=True),
    )


def _within(words: str, others: str) -> bool:
    """Whether some words stand among others, as whole words."""
    return f" {words} " in f" {others} "


def _is_headline(text: str, snapshot: Searchable, now: datetime) -> bool:
    """Whether the text, if it is long enough to be one, stands word for word in a headline that readers may see."""
    if text.count(" ") + 1 < HEADLINE_WORDS:
        return False
    return are_seen(snapshot, Holds(text, Place.TITLE, exact=True), now)
