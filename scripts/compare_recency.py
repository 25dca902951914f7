"""Compare recency settings on a judged collection, for questions about current events, about the past, and the others.

    python scripts/compare_recency.py data/sample

Prints a Markdown table of nDCG@10. A question is current or past by the lists `current` and `past` of the folder's `kinds.json`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import fmean

from indexer.layout import IndexFolder
from search_api.clock import utc_now
from search_api.evaluation import ndcg
from search_api.evaluation_jobs import evaluation_library
from search_api.judging import Task, judged_filters, read_collection
from search_api.query import SearchQuery
from search_api.searcher import search
from search_api.settings import Settings

SETTINGS = ("off", "auto", "7d", "4w", "1y")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare recency settings on a judged collection.")
    parser.add_argument("folder", type=Path, help="a judged collection with kinds.json")
    parser.add_argument("--index", type=Path, default=Settings().index, help="evaluation indexes are kept beside it")
    arguments = parser.parse_args()
    collection = read_collection(arguments.folder, Task.SEARCH)
    kinds: dict[str, list[str]] = json.loads((arguments.folder / "kinds.json").read_text(encoding="utf-8"))
    known = {query_id for ids in kinds.values() for query_id in ids}
    kinds["others"] = [query_id for query_id in collection.questions if query_id not in known]
    print(f"| recency | {' | '.join(f'{kind} ({len(ids)})' for kind, ids in kinds.items())} |")
    print(f"|---|{'---|' * len(kinds)}")
    with evaluation_library(IndexFolder(arguments.index), arguments.folder) as library:
        for setting in SETTINGS:
            found = {}
            for query in collection.questions.values():
                asked = SearchQuery(query.text, judged_filters(query, utc_now()), recency=setting)
                ids = [hit.article.id for hit in search(library, asked).hits]
                found[query.id] = ndcg(ids, collection.qrels[query.id], 10)
            means = (fmean(found[query_id] for query_id in ids) for ids in kinds.values())
            print(f"| {setting} | {' | '.join(f'{mean:.4f}' for mean in means)} |")


if __name__ == "__main__":
    main()
