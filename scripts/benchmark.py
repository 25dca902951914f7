"""Measure the main job on a folder or file of articles: ingest, sizes, memory, start-up, queries, related lists.

    python scripts/benchmark.py FOLDER [--queries FILE] [--index DIR]

Prints Markdown. `--queries` names a text file with one query a line; their best titles are listed too.
"""

from __future__ import annotations

import argparse
import json
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from indexer.filters import Filters
from indexer.layout import IndexFolder
from scripts.precompute_related import visible_ids
from search_api.clock import utc_now
from search_api.jobs import opened
from search_api.query import RelatedQuery
from search_api.related import related

PACKAGES = ("openvino", "torch", "sentence-transformers", "faiss-cpu", "tantivy", "numpy")
START_LIMIT_S = 60
REPEATS = 5

SEEDS = 300
"""Articles whose related lists are timed."""

WARMING = 20
"""Lists made before, whose time does not count."""


def timed(arguments: list[str]) -> tuple[dict[str, Any], float, float]:
    """A dateline command's JSON, its seconds, and the peak resident memory of its process in MB."""
    watch = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(done.returncode)"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", watch, sys.executable, "-m", "search_api", *arguments, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode > 1:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout), time.perf_counter() - started, int(done.stderr.split()[-1]) / 1024


class Service:
    """`dateline serve` on a free port, started at once."""

    def __init__(self, index: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = str(free.getsockname()[1])
        run = [sys.executable, "-m", "search_api", "serve", "--index", index, "--port", self._port]
        self._started = time.perf_counter()
        self._process = subprocess.Popen(run)

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as answer:
            return json.load(answer)

    def seconds_to_first_answer(self, path: str) -> float:
        while time.perf_counter() - self._started < START_LIMIT_S and self._process.poll() is None:
            try:
                self.ask(path)
                return time.perf_counter() - self._started
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise SystemExit(f"the service did not answer within {START_LIMIT_S} s")

    def memory_mb(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


def related_ms(index: str) -> list[float]:
    """Milliseconds that a list of ten related articles takes in process, for articles spread evenly over the archive."""
    query = RelatedQuery(Filters(utc_now()))
    with opened(IndexFolder(Path(index))) as library:
        ids = visible_ids(library, query)
        seeds = ids[:: max(1, len(ids) // SEEDS)][:SEEDS]
        times = []
        for seed in [*seeds[:WARMING], *seeds]:
            started = time.perf_counter()
            related(library, seed, query)
            times.append((time.perf_counter() - started) * 1000)
    return times[WARMING:]


def report(folder: str, index: str, queries: list[str]) -> None:
    ingested, ingest_s, ingest_mb = timed(["ingest", folder, "--index", index])
    again, again_s, _ = timed(["ingest", folder, "--index", index])
    reindexed, _, reindex_mb = timed(["reindex", "--index", index])
    status, _, _ = timed(["status", "--index", index])
    paths = ["/v1/search?" + urllib.parse.urlencode({"q": query}) for query in queries]
    service = Service(index)
    try:
        start_s = service.seconds_to_first_answer(paths[0])
        answers = [service.ask(path) for path in paths]
        times = []
        for _ in range(REPEATS):
            for path in paths:
                started = time.perf_counter()
                service.ask(path)
                times.append((time.perf_counter() - started) * 1000)
        serving_mb = service.memory_mb()
    finally:
        service.stop()
    lists = related_ms(index)
    articles = status["archive"]["articles"]
    rows = {
        "articles, chunks": f"{articles:,}, {status['archive']['chunks']:,}",
        "ingest, first": f"{ingested['seconds']:.0f} s ({ingested['read'] / ingested['seconds']:.1f} articles/s, "
        f"{ingested['encoded'] / ingested['seconds']:.1f} chunks/s), whole process {ingest_s:.0f} s",
        "ingest, unchanged": f"{again['seconds']:.1f} s ({again['unchanged']:,} unchanged), whole process {again_s:.1f} s",
        "reindex from stored embeddings": f"{reindexed['seconds']:.1f} s",
        "archive": f"{status['archive']['bytes'] / 1e6:.1f} MB ({status['archive']['bytes'] / articles:,.0f} bytes an article)",
        "generation": f"{status['generation']['bytes'] / 1e6:.1f} MB "
        f"({status['generation']['bytes'] / articles:,.0f} bytes an article)",
        "peak memory, ingest and reindex": f"{ingest_mb:.0f} MB and {reindex_mb:.0f} MB",
        "serve: start to first answer": f"{start_s:.1f} s",
        "serve: resident memory after the queries": f"{serving_mb:.0f} MB",
        "query over HTTP, p50 and p95": f"{median(times):.1f} ms and {quantiles(times, n=20)[18]:.1f} ms ({len(times)} queries)",
        "related by id, in process, p50 and p95": f"{median(lists):.1f} ms and {quantiles(lists, n=20)[18]:.1f} ms "
        f"({len(lists)} articles)",
    }
    print(
        f"{platform.machine()}, Python {platform.python_version()}, " + ", ".join(f"{p} {version(p)}" for p in PACKAGES)
    )
    print("\n| what | figure |\n|---|---|")
    for name, figure in rows.items():
        print(f"| {name} | {figure} |")
    print("\n| query | best three titles |\n|---|---|")
    for query, answer in zip(queries, answers, strict=True):
        print(f"| {query} | {'; '.join(hit['title'] for hit in answer['hits'][:3])} |")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure ingest, sizes, memory, start-up and queries.")
    parser.add_argument("folder")
    parser.add_argument("--queries", type=Path, help="text file, one query a line")
    parser.add_argument("--index", help="keep the index here [default: a temporary folder]")
    arguments = parser.parse_args()
    queries = ["why did the ferry capsize", "central bank interest rate decision"]
    if arguments.queries:
        queries = [line for line in arguments.queries.read_text(encoding="utf-8").splitlines() if line.strip()]
    with tempfile.TemporaryDirectory() as folder:
        report(arguments.folder, arguments.index or f"{folder}/index", queries)


if __name__ == "__main__":
    main()
