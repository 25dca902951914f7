"""What changed since a generation was built, held in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.archive_stored import Stored
from indexer.engines.columns import Mask
from indexer.types import Rows


@dataclass(frozen=True, slots=True)
class Tail:
    """What changed since the generation, held in memory; its rows follow the generation's."""

    embeddings: NDArray[np.float32]
    """Shape (chunks, dimension): in single precision, so that a search need not convert them."""
    article_vectors: NDArray[np.float16]
    change: NDArray[np.int64]
    """The change that brought each of the tail's articles."""
    dead: Mask
    """Shape (articles,) over all rows: superseded rows, of the generation or of the tail itself."""
    hidden: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Live rows that an earlier moment's view leaves out (see `Snapshot.until`): dead here, but still in the lexical index."""


def stacked(stored: Sequence[Stored], dimension: int = 0) -> NDArray[np.float16]:
    """Shape (chunks, dimension): the embeddings of all articles, one after another."""
    parts = [item.embeddings for item in stored if len(item.embeddings)]
    return np.concatenate(parts) if parts else np.empty((0, dimension), dtype=np.float16)


def article_vectors(embeddings: NDArray[np.float16], offsets: NDArray[Any]) -> NDArray[np.float16]:
    """Shape (articles, dimension): the normalised mean of each article's chunks."""
    count = len(offsets) - 1
    sums = np.zeros((count, embeddings.shape[1]), dtype=np.float32)
    np.add.at(sums, np.repeat(np.arange(count), np.diff(offsets)), embeddings.astype(np.float32))
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    return (sums / np.where(norms == 0, 1, norms)).astype(np.float16)
