"""Measure the scan of codes alone, at sizes whose embeddings this machine need not hold.

    python -m benchmarks.codes INDEX --sizes 1000000,10000000 [--questions N]

The vectors are those of the index, each again with a random tenth added to it (of unit length then) until there are enough; only
their codes are kept. Prints, for each size, the median and 95th percentile of a scan for 800 rows by one thread, and the memory
of the codes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.scale import p95
from indexer.engines.compressed_vectors import CompressedVectors
from indexer.engines.overfetch import sampled_rows
from indexer.engines.vectors import RowSet, read_embeddings
from indexer.generations import read_manifest
from indexer.layout import IndexFolder

FETCHED = 800
ADDED = 0.1
_AT_ONCE = 65_536


def coded(embeddings: NDArray[np.float16], size: int) -> CompressedVectors:
    """Codes of `size` vectors."""
    dimension = embeddings.shape[1]
    index: Any = faiss.index_factory(dimension, f"IVF1,PQ{dimension // 2}x4fs", faiss.METRIC_INNER_PRODUCT)
    index.train(embeddings[sampled_rows(len(embeddings), _AT_ONCE, 1)].astype(np.float32))
    drawn = np.random.default_rng(2)
    for first in range(0, size, _AT_ONCE):
        rows = np.arange(first, min(first + _AT_ONCE, size))
        vectors = embeddings[rows % len(embeddings)].astype(np.float32)
        if first >= len(embeddings):
            vectors += ADDED * drawn.standard_normal(vectors.shape, dtype=np.float32) / np.sqrt(dimension)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        index.add(vectors)
    return CompressedVectors(index, embeddings)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the scan of codes alone.")
    parser.add_argument("index", type=Path, help="folder of an index")
    parser.add_argument("--sizes", default="1000000,10000000", help="how many codes, with commas between")
    parser.add_argument("--questions", type=int, default=100, help="how many scans")
    arguments = parser.parse_args()
    index = IndexFolder(arguments.index)
    embeddings = read_embeddings(index.generation(read_manifest(index).number) / "vectors")
    questions = embeddings[sampled_rows(len(embeddings), arguments.questions, 3)].astype(np.float32)
    print("| codes | of all, p50 and p95, ms | of a random tenth, p50 and p95, ms | codes, MB |\n|---|---|---|---|")
    for size in map(int, arguments.sizes.split(",")):
        vectors = coded(embeddings, size)
        cells = []
        for share in (1.0, 0.1):
            among = RowSet.of(np.random.default_rng(4).random(size) < share)
            times = []
            for question in questions:
                started = time.perf_counter()
                vectors.proposed(question, FETCHED, among)
                times.append(1000 * (time.perf_counter() - started))
            cells.append(f"{median(times):.1f}, {p95(times):.1f}")
        print(f"| {size:,} | {cells[0]} | {cells[1]} | {size * embeddings.shape[1] / 4 / 1e6:.0f} |", flush=True)


if __name__ == "__main__":
    main()
