"""Compare ways of finding related articles on judged collections: what each signal is worth, and the least score shown.

    python scripts/compare_related.py data/sample OTHER_COLLECTION ...  [--limit-seeds N]

Prints a Markdown table for each collection. The indexes are those of `dateline evaluate`, made if missing.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from indexer.filters import Filters
from indexer.layout import IndexFolder
from search_api.clock import utc_now
from search_api.evaluation import measures
from search_api.evaluation_jobs import evaluation_library
from search_api.judging import RELATED_MODES, Collection, Task, by_text, read_collection
from search_api.library import Library
from search_api.query import Fallback, RelatedQuery
from search_api.related import related
from search_api.related_modes import MIN_SCORE
from search_api.related_ranking import WEIGHTS
from search_api.settings import Settings

LEAST_SCORES = (0.0, 0.15, 0.2, MIN_SCORE, 0.28, 0.32, 0.4)
SIGNALS = ("dense", "lexical", "time", "section", "story", "expansion")

Lists = Mapping[str, Sequence[tuple[str, float]]]
"""For each seed the articles of its list, best first, and their scores."""


def ways(shipped: RelatedQuery) -> dict[str, RelatedQuery]:
    """The sets of signals that are compared, all without a least score."""
    uncut = replace(shipped, min_score=0.0)
    alone = {name: weights for name, weights in RELATED_MODES.items() if weights}
    return {
        "as shipped, uncut": uncut,
        **{f"without {name}": replace(uncut, weights=replace(WEIGHTS, **{name: 0.0})) for name in SIGNALS},
        **{f"{name} alone": replace(uncut, weights=weights) for name, weights in alone.items()},
    }


def lists(library: Library, collection: Collection, query: RelatedQuery) -> Lists:
    return {
        seed: [(hit.article.id, hit.score) for hit in related(library, seed, query).hits]
        for seed in collection.questions
    }


def row(library: Library, collection: Collection, found: Lists, least: float = 0.0) -> str:
    """nDCG@10, the mean length of a list, and the share of what is shown that is judged related."""
    run = {seed: [article_id for article_id, score in shown if score >= least] for seed, shown in found.items()}
    texts, qrels = by_text(library, run, collection, seeds=True)
    shown = [(seed, text) for seed, answer in texts.items() for text in answer]
    right = sum(qrels[seed].get(text, 0) > 0 for seed, text in shown)
    ndcg = measures(texts, qrels)["ndcg@10"]
    return f"{ndcg:.4f} | {fmean(map(len, texts.values())):.1f} | {right / max(1, len(shown)):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare ways of finding related articles on judged collections.")
    parser.add_argument("folders", nargs="+", type=Path, help="judged collections")
    parser.add_argument("--index", type=Path, default=Settings().index, help="evaluation indexes are kept beside it")
    parser.add_argument("--limit-seeds", type=int, metavar="N", help="only the first N seeds")
    arguments = parser.parse_args()
    shipped = RelatedQuery(Filters(utc_now()), fallback=Fallback.NONE)
    for folder in arguments.folders:
        collection = read_collection(folder, Task.RELATED, arguments.limit_seeds)
        print(
            f"\n| {collection.name}, {len(collection.questions):,} seeds | nDCG@10 | shown | share judged related |\n"
            "|---|---|---|---|"
        )
        with evaluation_library(IndexFolder(arguments.index), folder) as library:
            for name, query in ways(shipped).items():
                found = lists(library, collection, query)
                print(f"| {name} | {row(library, collection, found)} |", flush=True)
                if query.weights is None:
                    cut = {least: row(library, collection, found, least) for least in LEAST_SCORES}
            for least, figures in cut.items():
                print(f"| least score {least} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
