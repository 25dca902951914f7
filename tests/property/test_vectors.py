"""Both vector indexes against brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer.engines import vector_choice
from indexer.engines.compressed_vectors import CompressedVectors
from indexer.engines.exact_vectors import ExactVectors
from indexer.engines.overfetch import POOL_RECALL_WANTED, RECALL_WANTED, nearest, tuned
from indexer.engines.vector_choice import build_vectors, load_vectors
from indexer.engines.vectors import EMBEDDINGS_FILE, RowSet, VectorIndex, similarities
from indexer.types import Embeddings

COUNT = 6_000
DIMENSION = 32


def unit_rows(seed: int, count: int, dimension: int) -> Embeddings:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    unit: Embeddings = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def some(seed: int, count: int, share: float) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = np.random.default_rng(seed).random(count) < share
    return mask


@pytest.fixture(scope="module")
def compressed() -> CompressedVectors:
    return CompressedVectors.build(unit_rows(5, COUNT, DIMENSION).astype(np.float16))


def check(index: VectorIndex, query: Embeddings, wanted: int, allowed: NDArray[np.bool_]) -> None:
    rows, scores = index.search(query, wanted, RowSet.of(allowed))
    exact = index.embeddings.astype(np.float32) @ query
    best = sorted(np.flatnonzero(allowed).tolist(), key=lambda row: -exact[row])[:wanted]
    assert scores == pytest.approx(exact[best], abs=1e-5)
    assert allowed[rows].all()
    assert scores == pytest.approx(similarities(query, index.embeddings, rows), abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1000), count=st.integers(1, 300), wanted=st.integers(1, 400), share=st.floats(0, 1))
def test_search_returns_the_best_allowed_rows_and_their_cosines(
    seed: int, count: int, wanted: int, share: float
) -> None:
    embeddings = unit_rows(seed, count, 24).astype(np.float16)
    check(ExactVectors.build(embeddings), unit_rows(seed + 1, 1, 24)[0], wanted, some(seed, count, share))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1000), wanted=st.integers(1, 400), share=st.floats(0, 0.15))
def test_few_rows_of_a_large_index_are_searched_exactly(
    compressed: CompressedVectors, seed: int, wanted: int, share: float
) -> None:
    check(compressed, unit_rows(seed, 1, DIMENSION)[0], wanted, some(seed, COUNT, share))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), wanted=st.integers(1, 50), share=st.floats(0.3, 1))
def test_codes_whose_every_proposal_is_scored_find_what_is_there(
    compressed: CompressedVectors, seed: int, wanted: int, share: float
) -> None:
    everything = CompressedVectors(compressed._index, compressed.embeddings, overfetch=COUNT)
    check(everything, unit_rows(seed, 1, DIMENSION)[0], wanted, some(seed, COUNT, share))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), least=st.floats(-0.2, 0.6), share=st.floats(0.3, 1))
def test_all_rows_above_a_similarity_are_found(
    compressed: CompressedVectors, seed: int, least: float, share: float
) -> None:
    query, allowed = unit_rows(seed, 1, DIMENSION)[0], some(seed, COUNT, share)
    everything = CompressedVectors(compressed._index, compressed.embeddings, overfetch=COUNT)
    similarity = compressed.embeddings.astype(np.float32) @ query
    # The last bits of a product are those of the machine and of the order in which it is summed.
    allowed &= np.abs(similarity - least) > 1e-6
    above = np.flatnonzero(allowed & (similarity > least))
    assert sorted(everything.within(query, least, RowSet.of(allowed)).tolist()) == above.tolist()


def test_the_least_overfetch_that_finds_enough_is_taken_and_remembered(compressed: CompressedVectors) -> None:
    questions = {"random": unit_rows(8, 30, DIMENSION)}
    assert tuned(compressed, questions)
    assert compressed.overfetch > 1
    assert compressed.recall["random at 10"] >= RECALL_WANTED
    assert compressed.recall["random at 400"] >= POOL_RECALL_WANTED
    assert set(compressed.recall) == {"random at 10", "random at 400"}
    everything = RowSet.of(np.ones(COUNT, dtype=np.bool_))
    exact = nearest(compressed.embeddings, questions["random"], everything, 10)
    for vector, scores in zip(questions["random"], exact, strict=True):
        compared = np.sort(compressed.embeddings.astype(np.float32) @ vector)[::-1][:10]
        assert scores == pytest.approx(compared, abs=1e-5)
    found = [compressed.search(vector, 10, everything)[1] for vector in questions["random"]]
    shares = [np.isin(one.round(4), other.round(4)).mean() for one, other in zip(found, exact, strict=True)]
    assert np.mean(shares) == pytest.approx(compressed.recall["random at 10"], abs=0.02)


@pytest.mark.parametrize(("exact_chunks", "kind"), [(COUNT, ExactVectors), (COUNT - 1, CompressedVectors)])
def test_an_index_read_back_answers_the_same(tmp_path: Path, exact_chunks: int, kind: type) -> None:
    embeddings = unit_rows(3, COUNT, 16).astype(np.float16)
    query = unit_rows(4, 1, 16)[0]
    everything = RowSet.of(np.ones(COUNT, dtype=np.bool_))
    np.save(tmp_path / EMBEDDINGS_FILE, embeddings)
    built = build_vectors(tmp_path, unit_rows(9, 10, 16), exact_chunks=exact_chunks)
    loaded = load_vectors(tmp_path)
    assert isinstance(built, kind)
    assert isinstance(loaded, kind)
    assert loaded.parameters == built.parameters
    assert loaded.search(query, 10, everything)[0].tolist() == built.search(query, 10, everything)[0].tolist()


def test_codes_that_find_too_little_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / EMBEDDINGS_FILE, unit_rows(3, COUNT, 16).astype(np.float16))
    monkeypatch.setattr("indexer.engines.overfetch.LEAST_FETCHED", (1,))
    assert isinstance(build_vectors(tmp_path, exact_chunks=COUNT - 1), ExactVectors)
    assert isinstance(load_vectors(tmp_path), ExactVectors)
    assert vector_choice.EXACT_CHUNKS >= 10_000
