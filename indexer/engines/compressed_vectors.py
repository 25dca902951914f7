"""Nearest chunks of a large corpus: a scan of 4-bit codes proposes rows, which are scored exactly from their embeddings.

The codes are those of a product quantizer (Jégou and others 2011) with 16 centroids for every two numbers, laid out for
registers (André and others 2017), in one list that is always scanned whole: no row is out of reach, and a filter costs nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.engines.half_precision import widened
from indexer.engines.vectors import FILE, NO_ROWS, RowSet, best, read_embeddings, similarities
from indexer.types import Rows, Scores, Vector

_patched: Any = faiss
"""faiss gives these constructors other arguments when it is imported, which its annotations do not say."""

PARAMETERS_FILE = "compressed.json"

TRAINED_ON = 65_536
"""Rows that the codebook is made from."""

FEW_ROWS = 1_000
FEW_SHARE = 0.004
"""Up to so many rows, or this share of all, are scored exactly at once: that takes no longer than the scan of all codes."""

WITHIN_FIRST = 1_000
"""Rows that are looked at first for all above a similarity; four times as many while the last of them is above it."""

MARGIN = 0.05
"""How far below it the last must be: what the scan missed is near the end of what it found."""

_AT_ONCE = 65_536
_SEED = 1


class CompressedVectors:
    """A scan of codes; `overfetch` times as many rows as are wanted, and `least_fetched` at least, are scored from embeddings."""

    def __init__(
        self, index: Any, embeddings: NDArray[np.float16], overfetch: float = 1.0, least_fetched: int = 1
    ) -> None:
        self._index = index
        self.embeddings = embeddings
        self.overfetch = overfetch
        self.least_fetched = least_fetched
        self.recall: dict[str, float] = {}
        """The share of the exact nearest rows that are found with these, as it was measured (see `engines/overfetch.py`)."""

    @classmethod
    def build(cls, embeddings: NDArray[np.float16]) -> CompressedVectors:
        """Of an even dimension."""
        count, dimension = embeddings.shape
        index: Any = faiss.index_factory(dimension, f"IVF1,PQ{dimension // 2}x4fs", faiss.METRIC_INNER_PRODUCT)
        sample = np.random.default_rng(_SEED).choice(count, min(count, TRAINED_ON), replace=False)
        index.train(widened(embeddings[np.sort(sample)]))
        for first in range(0, count, _AT_ONCE):
            index.add(widened(embeddings[first : first + _AT_ONCE]))
        return cls(index, embeddings)

    def save(self, folder: Path) -> None:
        """Write the codes beside the embeddings, which are in the folder already."""
        faiss.write_index(self._index, str(folder / FILE))
        facts = {"overfetch": self.overfetch, "least_fetched": self.least_fetched, "recall": self.recall}
        (folder / PARAMETERS_FILE).write_text(json.dumps(facts, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> CompressedVectors:
        facts = json.loads((folder / PARAMETERS_FILE).read_text(encoding="utf-8"))
        index = faiss.read_index(str(folder / FILE), faiss.IO_FLAG_MMAP_IFC)
        loaded = cls(index, read_embeddings(folder), facts["overfetch"], facts["least_fetched"])
        loaded.recall = facts["recall"]
        return loaded

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def is_exact(self) -> bool:
        return False

    @property
    def parameters(self) -> dict[str, Any]:
        kind = f"IVF1,PQ{self.embeddings.shape[1] // 2}x4fs, scored anew from fp16"
        return {
            "vectors": kind,
            "overfetch": self.overfetch,
            "least_fetched": self.least_fetched,
            "recall": self.recall,
        }

    def proposed(self, query: Vector, count: int, among: RowSet) -> Rows:
        """What the scan alone finds best, in order of row."""
        faiss.omp_set_num_threads(1)
        selector = _patched.IDSelectorBitmap(among.bits) if among.count < len(self) else None
        parameters = _patched.SearchParametersIVF(sel=selector, nprobe=1)
        rows = self._index.search(query[None, :], min(count, among.count), params=parameters)[1][0]
        found: Rows = np.sort(rows[rows >= 0])
        return found

    def search(self, query: Vector, count: int, among: RowSet) -> tuple[Rows, Scores]:
        fetched = max(self.least_fetched, round(self.overfetch * count))
        return self._scored(query, count, among, fetched)

    def _scored(self, query: Vector, count: int, among: RowSet, fetched: int) -> tuple[Rows, Scores]:
        if not among.count:
            return NO_ROWS
        is_few = among.count <= max(FEW_ROWS, FEW_SHARE * len(self), fetched)
        rows = np.flatnonzero(among.mask) if is_few else self.proposed(query, fetched, among)
        return best(rows, similarities(query, self.embeddings, rows), count)

    def within(self, query: Vector, least: float, among: RowSet) -> Rows:
        count = WITHIN_FIRST
        while True:
            rows, scores = self.search(query, count, among)
            if len(rows) < count or scores[-1] <= least - MARGIN:
                return rows[scores > least]
            count *= 4
