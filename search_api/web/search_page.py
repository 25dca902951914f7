"""What the search page shows beside its results: chips of what is asked for, and links that ask for less or more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice

from babel import Locale

from search_api.query import Collapse, Facet, Sort
from search_api.results import SearchAnswer
from search_api.web.addresses import Address
from search_api.web.histogram import Bar, bars

SHOWN = 8
"""How many values of a facet are offered at once."""

MOST = 100
"""How many are offered in all, those with most results first."""

FACETS = (Facet.SECTION, Facet.SOURCE, Facet.LANGUAGE, Facet.DATE)

_CHIPS = {
    "section": "Section",
    "source": "Source",
    "exclude_source": "Not from",
    "author": "By",
    "language": "Language",
    "tag": "Tag",
    "from": "From",
    "to": "To",
    "as_of": "As of",
    "mode": "Mode",
    "semantic_ratio": "Weight of meaning",
    "recency": "Recency",
    "max_per_source": "Most per source",
    "diversity": "Diversity",
    "min_score": "Least score",
}
_ORDERS = {Sort.RELEVANCE: "Best first", Sort.NEWEST: "Newest", Sort.OLDEST: "Oldest"}
_LANGUAGES: Mapping[str, str] = Locale("en").languages


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that is asked for, and the address without it."""

    label: str
    without: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that may be asked for: how many results it has, and its address; `chosen` when it is asked for now."""

    label: str
    link: str
    count: int | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Narrowing:
    """One facet: its name, and the values to choose from; `more` are shown when asked for."""

    title: str
    choices: list[Choice]
    more: list[Choice]


def chips(address: Address, answer: SearchAnswer | None) -> list[Chip]:
    """Every filter of the address, and the dates that were read from the question's own words."""
    found = [
        Chip(f"{_CHIPS[name]}: {_shown(name, value)}", address.without(name, value))
        for name, value in address.items
        if name in _CHIPS
    ]
    dates = answer.understood.dates if answer else None
    if dates and dates.applied:
        found.append(Chip(f"“{dates.words}”: {dates.described}", address.changed({"dates": "off"})))
    return found


def orders(address: Address, sort: Sort) -> list[Choice]:
    return [
        Choice(label, address.changed({"sort": None if order is Sort.RELEVANCE else order}), chosen=order is sort)
        for order, label in _ORDERS.items()
    ]


def folding(address: Address, collapse: Collapse) -> list[Choice]:
    """Whether all articles are listed, or one of each story."""
    by_story = collapse is Collapse.STORY
    return [
        Choice("All articles", address.changed({"collapse": None}), chosen=not by_story),
        Choice("One of each story", address.changed({"collapse": Collapse.STORY}), chosen=by_story),
    ]


def narrowings(address: Address, answer: SearchAnswer) -> list[Narrowing]:
    """The facets that divide the results."""
    found = []
    for facet in (Facet.SECTION, Facet.SOURCE, Facet.LANGUAGE):
        counts = answer.facets.get(facet, {})
        if len(counts) > 1:
            choices = [
                Choice(_shown(facet, value), address.changed({facet.value: value}), count)
                for value, count in islice(counts.items(), MOST)
            ]
            found.append(Narrowing(_CHIPS[facet.value], choices[:SHOWN], choices[SHOWN:]))
    return found


def timeline(address: Address, answer: SearchAnswer) -> list[tuple[Bar, str]]:
    """The results over time, each bar with the address of its days."""
    return [
        (bar, address.changed({"from": bar.first.isoformat(), "to": bar.last.isoformat(), "dates": "off"}))
        for bar in bars(answer.facets.get(Facet.DATE, {}))
    ]


def _shown(name: str, value: str) -> str:
    if name == "language":
        return _LANGUAGES.get(value.partition("-")[0].lower(), value)
    if name in ("from", "to", "as_of"):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return value
        return f"{day.day} {day:%B %Y}"
    return value
