"""Compare ways of finding related articles on judged collections: weights of meaning and words, and the least score shown.

    python scripts/compare_related.py data/sample OTHER_COLLECTION ...  [--limit-seeds N]

Prints a Markdown table for each collection. The indexes are those of `dateline evaluate`, made if missing.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from indexer.filters import Filters
from indexer.layout import IndexFolder
from search_api.clock import utc_now
from search_api.evaluation import measures
from search_api.evaluation_jobs import evaluation_library
from search_api.judging import Collection, Task, read_collection
from search_api.library import Library
from search_api.query import Fallback, RelatedQuery
from search_api.related import MIN_SCORE, related
from search_api.settings import Settings

RATIOS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0)
LEAST_SCORES = (0.0, 0.1, 0.15, MIN_SCORE, 0.3, 0.4)


def ways(shipped: RelatedQuery) -> dict[str, RelatedQuery]:
    """The weights are compared on uncut lists, the least scores with the shipped weight."""
    return {
        **{f"meaning {ratio}, uncut": replace(shipped, semantic_ratio=ratio, min_score=0.0) for ratio in RATIOS},
        **{f"as shipped, least score {least}": replace(shipped, min_score=least) for least in LEAST_SCORES},
    }


def row(library: Library, collection: Collection, query: RelatedQuery) -> str:
    """nDCG@10, the mean length of a list, and the share of what is shown that is judged related."""
    run = {seed: [hit.article.id for hit in related(library, seed, query).hits] for seed in collection.questions}
    shown = [(seed, article_id) for seed, found in run.items() for article_id in found]
    right = sum(collection.qrels[seed].get(article_id, 0) > 0 for seed, article_id in shown)
    ndcg = measures(run, collection.qrels)["ndcg@10"]
    return f"{ndcg:.4f} | {fmean(map(len, run.values())):.1f} | {right / max(1, len(shown)):.2f}"


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
                print(f"| {name} | {row(library, collection, query)} |", flush=True)


if __name__ == "__main__":
    main()
