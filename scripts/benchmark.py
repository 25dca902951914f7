"""Measure ingest, sizes, memory, start-up, queries, related lists, the encoder, and queries at several sizes.

    python scripts/benchmark.py FOLDER [--queries FILE] [--index DIR] [--bulk PASSAGES --sizes 10000,30000] [--write FILE]

Prints Markdown; `--write` also puts it into a file, between its two marks. `--queries` names a text file with one query a line;
their best titles are listed too. `--bulk` names passages for an archive that grows from size to size.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from indexer.encoder import prepare_encoder
from indexer.filters import Filters
from indexer.layout import IndexFolder
from indexer.models import DEFAULT_MODEL
from indexer.processes import usable_cores
from scripts import benchmark_sizes, compare_encoders
from scripts.benchmark_sizes import p95
from scripts.precompute_related import visible_ids
from search_api.client import Dateline, DatelineClientError
from search_api.clock import utc_now
from search_api.jobs import opened
from search_api.query import RelatedQuery
from search_api.related import related

BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"
PACKAGES = ("openvino", "torch", "sentence-transformers", "faiss-cpu", "tantivy", "numpy")
START_LIMIT_S = 60
REPEATS = 5

SEEDS = 300
"""Articles whose related lists are timed."""

WARMING = 20
"""Lists made before, whose time does not count."""


def timed(arguments: list[str]) -> tuple[dict[str, Any], float, float]:
    """A dateline command's JSON, its seconds, and the peak resident memory, in MB, of the largest of its processes."""
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
            port = free.getsockname()[1]
        self.dateline = Dateline(f"http://127.0.0.1:{port}", retries=None)
        run = [sys.executable, "-m", "search_api", "serve", "--index", index, "--port", str(port)]
        self._started = time.perf_counter()
        self._process = subprocess.Popen(run)

    def seconds_to_first_answer(self, query: str) -> float:
        while time.perf_counter() - self._started < START_LIMIT_S and self._process.poll() is None:
            try:
                self.dateline.search(query)
                return time.perf_counter() - self._started
            except DatelineClientError:
                time.sleep(0.05)
        self.stop()
        raise SystemExit(f"the service did not answer within {START_LIMIT_S} s")

    def memory_mb(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def stop(self) -> None:
        self.dateline.close()
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


def machine() -> str:
    """What the figures were measured on."""
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", facts, re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    bf16 = "with" if re.search(r"avx512_bf16|amx_bf16", facts) else "without"
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return (
        f"{model[1] if model else platform.processor()} ({platform.machine()}), {usable_cores()} cores {bf16} bf16, "
        f"{memory:.0f} GB; Python {platform.python_version()}, {packages}."
    )


def main_job(folder: str, index: str, queries: list[str]) -> Iterator[str]:
    """The main job on one folder, as lines of Markdown."""
    prepare_encoder(DEFAULT_MODEL, IndexFolder(Path(index)).models, lambda line: print(line, file=sys.stderr))
    ingested, ingest_s, ingest_mb = timed(["ingest", folder, "--index", index])
    again, again_s, _ = timed(["ingest", folder, "--index", index])
    reindexed, _, reindex_mb = timed(["reindex", "--index", index])
    status, _, _ = timed(["status", "--index", index])
    service = Service(index)
    try:
        start_s = service.seconds_to_first_answer(queries[0])
        answers = [service.dateline.search(query) for query in queries]
        times = []
        for _ in range(REPEATS):
            for query in queries:
                started = time.perf_counter()
                service.dateline.search(query)
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
        "how many times faster that is": f"{ingested['seconds'] / again['seconds']:.0f}, whole process {ingest_s / again_s:.0f}",
        "reindex from stored embeddings": f"{reindexed['seconds']:.1f} s ({articles / reindexed['seconds']:,.0f} articles/s)",
        "archive": f"{status['archive']['bytes'] / 1e6:.1f} MB ({status['archive']['bytes'] / articles:,.0f} bytes an article)",
        "generation": f"{status['generation']['bytes'] / 1e6:.1f} MB "
        f"({status['generation']['bytes'] / articles:,.0f} bytes an article)",
        "peak memory of the largest process, ingest and reindex": f"{ingest_mb:.0f} MB and {reindex_mb:.0f} MB",
        "serve: start to first answer": f"{start_s:.1f} s",
        "serve: resident memory after the queries": f"{serving_mb:.0f} MB",
        "query over HTTP, p50 and p95": f"{median(times):.1f} ms and {p95(times):.1f} ms ({len(times)} queries)",
        "related by id, in process, p50 and p95": f"{median(lists):.1f} ms and {p95(lists):.1f} ms "
        f"({len(lists)} articles)",
    }
    yield "| what | figure |\n|---|---|"
    yield from (f"| {name} | {figure} |" for name, figure in rows.items())
    yield "\n| query | best three titles |\n|---|---|"
    for query, answer in zip(queries, answers, strict=True):
        yield f"| {query} | {'; '.join(hit.title for hit in answer.hits[:3])} |"


def around_the_figures(page: Path, first: str = BEGIN, second: str = END) -> tuple[str, str]:
    """What a page holds up to its first mark and from its second on."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(first)
    _, end, after = rest.partition(second)
    if not (begin and end):
        raise SystemExit(f"{page} has no {first} and {second} to put the figures between")
    return before + begin, end + after


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure ingest, sizes, memory, start-up, queries and the encoder.")
    parser.add_argument("folder")
    parser.add_argument("--queries", type=Path, help="text file, one query a line")
    parser.add_argument("--index", help="keep the index here [default: a temporary folder]")
    parser.add_argument("--passages", type=int, default=200, help="passages that the encoders are compared on")
    parser.add_argument("--bulk", type=Path, help="passages, as JSONL, for an archive that grows")
    parser.add_argument("--sizes", default="10000,30000", help="how many of them, ascending, with commas between")
    parser.add_argument("--bulk-index", type=Path, help="keep the growing index here [default: a temporary folder]")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the figures between the marks of this page too")
    arguments = parser.parse_args()
    queries = ["why did the ferry capsize", "central bank interest rate decision"]
    if arguments.queries:
        queries = [line for line in arguments.queries.read_text(encoding="utf-8").splitlines() if line.strip()]
    if arguments.write:
        around_the_figures(arguments.write)
    lines: list[str] = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    with tempfile.TemporaryDirectory() as folder:
        asked = f" --bulk PASSAGES --sizes {arguments.sizes}" if arguments.bulk else ""
        say(f"`python scripts/benchmark.py FOLDER --queries FILE --passages {arguments.passages}{asked}`\n")
        say(f"{machine()}\n\n### The main job\n")
        for line in main_job(arguments.folder, arguments.index or f"{folder}/index", queries):
            say(line)
        say("\n### The fast runtime beside the reference\n")
        for line in compare_encoders.report([arguments.folder], queries, arguments.passages, rounds=3):
            say(line)
        if arguments.bulk:
            say("\n### Each stage of a query as the archive grows\n")
            index = IndexFolder(arguments.bulk_index or Path(folder) / "bulk")
            sizes = [int(size) for size in arguments.sizes.split(",")]
            for line in benchmark_sizes.report(arguments.bulk, sizes, queries, index):
                say(line)
    if arguments.write:
        before, after = around_the_figures(arguments.write)
        arguments.write.write_text("\n".join([f"{before}\n", *lines, after]), encoding="utf-8")


if __name__ == "__main__":
    main()
