"""Measure queries while a bulk ingest runs beside them, on an index that is there.

    python -m benchmarks.under_ingest INDEX PASSAGES.jsonl[.gz] --skip N [--count 3000]

Passages N to N + count are taken in by `dateline ingest` while queries are asked over HTTP of one worker, one after another;
the same queries are asked before. Queries are headlines of passages after those. Prints Markdown. The index keeps the passages.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.scale import UNCOUNTED, asked, p95, served
from benchmarks.varied import read_passages
from indexer.layout import IndexFolder

QUERIES = 200


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure queries while a bulk ingest runs beside them.")
    parser.add_argument("index", type=Path, help="folder of an index")
    parser.add_argument("passages", type=Path, help="JSONL, perhaps compressed with gzip")
    parser.add_argument("--skip", type=int, required=True, help="how many passages are in the index already")
    parser.add_argument("--count", type=int, default=3000, help="how many are taken in")
    arguments = parser.parse_args()
    passages = read_passages(arguments.passages)
    new = passages[arguments.skip : arguments.skip + arguments.count]
    queries = [one.title for one in passages[arguments.skip + arguments.count :: 300] if one.title][:QUERIES]
    environment = {**os.environ, **UNCOUNTED}
    service = served(IndexFolder(arguments.index), environment)
    try:
        with TemporaryDirectory() as folder:
            source = Path(folder) / "new.jsonl"
            records = (one.record | {"id": f"n{n}", "title": one.title, "body": one.body} for n, one in enumerate(new))
            source.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
            asked(service.url, queries)
            quiet = asked(service.url, queries)
            command = [sys.executable, "-m", "search_api", "ingest", str(source), "--index", str(arguments.index)]
            started = time.monotonic()
            ingest = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            busy: list[float] = []
            while ingest.poll() is None:
                busy += asked(service.url, queries[:20])
            seconds = time.monotonic() - started
    finally:
        service.process.terminate()
        service.process.wait()
    print("| | p50, ms | p95, ms | longest, ms | queries |\n|---|---|---|---|---|")
    for name, times in (("quiet", quiet), (f"while {len(new):,} were taken in, {seconds:.0f} s", busy)):
        print(f"| {name} | {median(times):.1f} | {p95(times):.1f} | {max(times):.1f} | {len(times)} |")
    print(f"\nThe 95th percentile was {p95(busy) / p95(quiet):.2f} times the quiet one.")


if __name__ == "__main__":
    main()
