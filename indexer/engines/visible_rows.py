"""The articles that readers may see, found once for a snapshot and not for each question."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer.engines.columns import Columns, Mask
from indexer.engines.vectors import RowSet
from indexer.filters import Filters

ArticleOfChunk: TypeAlias = NDArray[np.int32]
"""Shape (chunks of the generation,): the article row of each."""


MASKS_KEPT = 8
"""Each takes a byte an article."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Holds for questions asked from `since` (seconds since 1970) until just before `until`."""

    since: int
    until: int
    mask: Mask


class VisibleRows:
    """What is live, usable and past its embargo, until the next embargo ends. May be shared between threads."""

    def __init__(self, article_of_chunk: ArticleOfChunk) -> None:
        self._article_of_chunk = article_of_chunk
        self._found: _Found | None = None
        self._chunks: tuple[Mask, RowSet] | None = None

    def fresh(self) -> VisibleRows:
        """The same for a snapshot with other articles."""
        return VisibleRows(self._article_of_chunk)

    def mask(self, columns: Columns, dead: Mask, now: int) -> Mask:
        """Shape (articles,), not to be written to: the same array again while nothing changes."""
        found = self._found
        if found is None or not found.since <= now < found.until:
            later = columns.embargoed[columns.embargoed > now]
            until = int(later.min()) if len(later) else np.iinfo(np.int64).max
            mask: Mask = columns.usable & (columns.embargoed <= now) & ~dead
            mask.flags.writeable = False
            found = self._found = _Found(now, until, mask)
        return found.mask

    def chunks(self, allowed: Mask) -> RowSet:
        """The generation's chunks of some articles, of the tail's perhaps too; found once for the mask that `mask` gave."""
        kept = self._chunks
        if kept is not None and kept[0] is allowed:
            return kept[1]
        rows = RowSet.of(allowed[self._article_of_chunk])
        if self._found is not None and self._found.mask is allowed:
            self._chunks = (allowed, rows)
        return rows


class LatestMasks:
    """The masks of the filters that a snapshot was asked with last: one question asks with the same ones several times."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._masks: OrderedDict[Filters, Mask] = OrderedDict()

    def of(self, filters: Filters, make: Callable[[], Mask]) -> Mask:
        """The mask of these filters, made if it is not kept; not to be written to."""
        with self._lock:
            found = self._masks.get(filters)
        if found is not None:
            return found
        mask = make()
        mask.flags.writeable = False
        with self._lock:
            self._masks[filters] = mask
            while len(self._masks) > MASKS_KEPT:
                self._masks.popitem(last=False)
        return mask
