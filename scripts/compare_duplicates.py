"""Compare the copies that were found at ingest with those known.

    python scripts/compare_duplicates.py data/sample COLLECTION ...

A collection is a folder with `articles.jsonl`. Pairs of articles whose bodies have the same words must all be found. Where
`stories.tsv` (article id, story, id of the article it is a copy of) names the copies, precision and recall over all pairs of
articles are given too. The indexes are those of `dateline evaluate`.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Hashable, Mapping
from itertools import combinations
from pathlib import Path

from indexer.layout import IndexFolder
from search_api.clock import utc_now
from search_api.evaluation_jobs import evaluation_library
from search_api.library import Library
from search_api.settings import Settings

Pairs = set[tuple[str, str]]


def pairs_of(groups: Mapping[str, Hashable]) -> Pairs:
    """Every two articles of one group, in order of their ids."""
    members: dict[Hashable, list[str]] = defaultdict(list)
    for article_id, group in groups.items():
        members[group].append(article_id)
    return {pair for some in members.values() for pair in combinations(sorted(some), 2)}


def known_copies(folder: Path) -> Pairs | None:
    """The pairs that `stories.tsv` says are copies; None without such a file."""
    path = folder / "stories.tsv"
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        return pairs_of({row[0]: row[2] or row[0] for row in list(csv.reader(file, delimiter="\t"))[1:]})


def same_words(folder: Path) -> Pairs:
    """The pairs whose bodies have the same words."""
    with (folder / "articles.jsonl").open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return pairs_of({record["id"]: " ".join(record["body"].casefold().split()) for record in records if record["body"]})


def found_copies(library: Library) -> Pairs:
    """The pairs that share a text group."""
    assert library.view is not None
    columns = library.view.snapshot.columns
    keys = zip(columns.seq.tolist(), columns.version.tolist(), strict=True)
    articles = library.archive.shown_at(list(keys), utc_now())
    return pairs_of({a.id: int(group) for a, group in zip(articles, columns.text_group, strict=True) if a})


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare copies found at ingest with those known.")
    parser.add_argument("folders", nargs="+", type=Path, help="collections")
    parser.add_argument("--index", type=Path, default=Settings().index, help="evaluation indexes are kept beside it")
    arguments = parser.parse_args()
    print(
        "| collection | exact pairs | of them found | pairs found | known pairs | precision | recall |\n"
        "|---|---|---|---|---|---|---|"
    )
    for folder in arguments.folders:
        with evaluation_library(IndexFolder(arguments.index), folder) as library:
            found = found_copies(library)
        exact, known = same_words(folder), known_copies(folder)
        cells = [str(len(exact)), str(len(exact & found)), str(len(found))]
        if known is None:
            cells += ["", "", ""]
        else:
            right = len(known & found)
            cells += [str(len(known)), f"{right / len(found):.3f}", f"{right / len(known):.3f}"]
        print(f"| {folder.resolve().name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
