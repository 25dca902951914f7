"""Nearest chunks by inner product: what the two kinds of index share, and which of them a corpus gets.

A small corpus is searched exactly. A large one is scanned in 4-bit codes, and what the scan proposes is scored anew from the
embeddings themselves, which stay memory-mapped; how many it must propose is measured when the index is built (`overfetch`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer.engines.columns import read_array
from indexer.engines.half_precision import widened
from indexer.types import Rows, Scores, Vector

EMBEDDINGS_FILE = "embeddings.npy"
FILE = "chunks.faiss"

_AT_ONCE = 256

Encode: TypeAlias = Callable[[str], Vector]
"""A question to its unit vector."""


@dataclass(frozen=True, slots=True)
class RowSet:
    """Some of the chunk rows: as a mask, shape (chunks,), as its bits, eight to a byte, and how many they are."""

    mask: NDArray[np.bool_]
    bits: NDArray[np.uint8]
    count: int

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> RowSet:
        return cls(mask, np.packbits(mask, bitorder="little"), int(np.count_nonzero(mask)))


class VectorIndex(Protocol):
    """Chunk embeddings of unit length; scores are cosine similarities in -1..1."""

    embeddings: NDArray[np.float16]
    """Shape (chunks, dimension), fp16: what the index was built from, row for row."""

    def __len__(self) -> int: ...

    @property
    def is_exact(self) -> bool:
        """Whether none of the nearest is ever missed."""
        ...

    @property
    def parameters(self) -> dict[str, Any]:
        """What a manifest says of it."""
        ...

    def search(self, query: Vector, count: int, among: RowSet) -> tuple[Rows, Scores]:
        """The `count` best of the rows, best first."""
        ...

    def within(self, query: Vector, least: float, among: RowSet) -> Rows:
        """Those of the rows whose similarity is above `least`, in no order; nearly all of them, where the index is not exact."""
        ...


def similarities(query: Vector, embeddings: NDArray[np.float16], rows: Rows) -> Scores:
    """Cosine similarity of the query to these rows, of which a few at a time are read and widened, to stay in the cache."""
    scores = np.empty(len(rows), dtype=np.float32)
    for first in range(0, len(rows), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        scores[part] = widened(embeddings[rows[part]]) @ query
    return scores


def best(rows: Rows, scores: Scores, count: int) -> tuple[Rows, Scores]:
    """The `count` best scored rows, best first, the lower row first of equals."""
    if len(rows) > count:
        kept = scores >= -np.partition(-scores, count - 1)[count - 1]
        rows, scores = rows[kept], scores[kept]
    order = np.lexsort((rows, -scores))[:count]
    return rows[order], scores[order]


NO_ROWS: tuple[Rows, Scores] = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))


def read_embeddings(folder: Path) -> NDArray[np.float16]:
    """Memory-mapped: the pages are shared between processes and read on demand."""
    return read_array(folder / EMBEDDINGS_FILE)
