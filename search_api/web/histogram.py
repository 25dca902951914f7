"""Results over time as bars that filter when chosen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

MOST_BARS = 10
"""More would be narrower than a finger needs (24 pixels); then each stands for several days, months or years."""

HEIGHT = 40
"""Of the highest bar, in the units of its drawing."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The articles of the days from `first` to `last`, in words from `begins` to `ends`.

    `height` is in 0..HEIGHT, at least 1 for any article.
    """

    begins: str
    ends: str
    first: date
    last: date
    count: int
    height: int

    @property
    def label(self) -> str:
        """`March 2026`, `March 2026 to April 2026`."""
        return self.begins if self.begins == self.ends else f"{self.begins} to {self.ends}"


def bars(counts: Mapping[str, int]) -> list[Bar]:
    """Bars of equal length over the whole span of a date facet, those without articles too; none for a single period."""
    periods = _periods(counts)
    if len(periods) < 2:
        return []
    size = -(-len(periods) // MOST_BARS)
    groups = [periods[start : start + size] for start in range(0, len(periods), size)]
    numbers = [sum(counts.get(key, 0) for key in group) for group in groups]
    highest = max(numbers)
    return [
        Bar(
            begins=_named(group[0]),
            ends=_named(group[-1]),
            first=_first(group[0]),
            last=_first(_next(group[-1])) - timedelta(days=1),
            count=number,
            height=max(1, round(HEIGHT * number / highest)) if number else 0,
        )
        for group, number in zip(groups, numbers, strict=True)
    ]


def _periods(counts: Mapping[str, int]) -> list[str]:
    """Every period from the first that is counted to the last: `2026-03-09`, `2026-03` or `2026`."""
    if not counts:
        return []
    period, last = min(counts), max(counts)
    periods = [period]
    while period < last:
        period = _next(period)
        periods.append(period)
    return periods


def _next(period: str) -> str:
    if len(period) == len("2026-03-09"):
        return (date.fromisoformat(period) + timedelta(days=1)).isoformat()
    if len(period) == len("2026-03"):
        year, month = map(int, period.split("-"))
        return f"{year + month // 12:04}-{month % 12 + 1:02}"
    return f"{int(period) + 1:04}"


def _first(period: str) -> date:
    return date.fromisoformat(f"{period}-01-01"[: len("2026-03-09")])


def _named(period: str) -> str:
    day = _first(period)
    return {10: f"{day.day} {day:%B %Y}", 7: f"{day:%B %Y}"}.get(len(period), period)
