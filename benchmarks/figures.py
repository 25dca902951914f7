"""What is made of the measurements: percentiles, recall, medians of rounds, tables. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.passages import Embeddings

TIE = 1e-4
"""Passages whose similarities differ by less are as good as one another: copies of a text, rounding to half precision."""


@dataclass(frozen=True, slots=True)
class Times:
    """What a series of queries took: milliseconds at the median and at 95%, and how many a second."""

    p50_ms: float
    p95_ms: float
    per_s: float

    @classmethod
    def of(cls, times_ms: Sequence[float], seconds: float) -> Times:
        """`seconds` is how long the whole series took."""
        return cls(percentile(times_ms, 50), percentile(times_ms, 95), len(times_ms) / seconds)

    @classmethod
    def median_of(cls, rounds: Sequence[Times]) -> Times:
        """The median of each figure over rounds."""
        return cls(
            median(times.p50_ms for times in rounds),
            median(times.p95_ms for times in rounds),
            median(times.per_s for times in rounds),
        )


def percentile(values: Sequence[float], share: float) -> float:
    """Linear between the two nearest values; `share` in percent."""
    return float(np.percentile(np.asarray(values), share))


def recall(found: Sequence[Sequence[int]], queries: Embeddings, passages: Embeddings, count: int) -> float:
    """The mean share of the `count` nearest passages that was found, by rows; one as near as the last counts as well."""
    shares = []
    for rows, query in zip(found, queries, strict=True):
        similarities = passages @ query
        least = np.partition(similarities, -count)[-count] - TIE
        distinct = list(dict.fromkeys(rows))[:count]
        shares.append(sum(similarities[row] >= least for row in distinct) / count)
    return float(np.mean(shares))


def agreement(one: Sequence[Sequence[str]], other: Sequence[Sequence[str]]) -> float:
    """The share of queries that both answered with the same ids in the same order."""
    same = [list(left) == list(right) for left, right in zip(one, other, strict=True)]
    return sum(same) / len(same)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of Markdown."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
