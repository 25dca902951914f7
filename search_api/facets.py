"""Results counted by section, source, language and date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from indexer.engines.columns import NO_TIME, Columns
from indexer.types import Rows
from search_api.query import Facet

LONGEST_BY_DAY = 45
"""Dates that span at most this many days are counted by day; up to LONGEST_BY_MONTH by month; else by year."""

LONGEST_BY_MONTH = 1100


def count(columns: Columns, rows: Rows, wanted: Sequence[Facet]) -> Mapping[str, Mapping[str, int]]:
    """For each facet its values and how many of the articles have each; an article without one is not counted.

    Words come by count, most first, each as most of these articles write it; dates (`2026-03-09`, `2026-03` or `2026`, as the
    span asks for) in order.
    """
    return {
        facet.value: _dates(columns, rows) if facet is Facet.DATE else _words(columns, rows, facet) for facet in wanted
    }


def _words(columns: Columns, rows: Rows, facet: Facet) -> dict[str, int]:
    codes = getattr(columns, facet.value)[rows]
    vocabulary = columns.vocabulary[facet.value]
    found = zip(*np.unique(codes[codes >= 0], return_counts=True), strict=True)
    spelled = Counter({vocabulary[int(code)]: int(number) for code, number in found})
    spelling: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for word, number in sorted(spelled.items(), key=lambda pair: (-pair[1], pair[0])):
        counts[spelling.setdefault(word.casefold(), word)] += number
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _dates(columns: Columns, rows: Rows) -> dict[str, int]:
    times = columns.published[rows]
    moments = times[times != NO_TIME].astype("datetime64[s]")
    if not len(moments):
        return {}
    days = int((moments.max() - moments.min()) / np.timedelta64(1, "D"))
    unit = "D" if days <= LONGEST_BY_DAY else "M" if days <= LONGEST_BY_MONTH else "Y"
    values, counts = np.unique(moments.astype(f"datetime64[{unit}]"), return_counts=True)
    return {str(value): int(number) for value, number in zip(values, counts, strict=True)}
