"""How many of the exact nearest passages the vector index of the serving generation finds, with and without filters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.archive import Archive
from indexer.encoder import load_encoder
from indexer.engines.embedded import Snapshot
from indexer.engines.overfetch import PAGE, SHARES, nearest, recall, sampled_rows, sampled_share
from indexer.engines.vectors import RowSet
from indexer.errors import EngineLacks
from indexer.generations import Manifest, open_snapshot, read_manifest
from indexer.layout import IndexFolder
from indexer.types import Embeddings
from search_api.engine_choice import store_of

SAMPLE = 100
"""Passages, and headlines, that are asked."""

LEAST = 0.99
"""A smaller recall is a fault of the index."""

_SEED = 11
"""Another than the one that a build measures with."""


@dataclass(frozen=True, slots=True)
class Recall:
    """The mean share of the ten exact nearest passages found by questions of one kind, where a filter lets a share through."""

    kind: str
    share: float
    allowed: int
    """Chunks that it lets through."""
    recall: float

    @property
    def told(self) -> str:
        return f"recall@{PAGE} of {self.kind}, {self.share:.1%} of the passages allowed ({self.allowed:,}): {self.recall:.4f}"


def measure(index: IndexFolder) -> list[Recall]:
    """Ask passages and headlines of the archive itself, and compare with a look at every vector.

    Raises IndexMissing without a generation, and EngineLacks where the vectors are not in files.
    """
    if store_of(index):
        raise EngineLacks("--recall looks at vectors in files; Milvus keeps its own")
    manifest = read_manifest(index)
    snapshot = open_snapshot(index, manifest)
    if not len(snapshot.vectors):
        return []
    figures = []
    for kind, vectors in _questions(index, manifest, snapshot).items():
        for share in SHARES:
            among: RowSet = sampled_share(len(snapshot.vectors), share, _SEED)
            exact = nearest(snapshot.vectors.embeddings, vectors, among, PAGE)
            found = recall(snapshot.vectors, vectors, exact, PAGE, among)
            figures.append(Recall(kind, share, among.count, round(found, 4)))
    return figures


def problems_of(figures: list[Recall]) -> list[str]:
    """What of it is too little, in words with the fix."""
    return [
        f"{one.told}, expected {LEAST} at least; rebuild it: dateline reindex" for one in figures if one.recall < LEAST
    ]


def _questions(index: IndexFolder, manifest: Manifest, snapshot: Snapshot) -> dict[str, Embeddings]:
    rows = sampled_rows(len(snapshot.vectors), SAMPLE, _SEED)
    questions = {"passages": snapshot.vectors.embeddings[rows].astype("float32")}
    seqs = snapshot.columns.seq[sampled_rows(len(snapshot.columns), SAMPLE, _SEED)].tolist()
    recipe, model = manifest.recipe, manifest.model
    with Archive(index.archive) as archive:
        titles = [one.article.title for one in archive.stored.of(seqs, recipe, model) if one.article.title]
    if titles:
        encoder = load_encoder(manifest.model_name, index.models)
        questions["headlines"] = np.stack([encoder.encode_query(title) for title in titles])
    return questions
