"""Compare the stories that articles were given at ingest with known ones, beside a plain clustering.

    python scripts/compare_stories.py data/sample COLLECTION ...

A collection is a folder with `articles.jsonl` and either `clusters.jsonl` (an object with `ids` a line) or `stories.tsv`
(article id, story). Only articles whose story is known are judged. Prints B-cubed and pairwise precision, recall and F1 of
the stories as shipped, of every article alone, and of single-pass clustering of article vectors at several thresholds,
where an article joins the story of the likest before it. The indexes are those of `dateline evaluate`.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from indexer.engines.embedded import Snapshot
from indexer.layout import IndexFolder
from search_api.embedded_library import EmbeddedLibrary
from search_api.evaluation import Agreement, b_cubed, pairwise
from search_api.evaluation_jobs import evaluation_library
from search_api.library import Library
from search_api.settings import Settings

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)


def known_stories(folder: Path) -> dict[str, str]:
    """Article id -> story, of the articles whose story is known."""
    clusters = folder / "clusters.jsonl"
    if clusters.is_file():
        lines = clusters.read_text(encoding="utf-8").splitlines()
        return {article_id: str(number) for number, line in enumerate(lines) for article_id in json.loads(line)["ids"]}
    with (folder / "stories.tsv").open(encoding="utf-8", newline="") as file:
        return {row[0]: row[1] for row in list(csv.reader(file, delimiter="\t"))[1:] if row[1]}


def shipped(library: Library, snapshot: Snapshot, known: Mapping[str, str]) -> dict[str, int]:
    rows = {article_id: _row(library, snapshot, article_id) for article_id in known}
    return {article_id: int(snapshot.columns.story[row]) for article_id, row in rows.items()}


def plain(library: Library, snapshot: Snapshot, known: Mapping[str, str], threshold: float) -> dict[str, int]:
    """Rows are in order of publication: each joins the story of the likest before it, or begins one."""
    vectors = snapshot.article_vectors(np.arange(len(snapshot.columns)))
    story = np.arange(len(vectors))
    for row in range(1, len(vectors)):
        cosines = vectors[:row] @ vectors[row]
        likest = int(cosines.argmax())
        if cosines[likest] >= threshold:
            story[row] = story[likest]
    return {article_id: int(story[_row(library, snapshot, article_id)]) for article_id in known}


def _row(library: Library, snapshot: Snapshot, article_id: str) -> int:
    known = library.archive.known(article_id)
    assert known is not None
    return int(snapshot.row_of_seq.of([known.seq])[0])


def ways(library: Library, snapshot: Snapshot, known: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, int]]]:
    yield "as shipped", shipped(library, snapshot, known)
    yield "every article alone", {article_id: number for number, article_id in enumerate(known)}
    for threshold in THRESHOLDS:
        yield f"cosine {threshold}", plain(library, snapshot, known, threshold)


def cells(found: Agreement) -> str:
    return f"{found.precision:.3f} | {found.recall:.3f} | {found.f1:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare stories given at ingest with known ones.")
    parser.add_argument("folders", nargs="+", type=Path, help="collections whose stories are known")
    parser.add_argument("--index", type=Path, default=Settings().index, help="evaluation indexes are kept beside it")
    arguments = parser.parse_args()
    for folder in arguments.folders:
        known = known_stories(folder)
        print(
            f"\n| {folder.resolve().name}, {len(known):,} articles in {len(set(known.values())):,} stories "
            "| B-cubed P | R | F1 | pairwise P | R | F1 | stories |\n|---|---|---|---|---|---|---|---|"
        )
        with evaluation_library(IndexFolder(arguments.index), folder) as library:
            assert isinstance(library, EmbeddedLibrary)
            assert library.view is not None
            snapshot = library.view.snapshot
            for name, found in ways(library, snapshot, known):
                measured = f"{cells(b_cubed(found, known))} | {cells(pairwise(found, known))}"
                print(f"| {name} | {measured} | {len(set(found.values())):,} |", flush=True)


if __name__ == "__main__":
    main()
