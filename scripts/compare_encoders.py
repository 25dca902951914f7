"""Measure the fast runtime beside the reference on real articles: passages per second, agreement, latency of a query.

    python scripts/compare_encoders.py ARTICLES... [--queries FILE] [--passages N] [--rounds N]

ARTICLES are files that `dateline ingest` takes; their chunks of 180 to 240 tokens are the long passages, their headlines with
the first sentence the short ones. The two runtimes take turns in one process; figures are medians over the rounds.
Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from indexer.chunking import sentence_spans
from indexer.encoder import ModelTokenizer, load_encoder
from indexer.models import DEFAULT_MODEL, ModelFiles, find_model
from indexer.recipe import cut
from indexer.runtimes.fast import FastRuntime
from indexer.runtimes.reference import ReferenceRuntime
from indexer.runtimes.routes import prepare_model
from indexer.sources import find_sources, read_files
from indexer.sources.items import Reading
from indexer.types import Article, Embeddings, Found
from search_api.clock import utc_now

LONG = range(180, 241)
"""Tokens of a long passage."""

QUERIES_TIMED = 200
TOP = 10


def passages(arguments: Sequence[str], number: int) -> tuple[list[str], list[str]]:
    """Long and short passages, at most `number` of each, spread evenly over the articles."""
    encoder = load_encoder()
    long, short = [], []
    for item in read_files(find_sources(arguments).files, Reading(utc_now())):
        if isinstance(item, Found):
            long += [
                c.text for c in cut(item.article, encoder.tokenizer)[0] if len(encoder.tokenizer.spans(c.text)) in LONG
            ]
            short.append(lead(item.article))
    return spread(long, number), spread(sorted(set(short)), number)


def lead(article: Article) -> str:
    """An article's headline and first sentence."""
    first = next(sentence_spans(article.body, article.language.partition("-")[0]), (0, 0))
    return f"{article.title}\n{article.body[slice(*first)]}".strip()


def spread(texts: list[str], number: int) -> list[str]:
    return texts[:: max(1, len(texts) // number)][:number]


def timed(run: Callable[..., object], *arguments: object) -> float:
    started = time.perf_counter()
    run(*arguments)
    return time.perf_counter() - started


def overlap(found: Embeddings, expected: Embeddings) -> float:
    """Share of each passage's ten nearest that both sets of vectors agree on, the passage itself left out."""
    shares = [
        len(set(mine) & set(theirs)) / TOP for mine, theirs in zip(nearest(found), nearest(expected), strict=True)
    ]
    return float(np.mean(shares))


def nearest(vectors: Embeddings) -> list[list[int]]:
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -1)
    top: list[list[int]] = np.argsort(-similarity, axis=1, kind="stable")[:, :TOP].tolist()
    return top


def matrix_product_rates() -> dict[str, float]:
    """Billions of multiplications and additions a second of torch's matrix product on all cores, by number format."""
    import torch

    rates = {}
    for dtype in (torch.float32, torch.bfloat16):
        left, right = torch.randn(2048, 1536, dtype=dtype), torch.randn(1536, 1536, dtype=dtype)
        seconds = min(timed(torch.matmul, left, right) for _ in range(20))
        rates[str(dtype).removeprefix("torch.")] = 2 * 2048 * 1536 * 1536 / seconds / 1e9
    return rates


def gigaflops(tokens: float, files: ModelFiles) -> float | None:
    """Billions of multiplications and additions that a passage of so many tokens takes; None for a model not built like BERT."""
    shape = json.loads((files.folder / "config.json").read_text(encoding="utf-8"))
    try:
        wide, inner, layers = (shape[name] for name in ("hidden_size", "intermediate_size", "num_hidden_layers"))
    except KeyError:
        return None
    weights, attention = 4 * wide * wide + 2 * wide * inner, 2 * tokens * wide
    return float(2 * layers * tokens * (weights + attention) / 1e9)


def report(articles: Sequence[str], queries: Sequence[str], number: int, rounds: int) -> Iterator[str]:
    """The comparison as lines of Markdown."""
    files = find_model(DEFAULT_MODEL)
    long, short = passages(articles, number)
    with TemporaryDirectory() as models:
        prepare_model(files, Path(models), lambda line: print(line, file=sys.stderr))
        fast = FastRuntime(files, Path(models) / files.fingerprint)
    reference = ReferenceRuntime(files)
    tokenizer = ModelTokenizer(files)
    rates = matrix_product_rates()
    limit = rates["bfloat16" if fast.precision == "bf16" else "float32"]
    yield f"{files.name}, {fast.name}, agreement on the check texts {fast.agreement():.5f}. The matrix product of these cores:"
    yield ", ".join(f"{rate:.0f} GFLOP/s in {name}" for name, rate in rates.items()) + "."
    yield ""
    yield "| passages | tokens, mean | reference/s | fast/s | ratio | of the matrix product | least cosine | top-10 overlap |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, texts in (("long", long), ("short", short)):
        if not texts:
            continue
        expected, found = reference.encode(texts), fast.encode(texts)
        pairs = [(timed(reference.encode, texts), timed(fast.encode, texts)) for _ in range(rounds)]
        slow_s, fast_s = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
        tokens = float(np.mean([len(tokenizer.spans(text)) for text in texts]))
        work = gigaflops(tokens, files)
        yield (
            f"| {len(texts)} {name} | {tokens:.0f} | {len(texts) / slow_s:.1f} | {len(texts) / fast_s:.1f} | "
            f"{median(slow / quick for slow, quick in pairs):.2f} | "
            f"{f'{100 * work * len(texts) / fast_s / limit:.0f}%' if work else 'unknown'} | "
            f"{np.einsum('ij,ij->i', expected, found).min():.5f} | {overlap(found, expected):.4f} |"
        )
    asked = [query for query in queries or short if query.strip()][:QUERIES_TIMED]
    yield ""
    for runtime in (reference, fast):
        times = [timed(runtime.encode, [query]) * 1000 for query in asked for _ in range(3)]
        yield f"A query by {runtime.name}: p50 {median(times):.1f} ms, p95 {np.percentile(times, 95):.1f} ms."


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the fast runtime beside the reference.")
    parser.add_argument("articles", nargs="+")
    parser.add_argument("--queries", type=Path, help="text file, one query a line")
    parser.add_argument("--passages", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    queries = arguments.queries.read_text(encoding="utf-8").splitlines() if arguments.queries else []
    for line in report(arguments.articles, queries, arguments.passages, arguments.rounds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
