"""Rows found by archive number or story: ordered for a generation once, what came since is looked at beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from indexer.types import Rows


class Sorted:
    """The rows of each value of a column, without a walk over all of them."""

    def __init__(self, values: NDArray[np.int64]) -> None:
        self._values = values

    @cached_property
    def _order(self) -> NDArray[np.int32]:
        return np.argsort(self._values, kind="stable").astype(np.int32)

    @cached_property
    def _ordered(self) -> NDArray[np.int64]:
        return np.asarray(self._values[self._order])

    def rows(self, value: int) -> Rows:
        """In order."""
        first, past = np.searchsorted(self._ordered, [value, value + 1])
        return self._order[first:past].astype(np.int64)


class RowOfSeq:
    """The row that stands for each article, by its number in the archive."""

    def __init__(self, base: Sorted, since: Mapping[int, int | None] | None = None) -> None:
        """`since` has the row of what changed since the generation; None for what is gone."""
        self._base = base
        self._since = since or {}

    def get(self, seq: int) -> int | None:
        if seq in self._since:
            return self._since[seq]
        rows = self._base.rows(seq)
        return int(rows[0]) if len(rows) else None

    def of(self, seqs: Iterable[int]) -> Rows:
        """The rows of those of the articles that are there, in the order given."""
        found = (self.get(seq) for seq in seqs)
        return np.array([row for row in found if row is not None], dtype=np.int64)

    def with_changes(self, changed: Mapping[int, int], gone: Sequence[int]) -> RowOfSeq:
        return RowOfSeq(self._base, {**self._since, **dict.fromkeys(gone), **changed})


class StoryRows:
    """The rows of each story, of a generation and of what came since."""

    def __init__(self, base: Sorted, since: NDArray[np.int64], base_articles: int) -> None:
        """`since` has the story of each row from `base_articles` on."""
        self._base = base
        self._since = since
        self._base_articles = base_articles

    def of(self, story: int) -> Rows:
        """The article rows of a story, dead and hidden ones too, in order."""
        return np.concatenate([self._base.rows(story), np.flatnonzero(self._since == story) + self._base_articles])
