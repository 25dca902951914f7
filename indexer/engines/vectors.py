"""Exact nearest chunks by inner product: FAISS over half-precision embeddings, with any subset of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.types import Rows, Scores, Vector

_patched: Any = faiss
"""faiss gives these constructors other arguments when it is imported, which its annotations do not say."""

FILE = "chunks.faiss"
EMBEDDINGS_FILE = "embeddings.npy"


class VectorIndex:
    """Chunk embeddings of unit length, in fp16; scores are cosine similarities in -1..1."""

    def __init__(self, index: Any, embeddings: NDArray[np.float16]) -> None:
        self._index = index
        self.embeddings = embeddings
        """Shape (chunks, dimension), fp16: what the index was built from, row for row."""

    @classmethod
    def build(cls, embeddings: NDArray[np.float16]) -> VectorIndex:
        count, dimension = embeddings.shape
        quantizer = faiss.ScalarQuantizer.QT_fp16
        index = faiss.IndexScalarQuantizer(max(dimension, 1), quantizer, faiss.METRIC_INNER_PRODUCT)
        for first in range(0, count, 65_536):
            index.add(embeddings[first : first + 65_536].astype(np.float32))
        return cls(index, embeddings)

    def save_index(self, folder: Path) -> None:
        """Write the index beside its embeddings, which are in the folder already."""
        faiss.write_index(self._index, str(folder / FILE))

    @classmethod
    def load(cls, folder: Path) -> VectorIndex:
        """Memory-mapped: the pages are shared between processes and read on demand."""
        index = faiss.read_index(str(folder / FILE), faiss.IO_FLAG_MMAP_IFC)
        return cls(index, np.load(folder / EMBEDDINGS_FILE, mmap_mode="r", allow_pickle=False))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, query: Vector, count: int, allowed: NDArray[np.bool_]) -> tuple[Rows, Scores]:
        """The `count` best chunk rows among those allowed (shape (chunks,)), best first."""
        if not len(self) or not allowed.any():
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        selector = _patched.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        parameters = _patched.SearchParameters(sel=selector)
        scores, rows = self._index.search(query[None, :], min(count, len(self)), params=parameters)
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]

    def within(self, query: Vector, least: float, allowed: NDArray[np.bool_]) -> Rows:
        """Every allowed chunk row whose similarity is above `least`, in no order."""
        if not len(self) or not allowed.any():
            return np.empty(0, dtype=np.int64)
        selector = _patched.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        parameters = _patched.SearchParameters(sel=selector)
        rows: Rows = self._index.range_search(query[None, :], least, params=parameters)[2].astype(np.int64)
        return rows


def similarities(query: Vector, embeddings: NDArray[np.float16] | NDArray[np.float32]) -> Scores:
    """Cosine similarity of the query to each row."""
    scores: Scores = np.asarray(embeddings, dtype=np.float32) @ query
    return scores
