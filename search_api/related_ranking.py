"""How closely an article is related to a seed: bounded signals, and one score of them. Pure.

| signal | 0..1 | weight |
|---|---|---|
| dense | likeness of meaning: cosine of the article's vector with the seed's, moved towards its nearest neighbours | 0.5 |
| lexical | likeness of words: the seed's telling terms in the article, as a share of what the seed itself has | 0.5 |
| time | closeness in time: 1 on the same day, 0 a year apart, falling with the logarithm of the days | 0.4 |
| section | whether both are of one section | 0.1 |
| story | whether both are of one unfolding story | 0.1 |
| length | how much the article has to tell; counts only for `background` | 0 |

The first two say what the articles are about, and are their content; the others are its context, and speak for an article
only as far as its content does: two reports of one day on two subjects are not related. With context_i in 0..1,

    content = (0.5 * dense + 0.5 * lexical) / (0.5 + 0.5)
    agreement = min(1, content / AGREED)
    score = (content + agreement * sum(weight_i * context_i)) / (1 + sum(weight_i))

over the context that is known for the pair: an article without a date, a section or a place in a story is neither helped
nor hurt by that. The score depends on nothing else that was found, so that it means the same for every seed and under
every filter. What each signal is worth: docs/relevance.md, by scripts/compare_related.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.types import Embeddings, Scores, Vector

TELLING_TERMS = 25
"""How many of the seed's words make its lexical query."""

LEXICAL_POWER = 0.7
"""A share of the seed's own BM25 score counts raised to this: no other report has all its words, and a few tell much."""

AGREED = 0.4
"""Content that context speaks for in full, below it in proportion."""

NEIGHBOURS = 2
"""How many of the nearest articles the seed's vector is moved towards."""

SHORT, LONG = 600, 6000
"""Characters of a body that tells little more than a headline, and of one that has room to explain."""

UNKNOWN = np.float32(np.nan)
"""Stands for a signal that is not known for an article."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal counts, and how far the seed's vector moves towards its neighbours (0 leaves it where it is)."""

    dense: float = 0.5
    lexical: float = 0.5
    section: float = 0.1
    time: float = 0.4
    story: float = 0.1
    length: float = 0.0
    expansion: float = 2.0


WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of articles beside a seed, aligned: each signal in 0..1, context UNKNOWN where it cannot be told."""

    dense: Scores
    lexical: Scores
    section: Scores
    time: Scores
    story: Scores
    length: Scores

    def at(self, places: NDArray[np.int64]) -> Signals:
        """Those of some of the articles, in this order."""
        return Signals(*(getattr(self, name)[places] for name in self.__slots__))


def score(signals: Signals, weights: Weights = WEIGHTS) -> Scores:
    """The content of each article with the context that is known, in 0..1, as this module's description has it."""
    about = weights.dense + weights.lexical
    content = (weights.dense * signals.dense + weights.lexical * signals.lexical) / (about or 1)
    agreement = np.clip(content / AGREED, 0, 1)
    total, whole = about * content, np.full(len(content), about)
    for values, weight in (
        (signals.section, weights.section),
        (signals.time, weights.time),
        (signals.story, weights.story),
        (signals.length, weights.length),
    ):
        known = ~np.isnan(values)
        total += weight * agreement * np.where(known, values, 0)
        whole += weight * known
    return np.asarray(np.clip(total / np.where(whole > 0, whole, 1), 0, 1), dtype=np.float32)


def expanded(vector: Vector, neighbours: Embeddings, amount: float) -> Vector:
    """The vector moved towards its neighbours, nearer ones drawing more, and of unit length again.

    vector + amount * mean(cosine * neighbour): pseudo-relevance feedback after Rocchio (1971), weighed by likeness. What
    the nearest reports of an event have in common tells better what the event is than one report alone.
    """
    if not len(neighbours) or amount == 0:
        return vector
    cosine = np.clip(neighbours @ vector, 0, 1)
    moved = vector + amount * (cosine[:, None] * neighbours).mean(axis=0)
    return unit(moved)


def unit(vector: NDArray[np.float32]) -> Vector:
    """The vector at length 1; one of zeros stays."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length else vector, dtype=np.float32)


def likeness(vector: Vector, vectors: Embeddings) -> Scores:
    """The cosine similarity of each row to the vector, at least 0."""
    return np.asarray(np.clip(vectors @ vector, 0, 1), dtype=np.float32)


def shared_words(bm25: Scores, full_marks: float) -> Scores:
    """BM25 as a share of full marks, to the power of LEXICAL_POWER."""
    if full_marks <= 0:
        return np.zeros_like(bm25)
    return np.asarray(np.clip(bm25 / full_marks, 0, 1) ** LEXICAL_POWER, dtype=np.float32)


def room_to_explain(characters: NDArray[np.int32]) -> Scores:
    """0 for a body of SHORT characters or fewer, 1 for LONG or more, in between by the logarithm."""
    length = np.log(np.maximum(characters, 1) / SHORT) / np.log(LONG / SHORT)
    return np.asarray(np.clip(length, 0, 1), dtype=np.float32)


def alike(values: NDArray[np.integer[Any]], wanted: NDArray[np.int64] | None, none: int) -> Scores:
    """1 where a value is one of those wanted, 0 where it is another, UNKNOWN where it is `none` or nothing is wanted."""
    if wanted is None:
        return np.full(len(values), UNKNOWN, dtype=np.float32)
    return np.where(values == none, UNKNOWN, np.isin(values, wanted).astype(np.float32))
