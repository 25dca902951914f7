"""From two arms' scores to one order: blending, recency, copies, sources, diversity. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.types import Rows, Scores

SEMANTIC_RATIO = 0.55
"""Weight of the dense arm in a hybrid search, the lexical arm has the rest; docs/relevance.md has the figures."""

ARTICLE_SHARE = 0.3
"""Share of the article's own vector in its dense part; its best chunk has the rest."""

MIN_SIMILARITY = 0.18
"""The least dense part, weighed by the ratio, that an article must reach in all to be a result at all."""

MIN_SIMILARITY_ALONE = 0.3
"""The same for a question none of whose words is found anywhere: likeness alone is weak evidence."""

DIVERSIFIED = 100
"""How many of the best are reordered for diversity; the others follow as they are."""

WHOLE_TEXT = 0.8
"""The share of the longest copy's body that a copy must have to stand for the others; a shorter one may be an alert."""

Positions = NDArray[np.int64]
"""Places in a ranking, 0 the best."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Articles with both arms' scores, aligned.

    `cosine` is of the best chunk, `article_cosine` of the whole article, `bm25` as the lexical index gives it,
    `full_marks` the BM25 score that counts as 1 for the row, `published` in seconds.
    """

    rows: Rows
    cosine: Scores
    article_cosine: Scores
    bm25: Scores
    full_marks: Scores
    published: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Articles in order, and how each score came about, aligned: `candidate` is the place among the candidates.

    blend = ratio * dense + (1 - ratio) * lexical, all in 0..1; score = blend * recency.
    """

    candidate: Positions
    rows: Rows
    dense: Scores
    lexical: Scores
    blend: Scores
    recency: Scores
    score: Scores

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, positions: Positions) -> Ranked:
        """These places only, in this order."""
        return Ranked(*(getattr(self, name)[positions] for name in self.__slots__))


def blend(candidates: Candidates, semantic_ratio: float) -> Ranked:
    """Score candidates by a convex combination of their normalised scores and order them, best first.

    The dense part is the cosine of the best chunk and of the article (ARTICLE_SHARE); the lexical part is the share of
    full marks. Neither depends on the other candidates, so a score means the same on every page and under every filter
    (the theoretical normalisation of Bruch, Gai and Ingber, "An analysis of fusion functions for hybrid retrieval",
    arXiv 2210.11934). Ties go to the newer article.
    """
    cosine = (1 - ARTICLE_SHARE) * candidates.cosine + ARTICLE_SHARE * candidates.article_cosine
    dense = np.clip(cosine, 0, 1).astype(np.float32)
    marks = np.where(candidates.full_marks > 0, candidates.full_marks, 1)
    lexical = np.clip(candidates.bm25 / marks, 0, 1).astype(np.float32)
    score = (semantic_ratio * dense + (1 - semantic_ratio) * lexical).astype(np.float32)
    places = np.arange(len(candidates), dtype=np.int64)
    ranked = Ranked(places, candidates.rows, dense, lexical, score, np.ones_like(score), score)
    return ranked.at(_best_first(score, candidates.published, candidates.rows))


def with_recency(ranked: Ranked, factors: Scores, published: NDArray[np.int64]) -> Ranked:
    """The ranking with each score multiplied by its factor (0..1); `factors` and `published` are aligned with it."""
    score = ranked.blend * factors
    fields = {name: getattr(ranked, name) for name in ranked.__slots__} | {"recency": factors, "score": score}
    return Ranked(**fields).at(_best_first(score, published, ranked.rows))


def by_date(ranked: Ranked, published: NDArray[np.int64], undated: int, *, newest: bool) -> Ranked:
    """The ranking ordered by publication, articles without a date (`undated`) last; ties by score."""
    last = published == undated
    order = np.lexsort((ranked.rows, -ranked.score, -published if newest else published, last))
    return ranked.at(order)


def _best_first(score: Scores, published: NDArray[np.int64], rows: Rows) -> Positions:
    order: Positions = np.lexsort((-rows, published, score))[::-1].astype(np.int64)
    return order


def least_score(semantic_ratio: float, *, words_found: bool) -> float:
    """The blend below which an article is no result, unless a score is asked for."""
    return (MIN_SIMILARITY if words_found or semantic_ratio == 1 else MIN_SIMILARITY_ALONE) * semantic_ratio


def first_of_each(keys: NDArray[np.int64]) -> Positions:
    """The place where each key comes first, in order: the best ranked of each text has the place of all its copies."""
    _, first = np.unique(keys, return_index=True)
    return np.sort(first).astype(np.int64)


def copies_of(keys: NDArray[np.int64], position: int) -> Positions:
    """The other places that hold the same key."""
    same: Positions = np.flatnonzero((keys == keys[position]) & (np.arange(len(keys)) != position)).astype(np.int64)
    return same


def canonical(
    texts: NDArray[np.int64], rows: Rows, published: NDArray[np.int64], length: NDArray[np.int32], *, undated: int
) -> Positions:
    """For each article, the place of the copy that stands for it among those of the same text.

    It is the earliest published of the copies that have WHOLE_TEXT of the longest one's `length`; those without a date
    (`undated`) come last, ties go to the lower row. All arrays are aligned.
    """
    _, text, copies = np.unique(texts, return_inverse=True, return_counts=True)
    longest = np.zeros(len(copies), dtype=length.dtype)
    np.maximum.at(longest, text, length)
    partial = length < WHOLE_TEXT * longest[text]
    standing = np.arange(len(texts), dtype=np.int64)
    copied = np.flatnonzero(copies[text] > 1)
    keys = (key[copied] for key in (rows, published, published == undated, partial, text))
    order = copied[np.lexsort(tuple(keys))]
    first = np.flatnonzero(np.diff(text[order], prepend=-1))
    standing[order] = np.repeat(order[first], np.diff(first, append=len(order)))
    return standing


def diversified(scores: Scores, vectors: NDArray[np.float32], diversity: float) -> Positions:
    """An order in which an article that is like those before it comes later.

    Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) with lambda = 1 - diversity: `vectors`, shape
    (articles, dimension), are of unit length and aligned with `scores`, which are best first.
    """
    count = len(scores)
    likeness = np.zeros(count, dtype=np.float32)
    left = np.ones(count, dtype=np.bool_)
    order = []
    for _ in range(count):
        worth = np.where(left, (1 - diversity) * scores - diversity * likeness, -np.inf)
        best = int(worth.argmax())
        order.append(best)
        left[best] = False
        likeness = np.maximum(likeness, vectors @ vectors[best])
    return np.array(order, dtype=np.int64)


def capped(sources: Sequence[int], most: int) -> Positions:
    """The places that stay when each source (a code; below 0 for none) may come `most` times; those without one all stay."""
    seen: Counter[int] = Counter()
    kept = []
    for position, source in enumerate(sources):
        seen[source] += 1
        if source < 0 or seen[source] <= most:
            kept.append(position)
    return np.array(kept, dtype=np.int64)
