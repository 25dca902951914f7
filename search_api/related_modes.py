"""What each kind of related articles lets in, how it weighs, and in what order it shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from indexer.articles import epoch_seconds
from indexer.filters import Filters
from indexer.types import Rows, Scores
from search_api.query import Fallback, RelatedMode, RelatedQuery
from search_api.ranking import Positions
from search_api.related_ranking import WEIGHTS, Signals, Weights

MIN_SCORE = 0.22
"""Articles below this are not related enough to show; docs/relevance.md has the trade."""

LATEST_SCORE = 0.35
"""The same for `latest`, which shows the newest of the best first: a weak one would come out on top."""

BACKGROUND_SCORE = 0.26
"""The same for `background`, in which closeness in time does not count."""

BACKGROUND_DAYS = 3
"""How much older than the seed an article must be to be its background, and no report of the same moment."""

CONTENT_SCORE = 0.26
"""The least score of an article of which neither closeness in time nor section is known: then content is all there is."""

INFORMING_CHARS = 400
"""The shortest body that can inform."""


_CALENDAR = tuple(epoch_seconds(end.replace(tzinfo=UTC)) for end in (datetime.min, datetime.max.replace(microsecond=0)))


@dataclass(frozen=True, slots=True)
class Rule:
    """What a mode weighs, and the least score that it shows."""

    weights: Weights
    least: float


RULES: Mapping[RelatedMode, Rule] = {
    RelatedMode.RELATED: Rule(WEIGHTS, MIN_SCORE),
    RelatedMode.LATEST: Rule(WEIGHTS, LATEST_SCORE),
    RelatedMode.BACKGROUND: Rule(replace(WEIGHTS, time=0.0, story=0.0, length=0.2), BACKGROUND_SCORE),
    RelatedMode.SAME_STORY: Rule(WEIGHTS, 0.0),
}


def bounds(query: RelatedQuery, first: int, last: int) -> Filters:
    """The query's filters within its window and its mode's own time; `first` and `last` are the seed's, in seconds."""
    filters = _within_window(query, first, last)
    if query.mode is RelatedMode.LATEST:
        return _narrowed(filters, _moment(last + 1), None)
    if query.mode is RelatedMode.BACKGROUND:
        return _narrowed(filters, None, _moment(first - int(timedelta(days=BACKGROUND_DAYS).total_seconds())))
    return filters


def _within_window(query: RelatedQuery, first: int, last: int) -> Filters:
    """The query's filters, and no article further from the seed's dates than its window."""
    if query.window is None:
        return query.filters
    seconds = int(query.window.total_seconds())
    return _narrowed(query.filters, _moment(first - seconds), _moment(last + seconds + 1))


def good(query: RelatedQuery, scores: Scores, signals: Signals, length: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which articles are related enough for the mode; scores, signals and lengths are aligned."""
    least = RULES[query.mode].least if query.min_score is None else query.min_score
    enough: NDArray[np.bool_] = scores >= least
    if query.mode is RelatedMode.RELATED and query.min_score is None:
        enough &= (scores >= CONTENT_SCORE) | ~(np.isnan(signals.time) & np.isnan(signals.section))
    if query.mode is RelatedMode.LATEST and query.min_score is None:
        enough |= np.nan_to_num(signals.story) > 0
    if query.mode is RelatedMode.BACKGROUND:
        enough &= length >= INFORMING_CHARS
    return enough


def best_first(rows: Rows, scores: Scores, published: NDArray[np.int64]) -> Positions:
    """The places by score, ties to the newer."""
    order: Positions = np.lexsort((-rows, published, scores))[::-1].astype(np.int64)
    return order


def newest_first(published: NDArray[np.int64]) -> Positions:
    """The places by date, those of one moment as they were."""
    return np.argsort(-published, kind="stable").astype(np.int64)


def fallback_of(query: RelatedQuery) -> Fallback:
    """The fallback asked for; by default the section, and for one story nothing else."""
    if query.fallback is not None:
        return query.fallback
    return Fallback.NONE if query.mode is RelatedMode.SAME_STORY else Fallback.SECTION


def _narrowed(filters: Filters, start: datetime | None, past: datetime | None) -> Filters:
    starts = [moment for moment in (filters.published_from, start) if moment]
    ends = [moment for moment in (filters.published_before, past) if moment]
    return replace(
        filters,
        published_from=max(starts) if starts else None,
        published_before=min(ends) if ends else None,
    )


def _moment(seconds: int) -> datetime:
    """The moment, or that end of the calendar which it lies beyond."""
    return datetime.fromtimestamp(min(max(seconds, _CALENDAR[0]), _CALENDAR[1]), tz=UTC)
