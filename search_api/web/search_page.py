"""What the search page shows beside its results: chips of what is asked for, and links that ask for less or more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice

from babel import Locale

from search_api.query import DATE_FIELDS, FILTER_FIELDS, Collapse, Dates, Facet, Sort
from search_api.results import SearchAnswer
from search_api.web.addresses import CURSOR, Address
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
    "dates": "Dates in the question",
}
_ORDERS = {Sort.RELEVANCE: "Best first", Sort.NEWEST: "Newest", Sort.OLDEST: "Oldest"}
_FOLDED = {Collapse.DUPLICATES: "All articles", Collapse.STORY: "One of each story", Collapse.NONE: "Copies too"}
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
        found.append(Chip(f"“{dates.words}”: {dates.described}", address.changed({"dates": Dates.OFF})))
    return found


def is_filtered(address: Address) -> bool:
    """Whether the address asks for some articles only, without a question."""
    return any(name in FILTER_FIELDS or name in DATE_FIELDS for name, _ in address.items)


def unfiltered(address: Address, answer: SearchAnswer | None) -> str:
    """Without any chip: the same question, in the same order."""
    off = dict.fromkeys(_CHIPS)
    dates = answer.understood.dates if answer else None
    return address.changed({**off, "dates": Dates.OFF} if dates and dates.applied else off)


def orders(address: Address, sort: Sort, *, by_date: bool) -> list[Choice]:
    """`by_date`: nothing is asked for that some article could answer better than another."""
    sort = Sort.NEWEST if by_date and sort is Sort.RELEVANCE else sort
    return [
        Choice(label, address.changed({"sort": None if order is Sort.RELEVANCE else order}), chosen=order is sort)
        for order, label in _ORDERS.items()
        if not (by_date and order is Sort.RELEVANCE)
    ]


def folding(address: Address, collapse: Collapse) -> list[Choice]:
    """Whether copies of one text are one result, each by itself, or a whole story is one."""
    return [
        Choice(
            label, address.changed({"collapse": None if one is Collapse.DUPLICATES else one}), chosen=one is collapse
        )
        for one, label in _FOLDED.items()
    ]


def narrowings(address: Address, answer: SearchAnswer) -> list[Narrowing]:
    """The facets that divide the results."""
    found = []
    for facet in (Facet.SECTION, Facet.SOURCE, Facet.LANGUAGE):
        counts = answer.facets.get(facet, {})
        if facet is Facet.LANGUAGE:
            counts = _by_language(counts)
        if len(counts) > 1:
            choices = [
                Choice(_shown(facet, value), address.changed({facet.value: value}), count)
                for value, count in islice(counts.items(), MOST)
            ]
            found.append(Narrowing(_CHIPS[facet.value], choices[:SHOWN], choices[SHOWN:]))
    return found


def _by_language(counts: Mapping[str, int]) -> Mapping[str, int]:
    """The counts of en, en-GB and en-US as one: that is what the filter `en` lets through."""
    found: Counter[str] = Counter()
    for tag, count in counts.items():
        found[tag.partition("-")[0].lower()] += count
    return dict(found.most_common())


def _own_dates(answer: SearchAnswer) -> dict[str, str | None]:
    """What keeps a question's time words from bounding the dates that a reader chooses."""
    return {"dates": Dates.OFF} if answer.understood.dates else {}


def dates_form(address: Address, answer: SearchAnswer) -> list[tuple[str, str]]:
    """What goes with the dates that are chosen in the form."""
    own = [(name, value) for name, value in _own_dates(answer).items() if value]
    return [*address.all_but({"from", "to", CURSOR, *(name for name, _ in own)}), *own]


def timeline(address: Address, answer: SearchAnswer) -> list[tuple[Bar, str]]:
    """The results over time, each bar with the address of its days."""
    own = _own_dates(answer)
    return [
        (bar, address.changed({"from": bar.first.isoformat(), "to": bar.last.isoformat(), **own}))
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
