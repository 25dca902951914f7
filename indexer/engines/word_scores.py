"""What articles score by words, and scores brought to the places of the articles that they are of. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.types import Rows, Scores


@dataclass(frozen=True, slots=True)
class WordScores:
    """Articles that hold any of a query's words, best first, and what each scores by words alone.

    `near` has what neighbouring words add: the articles, in order, and how much.
    """

    rows: Rows
    scores: Scores
    near: tuple[Rows, Scores]


def put(values: Scores, rows: Rows, found: Rows, scores: Scores) -> NDArray[np.bool_]:
    """Write the scores of found rows to their places in `values`, which are aligned with `rows`; returns which were found."""
    if not len(found):
        return np.zeros(len(rows), dtype=np.bool_)
    order = np.argsort(found)
    places = np.minimum(np.searchsorted(found, rows, sorter=order), len(found) - 1)
    is_found = found[order[places]] == rows
    values[is_found] = scores[order[places[is_found]]]
    return np.asarray(is_found)
