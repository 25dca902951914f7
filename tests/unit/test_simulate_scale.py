from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from scripts.simulate_scale import (
    SIZES,
    Assumptions,
    IndexType,
    Reckoned,
    figure,
    flops_per_passage,
    local_disk_bytes,
    reckon,
    rows_bytes,
    table,
    vector_bytes,
)

ROOT = Path(__file__).parents[2]
GIVEN = Assumptions()


def at(passages: int, index: IndexType = IndexType.HNSW, given: Assumptions = GIVEN) -> Reckoned:
    return reckon(passages, index, given)


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (IndexType.FLAT, 384 * 4),
        (IndexType.HNSW, 384 * 4 + 32 * 4),
        (IndexType.HNSW_SQ8, 384 + 32 * 4),
        (IndexType.IVF_SQ8, 384 + 2),
        (IndexType.IVF_PQ, 48 + 2),
        (IndexType.DISKANN, 1536 / 8 + 153.6),
    ],
)
def test_memory_of_a_vector_is_what_the_formula_says(index: IndexType, expected: float) -> None:
    assert vector_bytes(index, GIVEN) == pytest.approx(expected)


def test_memory_follows_milvus_s_own_example_of_a_million_vectors() -> None:
    example = replace(GIVEN, dimension=128, links=16, pq_bytes=8)
    assert vector_bytes(IndexType.HNSW, example) * 1e6 == 640e6
    assert vector_bytes(IndexType.IVF_SQ8, example) * 1e6 == 130e6
    assert vector_bytes(IndexType.IVF_PQ, example) * 1e6 == 10e6


def test_two_vectors_with_their_links_share_a_page_of_diskann_and_other_indexes_take_no_disk_of_a_node() -> None:
    assert local_disk_bytes(IndexType.DISKANN, GIVEN) == 2048
    assert local_disk_bytes(IndexType.DISKANN, replace(GIVEN, dimension=1024)) == 4096
    assert local_disk_bytes(IndexType.HNSW, GIVEN) == 0


def test_the_multiplications_of_a_passage_are_those_that_the_benchmark_of_the_encoder_found() -> None:
    """19.3 passages of 214 tokens a second were 74% of 130 GFLOP/s, 73.4 of 53 were 65%: docs/benchmarks.md."""
    assert flops_per_passage(214) * 19.3 / 130e9 == pytest.approx(0.74, abs=0.005)
    assert flops_per_passage(53) * 73.4 / 130e9 == pytest.approx(0.65, abs=0.005)


def test_twice_as_many_passages_take_twice_the_vectors_and_no_more_than_twice_the_rows() -> None:
    bare = replace(GIVEN, article_bytes=0, chunk_bytes=0, postings_per_article=0, scalar_index_bytes=0, word_bytes=0)
    for kind in IndexType:
        assert at(20_000_000, given=bare).memory_gb[kind] == pytest.approx(
            2 * at(10_000_000, given=bare).memory_gb[kind]
        )
    once, twice = (rows_bytes(count / 1.5, count, GIVEN) for count in (10_000_000, 20_000_000))
    assert 1.9 * once < twice < 2 * once


def test_nothing_shrinks_as_the_archive_grows() -> None:
    found = [at(passages) for passages in (*SIZES, 2 * SIZES[-1])]
    for small, large in pairwise(found):
        assert small.embedding_cpu_hours < large.embedding_cpu_hours
        assert small.archive_gb < large.archive_gb
        assert small.node_ms_a_question < large.node_ms_a_question
        assert small.query_nodes <= large.query_nodes
        assert small.month < large.month
        assert all(small.memory_gb[kind] < large.memory_gb[kind] for kind in IndexType)


def test_a_size_worked_out_by_hand() -> None:
    given = replace(
        GIVEN,
        passages_per_article=2,
        passages_per_core_s=10,
        embedding_cores=100,
        articles_carried_per_s=500,
        archive_bytes=4000,
        article_bytes=1000,
        chunk_bytes=100,
        postings_per_article=50,
        posting_bytes=16,
        scalar_index_bytes=0,
        words_at_14354=0,
        node_ms=10,
        segment_ms=1,
        words_ms_per_million=2,
        api_ms=40,
        segment_gb=1.536,
        article_vectors=False,
        loaded_generations=1,
        replicas=2,
        node_gb=100,
        node_cores=10,
        node_fill=0.5,
        questions_per_s=100,
        busy=0.5,
        api_cores=2,
    )
    found = at(10_000_000, given=given)
    assert found.articles == 5_000_000
    assert found.embedding_core_hours == pytest.approx(1e6 / 3600)
    assert found.embedding_cpu_hours == pytest.approx(1e4 / 3600)
    assert found.carrying_hours == pytest.approx(1e4 / 3600)
    assert found.archive_gb == pytest.approx(20)
    assert found.rows_gb == pytest.approx(2 * (5 * 1.0 + 5 * 0.8 + 10 * 0.1))
    assert found.memory_gb[IndexType.HNSW] == pytest.approx(2 * (16.64 + 10))
    assert found.segments == 10
    assert found.node_ms_a_question == pytest.approx(10 + 10 + 10)
    assert found.nodes_for_memory == 2  # 53.28 GB, 50 a node
    assert found.nodes_for_questions == 1  # 3 s of processor a second, 5 a node
    assert found.api_replicas == 4  # 4 s of processor a second, 1 a replica


def test_nodes_are_enough_for_memory_questions_and_each_copy() -> None:
    busy = at(100_000_000, given=replace(GIVEN, questions_per_s=10_000))
    assert busy.query_nodes == max(busy.nodes_for_memory, busy.nodes_for_questions)
    assert at(10, given=replace(GIVEN, replicas=3)).query_nodes == 3


def test_figures_are_short() -> None:
    assert [figure(value) for value in (0.0421, 1.0, 9.87, 12.3, 1_234_567.8)] == [
        "0.042",
        "1",
        "9.9",
        "12",
        "1,234,568",
    ]


def test_the_table_of_the_docs_is_the_script_s_own() -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    assert table(SIZES, IndexType.HNSW, GIVEN) in page, "run: python scripts/simulate_scale.py, and paste"


def test_every_assumption_says_where_it_comes_from_and_is_an_option() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "scripts/simulate_scale.py",
            "--passages",
            "3000",
            "--dimension",
            "8",
            "--no-article-vectors",
            "--json",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    told = json.loads(done.stdout)
    assert told["assumptions"] == {name: told["assumptions"][name] for name in Assumptions.__dataclass_fields__}
    assert (told["assumptions"]["dimension"], told["assumptions"]["article_vectors"]) == (8, False)
    assert [size["passages"] for size in told["sizes"]] == [3000]
    sources = {one.metadata["source"] for one in Assumptions.__dataclass_fields__.values()}
    assert sources == {"measured", "default", "assumed"}
