"""Which index a generation's vectors get: exact while they are few, codes where these are measured to find as much."""

from __future__ import annotations

from pathlib import Path

from indexer.engines.compressed_vectors import PARAMETERS_FILE, CompressedVectors
from indexer.engines.exact_vectors import ExactVectors
from indexer.engines.overfetch import sampled_rows, tuned
from indexer.engines.vectors import VectorIndex, read_embeddings
from indexer.types import Embeddings

EXACT_CHUNKS = 20_000
"""Up to so many chunks an exact scan is as fast (docs/benchmarks.md has the curve)."""

SAMPLE = 100
"""How many passages and headlines of the corpus are asked, to measure what is found."""

UNMEASURED = 2
"""How many times more is fetched where no headlines could be asked, which need more than passages do."""

_SEED = 7


def build_vectors(
    folder: Path, headlines: Embeddings | None = None, *, exact_chunks: int = EXACT_CHUNKS
) -> VectorIndex:
    """Write the index of the embeddings in a folder; `headlines` are questions to measure with, as the model embeds them."""
    embeddings = read_embeddings(folder)
    count, dimension = embeddings.shape
    if count > exact_chunks and dimension % 2 == 0:
        compressed = CompressedVectors.build(embeddings)
        questions = {"passages": embeddings[sampled_rows(count, SAMPLE, _SEED)].astype("float32")}
        if headlines is not None and len(headlines):
            questions["headlines"] = headlines
        if tuned(compressed, questions):
            if "headlines" not in questions:
                compressed.least_fetched *= UNMEASURED
                compressed.overfetch *= UNMEASURED
            compressed.save(folder)
            return compressed
    exact = ExactVectors.build(embeddings)
    exact.save(folder)
    return exact


def load_vectors(folder: Path) -> VectorIndex:
    """The index that `build_vectors` wrote, memory-mapped."""
    return CompressedVectors.load(folder) if (folder / PARAMETERS_FILE).is_file() else ExactVectors.load(folder)
