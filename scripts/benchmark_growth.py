"""Measure what taking in one more article costs as the archive grows, without embedding: cleaning, storing, copies, stories.

    python scripts/benchmark_growth.py ARTICLES.jsonl[.gz] --articles 60000 --step 10000

The articles go in, in the order given, step by step, into an index in a temporary folder, with vectors made from hashes of their
words. Prints a Markdown table with the milliseconds an article took in each step.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from indexer.archive import Archive
from indexer.encoder import TEXT_HASH, load_encoder
from indexer.ingest import Ingest
from indexer.layout import IndexFolder
from indexer.sources import open_source
from search_api.clock import utc_now


def numbered(path: Path) -> Iterator[str]:
    """The lines with ids made anew, since passages of one article may share its id."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            yield json.dumps(json.loads(line) | {"id": str(number)}, ensure_ascii=False) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the cost of one more article as the archive grows.")
    parser.add_argument("articles_file", type=Path, metavar="ARTICLES", help="JSONL, perhaps compressed with gzip")
    parser.add_argument("--articles", type=int, default=60_000, help="how many go in")
    parser.add_argument("--step", type=int, default=10_000, help="how many at a time")
    arguments = parser.parse_args()
    encoder = load_encoder(TEXT_HASH)
    pending = islice(numbered(arguments.articles_file), arguments.articles)
    print("| articles before | ms an article | copies found |\n|---|---|---|")
    with TemporaryDirectory() as folder:
        index = IndexFolder(Path(folder))
        while some := list(islice(pending, arguments.step)):
            source = Path(folder) / "step.jsonl"
            source.write_text("".join(some), encoding="utf-8")
            with index.writing(), Archive(index.archive, create=True) as archive:
                before = archive.counts()["articles"]
                started = time.perf_counter()
                report = Ingest(archive, encoder, now=utc_now()).run(open_source(source, now=utc_now()))
                spent_ms = (time.perf_counter() - started) * 1000 / max(1, report.read)
                print(f"| {before:,} | {spent_ms:.2f} | {report.duplicates:,} |", flush=True)


if __name__ == "__main__":
    main()
