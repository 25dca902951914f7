"""What a tail costs: the same queries asked of two indexes by turns, one with a tail and one without.

    python scripts/benchmark_tail.py INDEX_WITHOUT INDEX_WITH --queries docs/benchmark_queries.txt

Prints one line for each, with the articles in its tail; after one round that does not count.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from indexer.filters import Filters
from indexer.layout import IndexFolder
from search_api.clock import utc_now
from search_api.embedded_library import EmbeddedLibrary
from search_api.library import Library
from search_api.query import SearchQuery
from search_api.searcher import search

ROUNDS = 3


def timed(library: Library, query: str) -> float:
    """Milliseconds that a query takes in process."""
    started = time.perf_counter()
    search(library, SearchQuery(query, Filters(utc_now())))
    return (time.perf_counter() - started) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what a tail costs a search.")
    parser.add_argument("indexes", nargs=2, type=Path, metavar="INDEX")
    parser.add_argument("--queries", type=Path, required=True, help="text file, one query a line")
    arguments = parser.parse_args()
    queries = [line for line in arguments.queries.read_text(encoding="utf-8").splitlines() if line.strip()]
    libraries = [EmbeddedLibrary(IndexFolder(path), warm=True) for path in arguments.indexes]
    for library in libraries:
        library.refresh()
    times: list[list[float]] = [[] for _ in libraries]
    for counts in [False, *[True] * ROUNDS]:
        for query in queries:
            for library, found in zip(libraries, times, strict=True):
                took = timed(library, query)
                if counts:
                    found.append(took)
    for library, found in zip(libraries, times, strict=True):
        tail = len(library.view.snapshot.tail.change) if library.view else 0
        p50, p95 = statistics.median(found), statistics.quantiles(found, n=20)[18]
        print(f"{library.index.root}: {tail:,} articles in the tail, p50 {p50:.1f} ms, p95 {p95:.1f} ms")
        library.close()


if __name__ == "__main__":
    main()
