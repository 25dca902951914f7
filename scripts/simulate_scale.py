"""Reckon what an archive of so many passages needs: hours of embedding, memory by index, nodes, replicas, money.

    python scripts/simulate_scale.py
    python scripts/simulate_scale.py --passages 50000000 --questions-per-s 20 --index hnsw_sq8 --json

Every assumption is an option; --help says what each is and whether it was measured or assumed. Needs no index and no server.
docs/scale.md has the table with all defaults, and where the formulas come from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from math import ceil
from typing import Any

SIZES = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
GB = 1e9
HOURS_A_MONTH = 730
FP32, LINK_BYTES = 4, 4
DISK_PAGE_BYTES = 4096


class IndexType(StrEnum):
    """How Milvus keeps the vectors of passages; Dateline makes `hnsw`."""

    FLAT = "flat"
    HNSW = "hnsw"
    HNSW_SQ8 = "hnsw_sq8"
    IVF_SQ8 = "ivf_sq8"
    IVF_PQ = "ivf_pq"
    DISKANN = "diskann"


def _option(default: Any, source: str, about: str) -> Any:
    return field(default=default, metadata={"source": source, "about": about})


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is put in; each with its source: measured (see docs/scale.md), a default of Dateline or Milvus, assumed."""

    passages_per_article: float = _option(1.5, "measured", "chunks of 14,354 articles, divided by these")
    tokens_per_passage: float = _option(214, "measured", "mean of long passages")
    archive_bytes: float = _option(4157, "measured", "of the archive, an article, embeddings of one model included")
    article_bytes: float = _option(1924, "measured", "of an article's row in Milvus, without its vector")
    chunk_bytes: float = _option(94, "measured", "of a chunk's row in Milvus, without its vector")
    postings_per_article: float = _option(60, "measured", "different terms of an article")
    words_at_14354: float = _option(87_699, "measured", "rows of words of 14,354 articles")
    word_growth: float = _option(0.48, "measured", "exponent by which rows of words grow with articles")
    word_bytes: float = _option(51, "measured", "of a row of words")
    passages_per_core_s: float = _option(33.2, "measured", "embedded a second by a core with bf16; without it 9.7")
    articles_carried_per_s: float = _option(186, "measured", "written into Milvus by the one process that carries")
    changes_carried_per_s: float = _option(19, "measured", "changed articles carried, one process")
    node_ms: float = _option(60, "measured", "of processor of query nodes and proxy a question, beside those below")
    segment_ms: float = _option(3.0, "measured", "of processor a question for the graph of each segment")
    words_ms_per_million: float = _option(
        2.0, "measured", "of processor a question for BM25 a million articles, by tantivy"
    )
    api_ms: float = _option(
        69,
        "measured",
        "of processor a question in an API replica: 51 for calls, 18 for what a question takes with files",
    )
    dimension: int = _option(384, "default", "of a vector")
    links: int = _option(16, "default", "M of HNSW: the lowest layer has twice as many links")
    segment_gb: float = _option(1.0, "default", "of a segment's vectors: dataCoord.segment.maxSize, 1024 MB")
    rows_in_memory: float = _option(1.0, "default", "share of rows in memory; the others are mapped from disks (mmap)")
    loaded_generations: int = _option(1, "default", "that serve or stay loaded; while one is built, there are two")
    article_vectors: bool = _option(
        True, "default", "each article has a vector with a graph, too, by which related articles are compared"
    )
    pq_bytes: int = _option(48, "assumed", "of a code of IVF_PQ: dimension / 8")
    posting_bytes: float = _option(
        16, "assumed", "of a posting: 8 in the row's own sparse vector, 8 in the inverted index"
    )
    scalar_index_bytes: float = _option(
        16, "assumed", "of a value in the index of a field: 9 of an article, 4 of a chunk"
    )
    embedding_cores: int = _option(64, "assumed", "that embed at once")
    gpu_tflops: float = _option(100, "assumed", "of a GPU's dense matrix products in 16 bits")
    gpu_use: float = _option(0.2, "assumed", "share of these that so small a model reaches, padding included")
    archive_years: float = _option(10, "assumed", "in which the archive was written, evenly")
    questions_per_s: float = _option(50, "assumed", "at the busiest time")
    busy: float = _option(0.5, "assumed", "share of a core that may be busy then, so that answers do not wait")
    replicas: int = _option(2, "assumed", "copies of each collection in the query nodes")
    node_gb: float = _option(128, "assumed", "memory of a query node")
    node_cores: int = _option(16, "assumed", "of a query node")
    node_fill: float = _option(0.65, "measured", "what rows and graphs come to, of what query nodes took in memory")
    api_cores: int = _option(2, "assumed", "of an API replica")
    api_gb: float = _option(2, "assumed", "memory of an API replica")
    fixed_cores: int = _option(
        32, "assumed", "of all else: writer, coordinators, proxies, queue, etcd, index and data nodes"
    )
    fixed_gb: float = _option(128, "assumed", "memory of these")
    disk_mb_per_s: float = _option(200, "assumed", "at which a backup is written")
    core_hour: float = _option(0.04, "assumed", "price of a core for an hour")
    gb_hour: float = _option(0.005, "assumed", "price of a GB of memory for an hour")
    gpu_hour: float = _option(1.0, "assumed", "price of a GPU for an hour")
    disk_gb_month: float = _option(0.08, "assumed", "price of a GB of disk for a month")
    object_gb_month: float = _option(0.023, "assumed", "price of a GB of object store for a month")


def flops_per_passage(tokens: float) -> float:
    """The multiplications and additions of all-MiniLM-L6-v2 for a passage: twice its weights in products, and attention.

    Six layers of width 384 with 1,536 inside: 4 x 384 x 384 + 2 x 384 x 1,536 weights each; attention costs 4 x 384
    a pair of tokens and layer. Looking up a token costs none.
    """
    layers, width, inside = 6, 384, 1536
    weights = layers * (4 * width * width + 2 * width * inside)
    return tokens * (2 * weights + layers * 4 * width * tokens)


def vector_bytes(index: IndexType, given: Assumptions) -> float:
    """Memory of one vector in an index, its graph or lists included. By Milvus's documentation: Index Explained, DISKANN."""
    raw, graph, list_number = given.dimension * FP32, 2 * given.links * LINK_BYTES, 2
    found: Mapping[IndexType, float] = {
        IndexType.FLAT: raw,
        IndexType.HNSW: raw + graph,
        IndexType.HNSW_SQ8: given.dimension + graph,
        IndexType.IVF_SQ8: given.dimension + list_number,
        IndexType.IVF_PQ: given.pq_bytes + list_number,
        IndexType.DISKANN: raw * (0.125 + 0.1),  # codes, and the cache of what is read often
    }
    return found[index]


def local_disk_bytes(index: IndexType, given: Assumptions) -> float:
    """Disk of one vector on the query node: DISKANN's vector and 56 links, as many whole nodes as a page holds; else none."""
    if index is not IndexType.DISKANN:
        return 0.0
    node = given.dimension * FP32 + 4 + 56 * LINK_BYTES
    return DISK_PAGE_BYTES / max(1, DISK_PAGE_BYTES // node)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What an archive of one size needs. Memory is of all copies and generations; money is a month's, without embedding."""

    passages: int
    articles: int
    embedding_cpu_hours: float
    embedding_core_hours: float
    embedding_gpu_hours: float
    embedding_gpu_price: float
    archive_gb: float
    backup_hours: float
    carrying_hours: float
    articles_a_day: float
    carrying_a_day_minutes: float
    memory_gb: Mapping[str, float]
    rows_gb: float
    segments: int
    node_ms_a_question: float
    nodes_for_memory: int
    nodes_for_questions: int
    query_nodes: int
    api_replicas: int
    object_gb: float
    month: float


def rows_bytes(articles: float, passages: float, given: Assumptions) -> float:
    """Size of one generation's rows without vectors: fields, their indexes, postings, words."""
    words: float = given.words_at_14354 * (articles / 14_354) ** given.word_growth
    return (
        articles * (given.article_bytes + 9 * given.scalar_index_bytes)
        + articles * given.postings_per_article * given.posting_bytes
        + passages * (given.chunk_bytes + 4 * given.scalar_index_bytes)
        + words * given.word_bytes
    )


def reckon(passages: int, index: IndexType, given: Assumptions) -> Reckoned:
    """What an archive of so many passages needs, its passages under one kind of index."""
    articles = passages / given.passages_per_article
    copies = given.replicas * given.loaded_generations
    vectors = passages + (articles if given.article_vectors else 0)
    rows = rows_bytes(articles, passages, given)
    held_rows = rows * given.rows_in_memory
    memory = {kind.value: copies * (vectors * vector_bytes(kind, given) + held_rows) / GB for kind in IndexType}

    core_s = passages / given.passages_per_core_s
    flops = passages * flops_per_passage(given.tokens_per_passage)
    gpu_hours = flops / (given.gpu_tflops * 1e12 * given.gpu_use) / 3600

    segments = ceil(passages * given.dimension * FP32 / (given.segment_gb * GB))
    node_ms = given.node_ms + segments * given.segment_ms + articles / 1e6 * given.words_ms_per_million
    for_memory = ceil(memory[index.value] / (given.node_gb * given.node_fill))
    for_questions = ceil(given.questions_per_s * node_ms / 1000 / (given.node_cores * given.busy))
    nodes = max(given.replicas, for_memory, for_questions)
    api = max(2, ceil(given.questions_per_s * given.api_ms / 1000 / (given.api_cores * given.busy)))

    archive = articles * given.archive_bytes
    held = given.loaded_generations * (vectors * (given.dimension * FP32 + vector_bytes(IndexType.HNSW, given)) + rows)
    cores = nodes * given.node_cores + api * given.api_cores + given.fixed_cores
    memory_gb = nodes * given.node_gb + api * given.api_gb + given.fixed_gb
    disk_gb = (2 * archive + copies * (vectors * local_disk_bytes(index, given) + rows - held_rows)) / GB
    a_day = articles / (given.archive_years * 365)
    return Reckoned(
        passages=passages,
        articles=round(articles),
        embedding_cpu_hours=core_s / given.embedding_cores / 3600,
        embedding_core_hours=core_s / 3600,
        embedding_gpu_hours=gpu_hours,
        embedding_gpu_price=gpu_hours * given.gpu_hour,
        archive_gb=archive / GB,
        backup_hours=archive / (given.disk_mb_per_s * 1e6) / 3600,
        carrying_hours=articles / given.articles_carried_per_s / 3600,
        articles_a_day=a_day,
        carrying_a_day_minutes=a_day / given.changes_carried_per_s / 60,
        memory_gb=memory,
        rows_gb=copies * held_rows / GB,
        segments=segments,
        node_ms_a_question=node_ms,
        nodes_for_memory=for_memory,
        nodes_for_questions=for_questions,
        query_nodes=nodes,
        api_replicas=api,
        object_gb=held / GB,
        month=HOURS_A_MONTH * (cores * given.core_hour + memory_gb * given.gb_hour)
        + disk_gb * given.disk_gb_month
        + held / GB * given.object_gb_month,
    )


def figure(value: float) -> str:
    """A number to two digits below ten, whole from there on."""
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:,.2g}"


def _memory_of(kind: IndexType) -> Callable[[Reckoned], float]:
    return lambda one: one.memory_gb[kind.value]


def rows_of(found: Sequence[Reckoned], index: IndexType, given: Assumptions) -> Iterator[str]:
    """The lines of the Markdown table, a column for each size."""
    told: list[tuple[str, Callable[[Reckoned], float]]] = [
        ("articles", lambda one: one.articles),
        (f"embedding, {given.embedding_cores} cores, hours", lambda one: one.embedding_cpu_hours),
        ("embedding, one GPU, hours", lambda one: one.embedding_gpu_hours),
        ("archive, GB", lambda one: one.archive_gb),
        ("backup of it, hours", lambda one: one.backup_hours),
        ("building a generation in Milvus, hours", lambda one: one.carrying_hours),
        ("new articles a day", lambda one: one.articles_a_day),
        ("carrying these, minutes", lambda one: one.carrying_a_day_minutes),
        ("memory of rows without vectors, GB", lambda one: one.rows_gb),
    ]
    told += [(f"memory in all, {kind.value}, GB", _memory_of(kind)) for kind in IndexType]
    told += [
        ("segments of passages", lambda one: one.segments),
        ("processor of Milvus a question, ms", lambda one: one.node_ms_a_question),
        (f"query nodes of {figure(given.node_gb)} GB for memory, {index.value}", lambda one: one.nodes_for_memory),
        (f"query nodes for {figure(given.questions_per_s)} questions/s", lambda one: one.nodes_for_questions),
        (f"API replicas for {figure(given.questions_per_s)} questions/s", lambda one: one.api_replicas),
        ("object store, GB", lambda one: one.object_gb),
        ("a month, in the unit of the prices", lambda one: one.month),
    ]
    yield "| passages | " + " | ".join(f"{one.passages:,}" for one in found) + " |"
    yield "|---" * (len(found) + 1) + "|"
    for name, of in told:
        yield f"| {name} | " + " | ".join(figure(of(one)) for one in found) + " |"


def table(sizes: Sequence[int], index: IndexType, given: Assumptions) -> str:
    """The Markdown table of docs/scale.md."""
    return "\n".join(rows_of([reckon(size, index, given) for size in sizes], index, given))


def main() -> None:
    parser = argparse.ArgumentParser(description="Reckon what an archive of so many passages needs.")
    parser.add_argument("--passages", type=int, nargs="+", default=SIZES, help="sizes; a column each")
    kinds = [kind.value for kind in IndexType]
    parser.add_argument("--index", choices=kinds, default=IndexType.HNSW.value, help="for nodes and money (hnsw)")
    parser.add_argument("--json", action="store_true", help="all figures as one JSON document, the assumptions too")
    for one in fields(Assumptions):
        about = f"{one.metadata['about']} ({one.metadata['source']}: %(default)s)"
        name = "--" + one.name.replace("_", "-")
        if isinstance(one.default, bool):
            parser.add_argument(name, action=argparse.BooleanOptionalAction, default=one.default, help=about)
        else:
            parser.add_argument(name, type=type(one.default), default=one.default, help=about)
    arguments = parser.parse_args()
    given = Assumptions(**{one.name: getattr(arguments, one.name) for one in fields(Assumptions)})
    index = IndexType(arguments.index)
    if arguments.json:
        found = [asdict(reckon(size, index, given)) for size in arguments.passages]
        print(json.dumps({"assumptions": asdict(given), "index": index.value, "sizes": found}))
    else:
        print(table(arguments.passages, index, given))


if __name__ == "__main__":
    main()
