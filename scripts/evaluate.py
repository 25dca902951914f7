"""Measure every judged collection in some folders, print one table, and hold the collections that have floors to them.

    python scripts/evaluate.py data/sample ../collections
    python scripts/evaluate.py data/sample --pin                  # floors from what is measured now
    python scripts/evaluate.py data/sample --pin --allow-lower    # even where one goes down

A collection is a folder, or one below it, with `articles.jsonl` and judgments: `queries.jsonl` and `qrels.tsv`, or
`related_qrels.tsv`. Its `floors.json` holds the least of each measure, and the digest of the files that it was measured on.

Exit status: 0 all floors hold, 1 one does not (or would go down), 2 wrong use.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any

from indexer.errors import DatelineError, SourceError
from indexer.layout import IndexFolder
from search_api.evaluation_jobs import evaluate
from search_api.judging import RELATED_MODES, Judged, Task
from search_api.query import Mode
from search_api.settings import Settings

FLOORS = "floors.json"
PINNED = ("ndcg@10", "recall@10", "mrr@10")
MARGIN = 0.01
"""How far below what was measured a floor is set: ties and rounding differ between machines, rankings do not."""

JUDGMENTS = {Task.SEARCH: ("queries.jsonl", "qrels.tsv"), Task.RELATED: ("related_qrels.tsv",)}

Floors = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one task reached on a collection: the default mode first."""

    folder: Path
    task: Task
    judged: Sequence[Judged]


def collections(folders: Sequence[Path]) -> list[Path]:
    """Every folder among these and below them that has articles and judgments, in order of path."""
    found = {path.parent for folder in folders for path in folder.rglob("articles.jsonl")}
    judged = sorted(folder for folder in found if tasks_of(folder))
    if not judged:
        raise SourceError(f"no judged collection in {', '.join(map(str, folders))}; see CONTRIBUTING.md for its files")
    return judged


def tasks_of(folder: Path) -> list[Task]:
    return [task for task, names in JUDGMENTS.items() if all((folder / name).is_file() for name in names)]


def digest(folder: Path) -> str:
    """SHA-256 over the articles and judgments, by name."""
    total = hashlib.sha256()
    for name in ("articles.jsonl", *(name for names in JUDGMENTS.values() for name in names)):
        if (folder / name).is_file():
            total.update(f"{name}\0".encode() + hashlib.sha256((folder / name).read_bytes()).digest())
    return total.hexdigest()


def measure(folder: Path, task: Task, index: IndexFolder) -> Measured:
    modes: Sequence[str] = list(Mode) if task is Task.SEARCH else list(RELATED_MODES)
    return Measured(folder, task, evaluate(index, folder, task, modes).judged)


def read_floors(folder: Path) -> Floors | None:
    path = folder / FLOORS
    floors: Floors | None = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    return floors


def broken(floors: Floors, measured: Measured) -> Iterator[str]:
    """What does not hold: a floor, the corpus that it is of, or the default being better than each single arm."""
    default, *arms = measured.judged
    if floors.get("digest") != digest(measured.folder):
        yield f"{measured.folder / FLOORS} is of other articles or judgments; pin it anew"
    for name, least in floors.get(measured.task, {}).items():
        if default.measures[name] < least:
            yield f"{measured.folder} {measured.task} {name} is {default.measures[name]:.4f}, below its floor {least}"
    for arm in arms:
        if default.measures["ndcg@10"] < arm.measures["ndcg@10"]:
            yield f"{measured.folder} {measured.task} ndcg@10 is below that of {arm.mode} alone"


def pinned(all_measured: Sequence[Measured]) -> dict[str, Any]:
    """The floors that follow from what was measured on one collection."""
    floors: dict[str, Any] = {"digest": digest(all_measured[0].folder)}
    for measured in all_measured:
        best = measured.judged[0].measures
        floors[measured.task.value] = {name: floor((best[name] - MARGIN) * 1000) / 1000 for name in PINNED}
    return floors


def lowered(before: Floors | None, after: Floors) -> Iterator[str]:
    """Each floor that would go down or away, in words."""
    for task in Task:
        for name, least in (before or {}).get(task, {}).items():
            now = after.get(task, {}).get(name)
            if now is None or now < least:
                yield f"{task} {name} would go from {least} to {now}"


def pin(all_measured: Sequence[Measured], *, allow_lower: bool) -> list[str]:
    """Write a collection's floors; nothing is written, and the reasons are returned, when one would go down unasked."""
    folder = all_measured[0].folder
    floors = pinned(all_measured)
    down = [] if allow_lower else list(lowered(read_floors(folder), floors))
    if not down:
        (folder / FLOORS).write_text(json.dumps(floors, indent=1) + "\n", encoding="utf-8")
    return [f"{folder / FLOORS}: {what}; to do it all the same: --allow-lower" for what in down]


def row(measured: Measured) -> str:
    default, *arms = measured.judged
    by_mode = {arm.mode: arm.measures["ndcg@10"] for arm in arms}
    cells = [
        measured.folder.name,
        measured.task.value,
        str(default.queries),
        *(f"{value:.4f}" for value in (default.measures["ndcg@10"], by_mode["keyword"], by_mode["semantic"])),
        *(f"{default.measures[name]:.4f}" for name in ("recall@10", "recall@100", "mrr@10")),
        *(f"{time:.0f}" for time in (default.p50_ms, default.p95_ms)),
    ]
    return f"| {' | '.join(cells)} |"


HEADER = (
    "| collection | task | queries | nDCG@10 | words | meaning | recall@10 | recall@100 | MRR@10 | p50 ms | p95 ms |"
)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure every judged collection in some folders.")
    parser.add_argument("folders", nargs="+", type=Path, help="judged collections, or folders of them")
    parser.add_argument("--index", type=Path, default=Settings().index, help="evaluation indexes are kept beside it")
    parser.add_argument("--pin", action="store_true", help=f"write {FLOORS} of each collection that has one")
    parser.add_argument("--allow-lower", action="store_true", help="with --pin: even where a floor goes down")
    arguments = parser.parse_args()
    problems: list[str] = []
    print(f"{HEADER}\n|{'---|' * HEADER.count(' | ')}---|", flush=True)
    for folder in collections(arguments.folders):
        done = []
        for task in tasks_of(folder):
            done.append(measure(folder, task, IndexFolder(arguments.index)))
            print(row(done[-1]), flush=True)
        floors = read_floors(folder)
        if arguments.pin and floors is not None:
            problems += pin(done, allow_lower=arguments.allow_lower)
        elif floors is not None:
            problems += [problem for measured in done for problem in broken(floors, measured)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except DatelineError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
