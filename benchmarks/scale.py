"""Measure search as an index grows to a million passages: times, memory, recall, starts and builds.

    python -m benchmarks.scale PASSAGES.jsonl[.gz] --work DIR [--real N] [--sizes 10000,...,1000000] [--queries N]

The first N passages are real and embedded; larger indexes hold passages made of them (`benchmarks.varied` says how). Queries are
headlines of passages that are in no index. Each size has an index of its own in the work folder, used again by a later run.
Prints Markdown; one line a size.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np

from benchmarks.growing import Grower, embedded
from benchmarks.varied import Passage, read_passages
from indexer.encoder import load_encoder
from indexer.engines.columns import NO_TIME
from indexer.generations import open_snapshot, read_manifest
from indexer.layout import IndexFolder
from indexer.models import DEFAULT_MODEL
from search_api import generation_jobs
from search_api.client import Dateline

SHARES = (1.0, 0.1, 0.01, 0.001)
"""Of the articles, that a date filter lets through."""

READY_WITHIN_S = 120.0
UNCOUNTED = {"DATELINE_RATE_ADDRESS": "", "HF_HUB_OFFLINE": "1"}


@dataclass(frozen=True, slots=True)
class Served:
    """A running `dateline serve` with one worker, and how long it took until it was ready."""

    url: str
    process: subprocess.Popen[bytes]
    ready_s: float

    @property
    def private_mb(self) -> float:
        """Memory of its own: what it shares with the page cache is not counted."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "RssShmem"))) / 1000


def progress() -> Callable[[str], None]:
    """Tells on stderr, at most every ten seconds."""
    last = [0.0]

    def told(line: str) -> None:
        if time.monotonic() - last[0] > 10:
            last[0] = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    return told


def grown(grower: Grower, index: IndexFolder, size: int) -> float | None:
    """An index of the size with a generation of all of it; the seconds of the build, None where it was there already."""
    grower.grow(index, size, progress())
    if generation_jobs.serving(index) is not None and read_manifest(index).articles == size:
        return None
    started = time.monotonic()
    generation_jobs.reindex(index, keep=0)
    return time.monotonic() - started


def served(index: IndexFolder, environment: dict[str, str]) -> Served:
    """Start the service and wait until it says that it is ready."""
    started = time.monotonic()
    command = [sys.executable, "-m", "search_api", "serve", "--index", str(index.root), "--port", "8371"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    with Dateline("http://127.0.0.1:8371", timeout_s=5, retries=None) as dateline:
        while True:
            try:
                dateline.ready()
                return Served("http://127.0.0.1:8371", process, time.monotonic() - started)
            except Exception:
                if time.monotonic() - started > READY_WITHIN_S:
                    process.kill()
                    raise
                time.sleep(0.02)


def asked(url: str, queries: Sequence[str], **filters: Any) -> list[float]:
    """Milliseconds of each query over HTTP, one after another on one connection."""
    times = []
    with Dateline(url, timeout_s=30, retries=None) as dateline:
        for query in queries:
            started = time.perf_counter()
            dateline.search(query, limit=10, **filters)
            times.append(1000 * (time.perf_counter() - started))
    return times


def p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20, method="inclusive")[18]


def since(index: IndexFolder, share: float) -> str | None:
    """The date from which on about this share of the articles was published; None for all."""
    if share == 1:
        return None
    published = open_snapshot(index, read_manifest(index)).columns.published
    place = round((1 - share) * (len(published) - 1))
    seconds = int(np.partition(np.where(published == NO_TIME, 0, published), place)[place])
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def recalls(index: IndexFolder) -> str:
    """`dateline verify --recall`: the least of passages and headlines, for each share let through."""
    command = [sys.executable, "-m", "search_api", "verify", "--recall", "--json", "--index", str(index.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found: dict[float, float] = {}
    for one in json.loads(done.stdout)["recall"]:
        found[one["share"]] = min(found.get(one["share"], 1.0), one["recall"])
    return ", ".join(f"{found[share]:.3f}" for share in sorted(found, reverse=True))


def lines(
    passages: Sequence[Passage], real: int, sizes: Sequence[int], queries: Sequence[str], work: Path, rounds: int
) -> Iterator[str]:
    """A table as lines of Markdown, one line a size."""
    encoder = load_encoder(DEFAULT_MODEL, work / "models")
    vectors = embedded(passages[:real], encoder, work / "real.npy", progress())
    grower = Grower(passages[:real], vectors, encoder)
    environment = {**os.environ, **UNCOUNTED}
    yield (
        "| passages | build, s | ready, s | p50, ms | p95, ms | p95 at 10%, 1%, 0.1% of the articles, ms | "
        "recall@10 at 100%, 10%, 1%, 0.1% | memory of its own, MB | generation, MB | archive, MB |"
    )
    yield "|---" * 10 + "|"
    for size in sizes:
        index = IndexFolder(work / f"index-{size}")
        build_s = grown(grower, index, size)
        manifest = read_manifest(index)
        service = served(index, environment)
        try:
            asked(service.url, queries[:50])
            plain = [one for _ in range(rounds) for one in asked(service.url, queries)]
            filtered = []
            for share in SHARES[1:]:
                bound = {"from_": since(index, share)}
                asked(service.url, queries[:20], **bound)
                filtered.append(p95([one for _ in range(rounds) for one in asked(service.url, queries, **bound)]))
            memory = service.private_mb
        finally:
            service.process.terminate()
            service.process.wait()
        size_mb = sum(file["bytes"] for file in manifest.files.values()) / 1e6
        yield (
            f"| {manifest.chunks:,} | {'-' if build_s is None else f'{build_s:.0f}'} | {service.ready_s:.1f} | "
            f"{median(plain):.1f} | {p95(plain):.1f} | "
            f"{', '.join(f'{one:.1f}' for one in filtered)} | {recalls(index)} | {memory:.0f} | {size_mb:.0f} | "
            f"{index.archive.stat().st_size / 1e6:.0f} |"
        )
    for fit in grower.fits.values():
        yield f"\n{fit.told}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure search as an index grows to a million passages.")
    parser.add_argument("passages", type=Path, help="JSONL, perhaps compressed with gzip")
    parser.add_argument("--work", type=Path, required=True, help="folder for embeddings and indexes")
    parser.add_argument("--real", type=int, help="how many of the passages are embedded [default: all but those asked]")
    parser.add_argument("--sizes", default="10000,30000,100000,300000,1000000", help="ascending, with commas between")
    parser.add_argument("--queries", type=int, default=200, help="how many headlines are asked")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is asked")
    arguments = parser.parse_args()
    passages = read_passages(arguments.passages)
    real = arguments.real or len(passages) - arguments.queries
    apart = passages[real :: max(1, (len(passages) - real) // arguments.queries)]
    queries = list(dict.fromkeys(passage.title for passage in apart if passage.title))[: arguments.queries]
    sizes = [int(size) for size in arguments.sizes.split(",")]
    arguments.work.mkdir(parents=True, exist_ok=True)
    for line in lines(passages, real, sizes, queries, arguments.work, arguments.rounds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
