"""The last traces of an article that was erased: rewritten generations, and a look through every file of the index."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer import generations
from indexer.archive import Archive
from indexer.building import build, drop_unfinished, rewritten
from indexer.engines.embedded import COLUMNS
from indexer.errors import ArticleError, IndexDamaged
from indexer.layout import IndexFolder
from indexer.quarantine import Quarantine
from indexer.recipe import Recipe
from indexer.served import forget, note_replaced
from indexer.types import Article, Reject
from indexer.workspaces import Workspace

LEAST_TRACE = 24
"""Characters; shorter texts stand in other articles by chance."""

MOST_TRACES = 12
"""Passages that are looked for."""

MOST_TRIED = 40
"""Passages of which it is asked whether another article has them, which takes a look at all versions."""

NOT_SEARCHED = frozenset({"models"})
"""Folders that hold no text of articles."""


@dataclass(frozen=True, slots=True)
class Looked:
    """How much was looked through, and in which files a passage of the article still stands."""

    files: int
    size_bytes: int
    traces: tuple[str, ...]


def rewrite_generations(index: IndexFolder, archive: Archive, *, now: datetime) -> dict[int, int]:
    """Rewrite each generation that holds an erased article without it; returns the new number of each.

    Needs the lock for building. Builds that were not finished are dropped, and so are damaged generations; for a damaged one that
    serves another is built.
    """
    drop_unfinished(index)
    current = _current(index)
    kept = np.array(archive.stored.in_order(), dtype=np.int64)
    replaced: dict[int, int] = {}
    damaged: list[int] = []
    for number in index.numbers():
        gone = _gone(index, number, kept)
        if gone is None:
            damaged.append(number)
        elif gone:
            manifest = generations.read_manifest(index, number)
            replaced[number] = rewritten(index, archive, manifest, without=gone, now=now).number
    if current in damaged:
        recipe = Recipe.of_key(archive.meta("model_name") or "", archive.meta("recipe") or "")
        replaced[current] = build(index, archive, recipe, now=now).number
    with archive.transaction():
        note_replaced(archive, replaced)
        forget(archive, damaged)
    if current in replaced:
        generations.activate(index, archive, generations.read_manifest(index, replaced[current]))
    for number in {*replaced, *damaged}:
        generations.remove(index, number)
    return replaced


def passages(article_id: str, archive: Archive) -> list[bytes]:
    """Passages of an article that no other has, as files would hold them: what a trace is known by."""
    texts = dict.fromkeys(
        text[:80]
        for version in archive.versions(article_id)
        for text in (version.title, *version.body.split("\n\n"), *filter(None, [version.summary]))
        if len(text) >= LEAST_TRACE
    )
    own = (one for one in islice(texts, MOST_TRIED) if not archive.history.is_said(_in_json(one), but=article_id))
    forms = {form for text in islice(own, MOST_TRACES) for form in (text, _in_json(text), json.dumps(text)[1:-1])}
    return sorted(form.encode() for form in forms)


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def stays_out(reject: Reject, archive: Archive) -> bool:
    """Whether what was rejected is, by its id or its address, an article that was taken down: it is not kept."""
    try:
        record = json.loads(reject.content or b"")
        said, url = str(record.get("id")), record.get("url")
        return archive.history.tombstone(Article(said, "", "", url=url if isinstance(url, str) else None)) is not None
    except (ValueError, AttributeError, RecursionError, ArticleError):
        return False


def drop_from_quarantine(quarantine: Quarantine, sought: Sequence[bytes]) -> int:
    """Remove what was rejected and holds one of the passages; returns how many entries."""
    found = {
        path.name.partition(".")[0] for path in quarantine.folder.glob("*") if path.is_file() and _traces(path, sought)
    }
    quarantine.remove(found)
    return len(found)


def look_through(index: IndexFolder, sought: Sequence[bytes]) -> Looked:
    """Look for the passages in every file of the index; working copies of processes that ended are deleted first."""
    Workspace(index.tails).close()
    files, size = 0, 0
    traces = []
    for path in _files(index.root):
        try:
            size += path.stat().st_size
            if _traces(path, sought):
                traces.append(path.relative_to(index.root).as_posix())
        except FileNotFoundError:
            continue
        files += 1
    return Looked(files, size, tuple(traces))


def _current(index: IndexFolder) -> int | None:
    """The serving generation; None where the pointer to it is damaged, which is no reason to keep what is to go."""
    try:
        return index.current()
    except IndexDamaged:
        return None


def _gone(index: IndexFolder, number: int, kept: NDArray[np.int64]) -> list[int] | None:
    """The articles (archive numbers) of a generation that are not among those kept; None when it is damaged."""
    try:
        if generations.check_files(index, generations.read_manifest(index, number)):
            return None
    except IndexDamaged:
        return None
    seqs = np.load(index.generation(number) / COLUMNS / "seq.npy", mmap_mode="r", allow_pickle=False)
    gone: list[int] = np.setdiff1d(seqs, kept).tolist()
    return gone


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.relative_to(root).parts[0] not in NOT_SEARCHED:
            yield path


def _traces(path: Path, sought: Sequence[bytes]) -> bool:
    if not sought or path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(passage) >= 0 for passage in sought)
