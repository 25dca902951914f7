"""Exact nearest chunks: FAISS over half-precision embeddings, with any subset of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.engines.half_precision import widened
from indexer.engines.vectors import FILE, NO_ROWS, RowSet, read_embeddings
from indexer.types import Rows, Scores, Vector

_patched: Any = faiss
"""faiss gives these constructors other arguments when it is imported, which its annotations do not say."""

_AT_ONCE = 65_536


class ExactVectors:
    """A scan of all rows asked about."""

    def __init__(self, index: Any, embeddings: NDArray[np.float16]) -> None:
        self._index = index
        self.embeddings = embeddings

    @classmethod
    def build(cls, embeddings: NDArray[np.float16]) -> ExactVectors:
        count, dimension = embeddings.shape
        quantizer = faiss.ScalarQuantizer.QT_fp16
        index = faiss.IndexScalarQuantizer(max(dimension, 1), quantizer, faiss.METRIC_INNER_PRODUCT)
        for first in range(0, count, _AT_ONCE):
            index.add(widened(embeddings[first : first + _AT_ONCE]))
        return cls(index, embeddings)

    def save(self, folder: Path) -> None:
        """Write the index beside its embeddings, which are in the folder already."""
        faiss.write_index(self._index, str(folder / FILE))

    @classmethod
    def load(cls, folder: Path) -> ExactVectors:
        return cls(faiss.read_index(str(folder / FILE), faiss.IO_FLAG_MMAP_IFC), read_embeddings(folder))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def is_exact(self) -> bool:
        return True

    @property
    def parameters(self) -> dict[str, Any]:
        return {"vectors": "exact inner product, fp16"}

    def search(self, query: Vector, count: int, among: RowSet) -> tuple[Rows, Scores]:
        if not among.count:
            return NO_ROWS
        faiss.omp_set_num_threads(1)
        parameters = _patched.SearchParameters(sel=_patched.IDSelectorBitmap(among.bits))
        scores, rows = self._index.search(query[None, :], min(count, len(self)), params=parameters)
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]

    def within(self, query: Vector, least: float, among: RowSet) -> Rows:
        if not among.count:
            return NO_ROWS[0]
        faiss.omp_set_num_threads(1)
        parameters = _patched.SearchParameters(sel=_patched.IDSelectorBitmap(among.bits))
        rows: Rows = self._index.range_search(query[None, :], least, params=parameters)[2].astype(np.int64)
        return rows
