"""Write the related articles of every article of an archive as JSON lines, for a site that keeps its lists itself.

    python scripts/precompute_related.py related.jsonl --index var/index --limit 5

One line an article: `id`, `generation`, `change`, `visible`, `mode`, `limit`, `fallback`, `related` (a list of `id` and
`score`; 0 for what only fills the list) and `fallback_used`. `generation`, `change` and `visible` (a digest of the ids that
readers may see) name the state of the archive that the list is of: any new article, or one whose embargo has ended, may
enter any list, so a run on another state makes every line anew. Lines are gathered in `related.jsonl.part`,
which becomes `related.jsonl` when all are there; a run that was killed goes on where it stopped, and one that finds every
line made for this state does nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from indexer.errors import EngineLacks
from indexer.filters import Filters
from indexer.layout import IndexFolder
from search_api.clock import utc_now
from search_api.jobs import opened
from search_api.library import Library
from search_api.progress import reindex_progress
from search_api.query import DEFAULT_LIMIT, Fallback, RelatedMode, RelatedQuery
from search_api.related import related
from search_api.related_modes import fallback_of
from search_api.settings import Settings


@dataclass(frozen=True, slots=True)
class Made:
    """How many lists were made, and how many were there already."""

    new: int
    kept: int


def precompute(library: Library, target: Path, query: RelatedQuery, done: Callable[[int], None]) -> Made:
    """Bring the file up to the library's present state; `done` is told of each list made."""
    part = target.with_name(f"{target.name}.part")
    ids = visible_ids(library, query)
    state = _state(library, query, ids)
    whole = dict(_lines(target, state))
    if list(whole) == ids:
        part.unlink(missing_ok=True)
        return Made(0, len(ids))
    kept = whole | dict(_lines(part, state))
    kept = {article_id: kept[article_id] for article_id in ids if article_id in kept}
    _write(part, kept.values())
    with part.open("a", encoding="utf-8") as file:
        for article_id in ids:
            if article_id not in kept:
                file.write(_line(library, article_id, query, state))
                file.flush()
                done(1)
    made = dict(_lines(part, state))
    _write(part, (made[article_id] for article_id in ids))
    part.replace(target)
    return Made(len(ids) - len(kept), len(kept))


def visible_ids(library: Library, query: RelatedQuery) -> list[str]:
    """The ids of all articles that readers may see, in order of publication."""
    view = library.view
    if view is None:
        return []
    rows, all_there = view.snapshot.by_date(Filters(query.filters.now), None, newest=True)
    if not all_there:
        raise EngineLacks("this engine lists only its newest articles; precompute lists with the embedded engine")
    rows = np.sort(rows)
    columns = view.snapshot.columns
    keys = [(int(columns.seq[row]), int(columns.version[row])) for row in rows]
    return [article.id for article in library.archive.shown_at(keys, query.filters.now) if article is not None]


def _state(library: Library, query: RelatedQuery, ids: Sequence[str]) -> dict[str, Any]:
    """What every line of a finished file has in common."""
    view = library.view
    number, change = (view.manifest.number, view.change) if view else (None, 0)
    return {
        "generation": number,
        "change": change,
        "visible": hashlib.sha256("\0".join(ids).encode()).hexdigest()[:12],
        "mode": str(query.mode),
        "limit": query.limit,
        "fallback": str(fallback_of(query)),
    }


def _line(library: Library, article_id: str, query: RelatedQuery, state: dict[str, Any]) -> str:
    answer = related(library, article_id, query)
    found = [{"id": hit.article.id, "score": round(hit.score, 6)} for hit in answer.hits]
    line = {"id": article_id, **state, "related": found, "fallback_used": answer.fallback_used}
    return json.dumps(line, ensure_ascii=False) + "\n"


def _lines(path: Path, state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(article id, line) of each whole line of this state; a line that a killed run left half is passed over."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if line.endswith("\n") and all(record.get(name) == value for name, value in state.items()):
            yield record["id"], line


def _write(path: Path, lines: Iterable[str]) -> None:
    """Replace a file by these lines, whole or not at all."""
    beside = path.with_name(f"{path.name}.new")
    with beside.open("w", encoding="utf-8") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the related articles of every article as JSON lines.")
    parser.add_argument("target", type=Path, help="the file to write")
    parser.add_argument("--index", type=Path, default=Settings().index, help="the index to read")
    parser.add_argument("--mode", type=RelatedMode, choices=list(RelatedMode), default=RelatedMode.RELATED)
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help="articles in each list")
    parser.add_argument("--fallback", type=Fallback, choices=list(Fallback), help="what fills a list that is too short")
    arguments = parser.parse_args()
    query = RelatedQuery(Filters(utc_now()), arguments.mode, limit=arguments.limit, fallback=arguments.fallback)
    with opened(IndexFolder(arguments.index)) as library:
        articles = len(visible_ids(library, query))
        with reindex_progress("related", articles, shown=True) as progress:
            made = precompute(library, arguments.target, query, progress)
    print(f"{arguments.target}: {made.new:,} lists made, {made.kept:,} were there already")


if __name__ == "__main__":
    main()
