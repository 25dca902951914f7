"""Measure what each stage of a typed query takes as the archive grows.

    python scripts/benchmark_sizes.py PASSAGES.jsonl[.gz] --sizes 10000,50000 [--queries FILE] [--index DIR]

The passages go in, in the order given, up to each size in turn; a generation of all of them is built, and the queries are
asked of it in this process, one at a time. An index that is given is kept: a run over it goes on where the one before stopped.
Prints Markdown.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from indexer.archive import Archive
from indexer.filters import Filters
from indexer.layout import IndexFolder
from search_api import generation_jobs, jobs
from search_api.clock import utc_now
from search_api.library import Library
from search_api.query import SearchQuery
from search_api.searcher import search
from search_api.stages import Stage, measured

REPEATS = 5
QUERIES = Path(__file__).parents[1] / "docs" / "benchmark_queries.txt"


def head(path: Path, count: int) -> Iterator[str]:
    """The first passages, each with its line's number as its id."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(islice(lines, count)):
            yield json.dumps(json.loads(line) | {"id": str(number)}, ensure_ascii=False) + "\n"


def p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20, method="inclusive")[18]


def articles_in(index: IndexFolder) -> int:
    if not index.archive.is_file():
        return 0
    with Archive(index.archive) as archive:
        return archive.counts()["articles"]


def grown(index: IndexFolder, passages: Path, size: int) -> tuple[float, float]:
    """Bring the index to a size; returns the seconds of taking in and of building the generation."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "passages.jsonl"
        with source.open("w", encoding="utf-8") as file:
            file.writelines(head(passages, size))
        ingested = jobs.ingest(index, [str(source)], show_progress=True)
    if ingested.report.rejected:
        raise SystemExit(f"{ingested.report.rejected} passages were rejected: {ingested.report.rejects[0].reason}")
    return ingested.report.seconds, generation_jobs.reindex(index).seconds


def asked(library: Library, query: str) -> tuple[dict[Stage, float], float]:
    """Milliseconds of each stage, and of the whole answer."""
    with measured() as spent:
        started = time.perf_counter()
        search(library, SearchQuery(query, Filters(utc_now())))
        total = time.perf_counter() - started
    return {stage: 1000 * spent.get(stage, 0.0) for stage in Stage}, 1000 * total


def report(passages: Path, sizes: Sequence[int], queries: Sequence[str], index: IndexFolder) -> Iterator[str]:
    """A table of medians as lines of Markdown, one line a size."""
    names = " | ".join(f"{stage}, ms" for stage in Stage)
    yield f"| articles, passages | {names} | total p50, ms | total p95, ms | archive, MB | generation, MB | reindex, s |"
    yield "|---" * (len(Stage) + 6) + "|"
    for size in sizes:
        if articles_in(index) > size:
            print(f"size {size:,} is left out: the index holds more", file=sys.stderr)
            continue
        _, reindex_s = grown(index, passages, size)
        with jobs.opened(index) as library:
            for query in queries:
                asked(library, query)
            answers = [asked(library, query) for _ in range(REPEATS) for query in queries]
        totals = [total for _, total in answers]
        stages = " | ".join(f"{median(spent[stage] for spent, _ in answers):.1f}" for stage in Stage)
        status = jobs.status(index)
        yield (
            f"| {status['archive']['articles']:,}, {status['generation']['chunks']:,} | {stages} | {median(totals):.1f} | "
            f"{p95(totals):.1f} | {status['archive']['bytes'] / 1e6:.0f} | "
            f"{status['generation']['bytes'] / 1e6:.0f} | {reindex_s:.1f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure each stage of a typed query at several sizes.")
    parser.add_argument("passages", type=Path, help="JSONL, perhaps compressed with gzip")
    parser.add_argument("--sizes", default="10000,30000", help="how many passages, ascending, with commas between")
    parser.add_argument("--queries", type=Path, default=QUERIES, help="text file, one query a line")
    parser.add_argument("--index", type=Path, help="keep the index here [default: a temporary folder]")
    arguments = parser.parse_args()
    queries = [line for line in arguments.queries.read_text(encoding="utf-8").splitlines() if line.strip()]
    sizes = [int(size) for size in arguments.sizes.split(",")]
    with TemporaryDirectory() as folder:
        index = IndexFolder(arguments.index or Path(folder) / "index")
        for line in report(arguments.passages, sizes, queries, index):
            print(line, flush=True)


if __name__ == "__main__":
    main()
