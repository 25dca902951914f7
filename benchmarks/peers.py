"""Measure Dateline beside txtai, Chroma and LanceDB: same passages, same model, same cores, by turns.

    python -m benchmarks.peers [PASSAGES.jsonl[.gz]] [--passages N] [--rounds N] [--queries N] [--systems dateline,txtai]
                               [--skip-http] [--work DIR] [--reuse] [--write FILE]

`make bench-peers` makes the peers' environment first. Prints Markdown; `--write` also puts it into a file, between its two
marks. Embeddings are kept in the work folder, indexes too, which `--reuse` takes with the times of when they were made.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import passages, report
from benchmarks.asking import python_of
from benchmarks.corpus import Corpus, read_corpus
from benchmarks.measuring import PER_ROUND, Bench, Figures
from benchmarks.system import PEERS_PYTHON, ROOT, SystemName, environment
from indexer.processes import usable_cores
from scripts.benchmark import around_the_figures, machine

BEGIN, END = "<!-- beside peers -->", "<!-- end of beside peers -->"
PEERS = ("txtai", "chromadb", "lancedb", "sentence-transformers", "torch", "faiss-cpu", "uvicorn")
WARMING = ROOT / "docs" / "benchmark_queries.txt"
RECALL_QUERIES = 200


def embedded(texts: Sequence[str], folder: Path) -> Path:
    """The file with the embeddings of these texts, made unless it is there."""
    content = json.dumps(texts, ensure_ascii=False)
    vectors = folder / f"embeddings-{hashlib.sha256(content.encode()).hexdigest()[:12]}.npy"
    if not vectors.is_file():
        print(f"embedding {len(texts):,} texts with Sentence Transformers", file=sys.stderr, flush=True)
        given, part = vectors.with_suffix(".json"), vectors.with_suffix(".part.npy")
        given.write_text(content, encoding="utf-8")
        subprocess.run(
            [str(PEERS_PYTHON), "-m", "benchmarks.embedding", str(given), str(part)],
            cwd=ROOT,
            env=environment(usable_cores()),
            check=True,
        )
        given.unlink()
        part.replace(vectors)
    return vectors


def versions(system: SystemName) -> str:
    """The peers' versions, as their own environment tells them."""
    code = "import sys; from importlib.metadata import version; print(*(f'{p} {version(p)}' for p in sys.argv[1:]), sep=', ')"
    done = subprocess.run([python_of(system), "-c", code, *PEERS], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def command_of(arguments: argparse.Namespace) -> str:
    """The command that measures this again, elsewhere."""
    given = [("passages", arguments.passages), ("rounds", arguments.rounds), ("queries", arguments.queries)]
    words = ["python -m benchmarks.peers", *(["PASSAGES"] if arguments.source else [])]
    words += [f"--{name} {value}" for name, value in given]
    words += [f"--systems {','.join(arguments.systems)}"] if len(arguments.systems) < len(SystemName) else []
    return " ".join([*words, *(["--skip-http"] if arguments.skip_http else [])])


def lines_of(arguments: argparse.Namespace, corpus: Corpus, figures: Figures, busy: str, seconds: float) -> list[str]:
    """The whole report."""
    lines = [f"`{command_of(arguments)}`", "", machine(), f"Beside: {versions(SystemName.TXTAI)}.", ""]
    lines += [
        f"{len(corpus.texts):,} passages, {len(corpus.queries):,} different queries; rounds: {arguments.rounds}.",
        "",
    ]
    lines += [*report.in_process_table(figures), ""]
    if figures.over_http:
        lines += [*report.over_http_table(figures), ""]
    lines += [*report.verdict(figures), f"Load average {busy} as it began; {seconds / 60:.0f} minutes in all."]
    return lines


def parsed(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description="Measure Dateline beside txtai, Chroma and LanceDB."
    )
    parser.add_argument(
        "source", nargs="?", type=Path, help="articles as JSONL, perhaps with gzip [default: the sample]"
    )
    parser.add_argument("--passages", type=int, default=20_000, help="how many of the first are indexed")
    parser.add_argument("--rounds", type=int, default=3, help="rounds in which the systems take turns")
    parser.add_argument("--queries", type=int, default=PER_ROUND, help="different queries that a round asks over HTTP")
    parser.add_argument("--systems", default=",".join(SystemName), help="which take part, with commas between")
    parser.add_argument("--embed", type=int, default=1000, help="passages for the rate of embedding and indexing")
    parser.add_argument("--skip-http", action="store_true", help="measure in process only")
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "peers", help="keep embeddings and indexes here")
    parser.add_argument("--reuse", action="store_true", help="take the indexes of an earlier run, and their times")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the figures between the marks of this page too")
    arguments = parser.parse_args(given)
    try:
        arguments.systems = [SystemName(name) for name in arguments.systems.split(",")]
    except ValueError as error:
        parser.error(f"{error}; the systems are {', '.join(SystemName)}")
    return arguments


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that what was started is stopped too
    arguments = parsed()
    if not PEERS_PYTHON.is_file():
        raise SystemExit(f"{PEERS_PYTHON} is missing; run: make bench-peers, which sets it up")
    if arguments.write:
        around_the_figures(arguments.write, BEGIN, END)
    began, busy = time.monotonic(), f"{os.getloadavg()[0]:.1f}"
    corpus = read_corpus(arguments.source, arguments.passages, arguments.rounds * arguments.queries)
    folder = arguments.work.resolve() / corpus.key
    passages.write(folder, corpus.lines, corpus.texts)
    embeddings = embedded(corpus.texts, folder)
    query_embeddings = embedded(corpus.queries[:RECALL_QUERIES], folder)
    warming = [line for line in WARMING.read_text(encoding="utf-8").splitlines() if line.strip()]
    bench = Bench(folder, corpus.queries, warming, embeddings, query_embeddings, arguments.systems)
    figures = Figures()
    for system in arguments.systems:
        figures.indexed[system] = bench.indexed(system, min(arguments.embed, len(corpus.texts)), reuse=arguments.reuse)
    bench.measured(arguments.rounds, figures, http=not arguments.skip_http)
    lines = lines_of(arguments, corpus, figures, busy, time.monotonic() - began)
    print("\n".join(lines))
    if arguments.write:
        before, after = around_the_figures(arguments.write, BEGIN, END)
        arguments.write.write_text("\n".join([f"{before}\n", *lines, "", after]), encoding="utf-8")


if __name__ == "__main__":
    main()
