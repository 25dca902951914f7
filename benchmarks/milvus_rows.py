"""Measure what articles cost in Milvus, as Dateline keeps them there: to write, in memory, to ask for.

    python -m benchmarks.milvus_rows http://localhost:19530 --articles 50000 --query-nodes PID,PID --servers PID,...

Articles of a file (the sample) are written over and over with ids of their own and two chunks each, whose vectors are random
and of unit length: harder to search than real ones, and of the same size. With the process ids of query nodes, which must run on
this machine, it tells how much memory they took; with those of all servers, their processor time for one question's calls.
The collections have a prefix of their own and are dropped at the end. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles

import numpy as np

from indexer.archive_stored import Stored
from indexer.engines.documents import Document, document_of
from indexer.engines.milvus.carrying import BATCH
from indexer.engines.milvus.collections import Names, Part
from indexer.engines.milvus.connection import Connection
from indexer.engines.milvus.keys import Kind
from indexer.engines.milvus.store import MilvusStore
from indexer.filters import Filters
from indexer.sources import open_source
from indexer.types import Article, Found, Vector
from scripts.process_memory import Memory
from search_api.clock import utc_now

PREFIX = "dateline_measured"
DIMENSION = 384
CHUNKS = 2
"""Of each article."""

PROPOSED_CHUNKS, MET, SHOWN = 400, 250, 10
"""What one question asks for: `search_api.candidates` proposes so many chunks, of which some articles are met and few shown."""

SETTLED_AFTER_S = 600.0
QUESTIONS = 100


@dataclass(frozen=True, slots=True)
class Watched:
    """Processes on this machine: those whose memory is told, and those whose processor time is."""

    query_nodes: Sequence[int]
    servers: Sequence[int]

    def memory_mb(self) -> float:
        return sum(Memory(pid).held_mb() for pid in self.query_nodes)

    def processor_s(self) -> float:
        ticks = 0
        for pid in self.servers:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


class Corpus:
    """Documents made of given articles: the same texts over and over, vectors drawn from a number."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._documents = [document_of(_stored(article), None) for article in articles]
        self._random = np.random.default_rng(20_260_101)

    def documents(self, count: int) -> Iterator[Document]:
        for seq, text in enumerate(islice(cycle(self._documents), count), start=1):
            vectors = np.array([self.vector() for _ in range(CHUNKS)]).astype(np.float16)
            facts = replace(text.facts, seq=seq, change=seq, text_group=seq)
            yield replace(text, facts=facts, id=f"{text.id}-{seq}", embeddings=vectors)

    def vector(self) -> Vector:
        drawn = self._random.standard_normal(DIMENSION).astype(np.float32)
        unit: Vector = drawn / np.linalg.norm(drawn)
        return unit


def _stored(article: Article) -> Stored:
    nothing = np.empty((0, DIMENSION), dtype=np.float16)
    return Stored(1, 1, 1, 1, None, article, [(0, 1)] * CHUNKS, nothing)


def write(store: MilvusStore, corpus: Corpus, count: int) -> float:
    """Write articles as a build does; returns the seconds that the store took, without making them."""
    documents = corpus.documents(count)
    spent = 0.0
    while batch := list(islice(documents, BATCH)):
        started = time.perf_counter()
        store.upsert(1, batch, new=True)
        spent += time.perf_counter() - started
    return spent


def change(store: MilvusStore, corpus: Corpus) -> float:
    """Carry a batch of changed articles, as a carrier does; returns the seconds. Each fresh read waits for the server."""
    batch = list(corpus.documents(BATCH))
    started = time.perf_counter()
    store.records(1, [document.facts.seq for document in batch], fresh=False)
    store.upsert(1, batch)
    store.add_holders(1, {kind: {f"{kind.value}{number}": 1 for number in range(100)} for kind in Kind})
    return time.perf_counter() - started


def settle(connection: Connection, names: Names, articles: int) -> float:
    """Write out what was taken in, and wait until the graph of each vector is built; returns the seconds."""
    started = time.monotonic()
    for part, field, rows in ((Part.CHUNKS, "embedding", articles * CHUNKS), (Part.ARTICLES, "vector", articles)):
        connection.arrange("flush", collection_name=names.of(1, part))
        while time.monotonic() - started < SETTLED_AFTER_S:
            told = connection.read("describe_index", collection_name=names.of(1, part), index_name=field)
            if told["state"] == "Finished" and int(told["indexed_rows"]) >= rows:
                break
            time.sleep(1.0)
    return time.monotonic() - started


def timed(ask: Callable[[], object], watched: Watched) -> str:
    """Cells: the median and the 95th percentile in ms, and processor time for one call of the servers and of this process."""
    ask()
    before, own = watched.processor_s(), time.process_time()
    took = []
    for _ in range(QUESTIONS):
        started = time.perf_counter()
        ask()
        took.append((time.perf_counter() - started) * 1000)
    processor = f"{(watched.processor_s() - before) / QUESTIONS * 1000:.1f}" if watched.servers else "-"
    own = (time.process_time() - own) / QUESTIONS * 1000
    return f"{median(took):.1f} | {quantiles(took, n=20)[-1]:.1f} | {processor} | {own:.1f}"


def ask(store: MilvusStore, corpus: Corpus, articles: int, watched: Watched) -> Iterator[str]:
    """A row of the table for each call of one question."""
    random = np.random.default_rng(1)
    anything = Filters(utc_now())
    words = [f"word{number}" for number in range(6)]

    def drawn(count: int) -> list[int]:
        return [int(seq) for seq in random.choice(articles, size=min(count, articles), replace=False) + 1]

    asked: list[tuple[str, Callable[[], object]]] = [
        (
            f"{PROPOSED_CHUNKS} nearest chunks",
            lambda: store.nearest(1, corpus.vector(), PROPOSED_CHUNKS, anything),
        ),
        (f"facts and terms of {MET} articles", lambda: store.glances(1, drawn(MET), with_terms=True)),
        (f"likeness of their {MET * CHUNKS} chunks", lambda: store.chunk_scores(1, corpus.vector(), drawn(MET))),
        (f"how many articles hold {len(words)} words", lambda: store.holders(1, Kind.TEXT, words)),
        (f"records of {SHOWN} articles", lambda: store.records(1, drawn(SHOWN), fresh=False)),
    ]
    for name, question in asked:
        yield f"| {name} | {timed(question, watched)} |"


def measure(uri: str, corpus: Corpus, articles: int, watched: Watched) -> None:
    store, connection, names = MilvusStore(uri, prefix=PREFIX), Connection(uri, None, 60.0, replicas=1), Names(PREFIX)
    try:
        store.create(1, DIMENSION)
        before = watched.memory_mb()
        wrote_s = write(store, corpus, articles)
        chunks = articles * CHUNKS
        print(
            f"Milvus {store.capabilities.version}: {articles:,} articles, {chunks:,} chunks written in {wrote_s:.0f} s: "
            f"{articles / wrote_s:,.0f} articles and {chunks / wrote_s:,.0f} chunks a second; "
            f"graphs built {settle(connection, names, articles):.0f} s later",
            flush=True,
        )
        time.sleep(30)  # a query node gives back what it held of rows whose index it has taken up
        if watched.query_nodes:
            took_mb = watched.memory_mb() - before
            print(f"query nodes took {took_mb:,.0f} MB, {took_mb * 2**20 / chunks:,.0f} bytes a chunk", flush=True)
        print(
            "\n| call | p50, ms | p95, ms | processor of the servers, ms | of the client, ms |\n|---|---|---|---|---|"
        )
        for row in ask(store, corpus, articles, watched):
            print(row, flush=True)
        changed_s = median(change(store, corpus) for _ in range(5))
        print(f"\n{BATCH} changed articles carried in {changed_s:.1f} s: {BATCH / changed_s:,.0f} a second", flush=True)
    finally:
        store.drop(1)
        store.close()
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what articles cost in Milvus.")
    parser.add_argument("uri", help="a server; its other collections are left alone")
    parser.add_argument("--articles", type=int, default=50_000, help="how many are written")
    parser.add_argument("--texts", type=Path, default=Path("data/sample/articles.jsonl"), help="articles as JSONL")
    parser.add_argument("--query-nodes", default="", metavar="PID,...", help="whose memory is told")
    parser.add_argument("--servers", default="", metavar="PID,...", help="whose processor time is told")
    arguments = parser.parse_args()
    texts = [found.article for found in open_source(arguments.texts, now=utc_now()) if isinstance(found, Found)]
    given = (arguments.query_nodes, arguments.servers)
    nodes, servers = ([int(pid) for pid in pids.split(",") if pid] for pids in given)
    measure(arguments.uri, Corpus(texts), arguments.articles, Watched(nodes, servers))


if __name__ == "__main__":
    main()
