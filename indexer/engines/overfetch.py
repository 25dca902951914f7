"""How many rows a scan of codes must propose: measured on questions and passages of the corpus itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.engines.compressed_vectors import CompressedVectors
from indexer.engines.half_precision import widened
from indexer.engines.vectors import RowSet, VectorIndex
from indexer.types import Embeddings, Rows, Scores

RECALL_WANTED = 0.995
"""The share of the ten exact nearest rows that must be found, on the mean of each kind of question."""

PAGE = 10

POOL = 400
POOL_RECALL_WANTED = 0.95
"""And of the rows that a typed query looks at: the last of these rarely become hits."""

LEAST_FETCHED = (200, 400, 600, 800, 1200, 1600, 2400, 3200)
OVERFETCHES = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0)

SHARES = (1.0, 0.1, 0.01, 0.001)
"""Of the rows, which a filter lets through, where recall is checked."""

_AT_ONCE = 32_768
_ROUNDING = 1e-5
"""How much the same likeness may differ when it is computed beside others."""


def tuned(index: CompressedVectors, questions: Mapping[str, Embeddings]) -> bool:
    """Set the least that must be fetched for the recall wanted with every kind of question; whether that can be reached.

    `questions` are unit vectors by what they are of. What was measured is kept with the index.
    """
    everything = RowSet.of(np.ones(len(index), dtype=np.bool_))
    exact = {name: nearest(index.embeddings, vectors, everything, POOL) for name, vectors in questions.items()}

    def reached(depth: int, wanted: float) -> bool:
        measured = {name: recall(index, questions[name], exact[name], depth, everything) for name in questions}
        index.recall |= {f"{name} at {depth}": round(share, 4) for name, share in measured.items()}
        return min(measured.values(), default=1.0) >= wanted

    for least in LEAST_FETCHED:
        index.least_fetched = least
        if reached(PAGE, RECALL_WANTED):
            break
    else:
        return False
    for overfetch in OVERFETCHES:
        index.overfetch = overfetch
        if reached(POOL, POOL_RECALL_WANTED):
            return True
    return False


def recall(index: VectorIndex, vectors: Embeddings, exact: Sequence[Scores], depth: int, among: RowSet) -> float:
    """The mean share of the rows found, `depth` of them, that are as near as the exact nearest; 1 where there are none.

    `exact` has the scores of the exact nearest rows, best first. Of copies, which are as near as one another, any will do.
    """
    shares = []
    for vector, scores in zip(vectors, exact, strict=True):
        wanted = scores[:depth]
        if len(wanted):
            found = index.search(vector, depth, among)[1]
            shares.append(np.count_nonzero(found >= wanted[-1] - _ROUNDING) / len(wanted))
    return float(np.mean(shares)) if shares else 1.0


def nearest(embeddings: NDArray[np.float16], vectors: Embeddings, among: RowSet, count: int) -> list[Scores]:
    """The scores of the `count` exact nearest of the rows to each vector, best first, by comparing with all of them."""
    allowed = np.flatnonzero(among.mask)
    scores = [np.empty(0, dtype=np.float32)] * len(vectors)
    for first in range(0, len(allowed), _AT_ONCE):
        part = allowed[first : first + _AT_ONCE]
        found = vectors @ widened(embeddings[part]).T
        for place, of_part in enumerate(found):
            scores[place] = _best(np.concatenate([scores[place], of_part]), count)
    return scores


def _best(scores: Scores, count: int) -> Scores:
    best: Scores = np.sort(-np.partition(-scores, count)[:count] if len(scores) > count else scores)[::-1]
    return best


def sampled_rows(count: int, wanted: int, seed: int) -> Rows:
    """Some rows of so many, in order, the same ones for one seed."""
    rows: Rows = np.sort(np.random.default_rng(seed).choice(count, min(count, wanted), replace=False))
    return rows


def sampled_share(count: int, share: float, seed: int) -> RowSet:
    """About a share of the rows, drawn at random."""
    return RowSet.of(np.random.default_rng(seed).random(count) < share)
