"""From two arms' scores to one order: blending and the folding of duplicates. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.types import Rows, Scores

SEMANTIC_RATIO = 0.6
"""Weight of the dense arm in a hybrid search, the lexical arm has the rest; docs/relevance.md has the figures."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Articles with both arms' scores, aligned: raw cosine (best chunk) and raw BM25."""

    rows: Rows
    dense: Scores
    lexical: Scores

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Articles best first. Row i has score[i] in 0..1, made of the parts dense[i] and lexical[i], each in 0..1."""

    rows: Rows
    score: Scores
    dense: Scores
    lexical: Scores


def best_scores(candidates: Candidates) -> tuple[float, float]:
    """The best cosine and the best BM25 score among the candidates."""
    return float(candidates.dense.max(initial=0.0)), float(candidates.lexical.max(initial=0.0))


def blend(
    candidates: Candidates, semantic_ratio: float, full_marks: tuple[float, float], published: NDArray[np.int64]
) -> Ranked:
    """Order candidates by a convex combination of their normalised scores; ties go to the newer article.

    `full_marks` are the cosine and the BM25 score that count as 1; 0 is no likeness and no common word (the
    convex combination of Bruch, Gai and Ingber, "An analysis of fusion functions for hybrid retrieval",
    arXiv 2210.11934, with scores divided by a maximum). `published` (seconds) is aligned with the candidates.
    """
    dense = _normalised(candidates.dense, full_marks[0])
    lexical = _normalised(candidates.lexical, full_marks[1])
    score = semantic_ratio * dense + (1 - semantic_ratio) * lexical
    order = np.lexsort((-candidates.rows, published, score))[::-1]
    return Ranked(candidates.rows[order], score[order], dense[order], lexical[order])


def _normalised(scores: Scores, full_mark: float) -> Scores:
    return np.clip(scores / full_mark, 0.0, 1.0).astype(np.float32) if full_mark > 0 else np.zeros_like(scores)


@dataclass(frozen=True, slots=True)
class Group:
    """One shown article, at `position` of the ranking, and the positions of its copies."""

    position: int
    copies: tuple[int, ...]


def fold_duplicates(keys: Sequence[int]) -> list[Group]:
    """Ranked articles folded by text key: the best ranked of each text is shown, its copies are listed under it."""
    groups: dict[int, list[int]] = {}
    for position, key in enumerate(keys):
        groups.setdefault(key, []).append(position)
    return [Group(positions[0], tuple(positions[1:])) for positions in groups.values()]
