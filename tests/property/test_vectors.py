"""The vector index against brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.engines.vectors import EMBEDDINGS_FILE, VectorIndex, similarities
from indexer.types import Embeddings


def unit_rows(seed: int, count: int, dimension: int) -> Embeddings:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    unit: Embeddings = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1000), count=st.integers(1, 300), wanted=st.integers(1, 400), share=st.floats(0, 1))
def test_search_returns_the_best_allowed_rows_and_their_cosines(
    seed: int, count: int, wanted: int, share: float
) -> None:
    embeddings = unit_rows(seed, count, 24).astype(np.float16)
    query = unit_rows(seed + 1, 1, 24)[0]
    allowed = np.random.default_rng(seed).random(count) < share
    rows, scores = VectorIndex.build(embeddings).search(query, wanted, allowed)
    exact = embeddings.astype(np.float32) @ query
    best = sorted(np.flatnonzero(allowed).tolist(), key=lambda row: -exact[row])[:wanted]
    assert scores == pytest.approx(exact[best], abs=1e-5)
    assert allowed[rows].all()
    assert scores == pytest.approx(similarities(query, embeddings[rows]), abs=1e-5)


def test_an_index_read_back_answers_the_same(tmp_path: Path) -> None:
    embeddings = unit_rows(3, 100, 16).astype(np.float16)
    query = unit_rows(4, 1, 16)[0]
    everything = np.ones(100, dtype=np.bool_)
    built = VectorIndex.build(embeddings)
    np.save(tmp_path / EMBEDDINGS_FILE, embeddings)
    built.save_index(tmp_path)
    found = VectorIndex.load(tmp_path).search(query, 10, everything)
    assert found[0].tolist() == built.search(query, 10, everything)[0].tolist()
