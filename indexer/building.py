"""Generations built from the archive, or written anew from one that is there.

A build is made slice by slice in `generations/.building`; one that was stopped or killed is taken up again by the next. What
changes meanwhile is the tail of the generation: a slice may hold it already, and the tail stands for it then.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from math import ceil
from pathlib import Path

import numpy as np

from indexer.archive import Archive
from indexer.archive_stored import Stored
from indexer.engines.columns import Columns
from indexer.engines.embedded import COLUMNS, VECTORS
from indexer.engines.overfetch import sampled_rows
from indexer.engines.parts import Parts
from indexer.engines.vector_choice import EXACT_CHUNKS, SAMPLE
from indexer.engines.vectors import Encode, read_embeddings
from indexer.errors import IndexDamaged, IndexMissing
from indexer.generations import FORMAT_VERSION, GONE, Manifest, complete, next_number
from indexer.layout import IndexFolder, replace_text, sync_files
from indexer.recipe import Recipe
from indexer.types import Embeddings, Rows

MOST_IN_SLICE = 20_000
"""Articles read, written and synced together, at most: what a stop can lose, and what is in memory."""

MERGED_AT_ONCE = 8
"""tantivy merges so many segments of about one size into one (its log merge policy)."""

_BUILDING = ".building"
_PLAN = "plan.json"
_ORDER = "order.npy"

MOST_CHANGED = 0.1
"""A build is not taken up again when more than this share of its articles has changed since: its tail would be long."""


@dataclass(frozen=True, slots=True)
class _Plan:
    format_version: int
    recipe: str
    change: int
    slice_articles: int


def build(
    index: IndexFolder,
    archive: Archive,
    recipe: Recipe,
    *,
    now: datetime,
    progress: Callable[[int], None] = lambda _articles: None,
    slice_articles: int | None = None,
    encode: Encode | None = None,
) -> Manifest:
    """Build the next generation from stored chunks and embeddings; it is complete on disk, and not yet serving.

    Needs the lock for building. Calls `progress` with the articles of each slice, those of an earlier run first. A large index is
    measured with its headlines, where `encode` embeds them, beside its passages.
    Raises IndexMissing when the archive holds no articles.
    """
    folder = index.generations / _BUILDING
    for left in (*index.generations.glob(f"{_BUILDING}-*"), *index.generations.glob(f"{GONE}-*")):
        shutil.rmtree(left)
    plan = _resumable(folder, archive, recipe) or _begun(folder, archive, recipe, slice_articles)
    order = np.load(folder / _ORDER, allow_pickle=False)
    parts = Parts(folder)
    progress(min(parts.count * plan.slice_articles, len(order)))
    for first in range(parts.count * plan.slice_articles, len(order), plan.slice_articles):
        seqs = order[first : first + plan.slice_articles].tolist()
        with archive.reading():
            stored = archive.stored.of(seqs, recipe.key, recipe.model)
        parts.add(stored)
        progress(len(seqs))
    columns = parts.join(lambda columns: _headlines(archive, columns, recipe, encode))
    for name in (_PLAN, _ORDER):
        (folder / name).unlink()
    return complete(index, folder, columns, recipe, change=plan.change, number=next_number(index), now=now)


def slice_for(articles: int) -> int:
    """How many articles to a slice, so that the segments of all slices are merged into one in the end: 8 slices, or 64, or 512.

    One segment answers several times faster than the nine or so that are left over from slices of a fixed size.
    """
    slices = 1
    while articles / slices > MOST_IN_SLICE:
        slices *= MERGED_AT_ONCE
    return max(1, ceil(articles / slices))


def rewritten(
    index: IndexFolder, archive: Archive, manifest: Manifest, *, without: Collection[int], now: datetime
) -> Manifest:
    """A generation as it is but for some articles (archive numbers), under the next number; its words are indexed anew.

    Needs the lock for building, and drops a build that was not finished. Raises IndexDamaged when the archive lacks a version.
    """
    source = index.generation(manifest.number)
    columns = Columns.load(source / COLUMNS)
    embeddings = read_embeddings(source / VECTORS)
    kept = np.flatnonzero(~np.isin(columns.seq, list(without)))
    folder = index.generations / _BUILDING
    shutil.rmtree(folder, ignore_errors=True)
    parts = Parts(folder)
    size = slice_for(len(kept))
    for first in range(0, max(1, len(kept)), size):  # one of no rows still tells the embeddings' dimension
        rows, stored = _there(archive, columns, kept[first : first + size])
        chunk_rows, _ = columns.chunk_rows(rows)
        parts.add_rows(columns.at(rows), embeddings[chunk_rows], stored)
    recipe = Recipe.of_key(manifest.model_name, manifest.recipe)
    return complete(index, folder, parts.join(), recipe, change=manifest.change, number=next_number(index), now=now)


def _headlines(archive: Archive, columns: Columns, recipe: Recipe, encode: Encode | None) -> Embeddings | None:
    """Headlines of some articles, embedded, where there are so many that it is to be measured what is found."""
    if encode is None or columns.chunks <= EXACT_CHUNKS:
        return None
    seqs = columns.seq[sampled_rows(len(columns), SAMPLE, seed=columns.chunks)].tolist()
    titles = [one.article.title for one in archive.stored.of(seqs, recipe.key, recipe.model) if one.article.title]
    return np.stack([encode(title) for title in titles]) if titles else None


def has_unfinished(index: IndexFolder) -> bool:
    """Whether a build was stopped that the next may go on with."""
    return (index.generations / _BUILDING / _PLAN).is_file()


def drop_unfinished(index: IndexFolder) -> None:
    """Remove builds that were not finished. Needs the lock for building."""
    for folder in index.generations.glob(f"{_BUILDING}*"):
        shutil.rmtree(folder)


def _there(archive: Archive, columns: Columns, rows: Rows) -> tuple[Rows, list[Stored]]:
    """Those of the rows whose article was not erased meanwhile, and their versions."""
    keys = list(zip(columns.seq[rows].tolist(), columns.version[rows].tolist(), strict=True))
    with archive.reading():
        stored = archive.stored.of_versions(keys, "", "")
        found = {(one.seq, one.version) for one in stored}
        missing = [seq for seq, version in keys if (seq, version) not in found]
        lost = archive.stored.unchanged(missing, archive.last_change())
    if lost:
        raise IndexDamaged(f"{archive.path} lacks {lost} versions that a generation has; rebuild it: dateline reindex")
    return rows[[key in found for key in keys]], stored


def _begun(folder: Path, archive: Archive, recipe: Recipe, slice_articles: int | None) -> _Plan:
    with archive.reading():
        order = np.array(archive.stored.in_order(), dtype=np.int64)
        plan = _Plan(FORMAT_VERSION, recipe.key, archive.last_change(), slice_articles or slice_for(len(order)))
    if not len(order):
        raise IndexMissing(
            f"the archive {archive.path} holds no articles yet; ingest some first: dateline ingest FOLDER"
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    np.save(folder / _ORDER, order, allow_pickle=False)
    sync_files(folder)
    replace_text(folder / _PLAN, json.dumps(asdict(plan)))
    return plan


def _resumable(folder: Path, archive: Archive, recipe: Recipe) -> _Plan | None:
    """The plan of a build that was stopped; None when none fits any more, or when a slice is there only in part."""
    try:
        plan = _Plan(**json.loads((folder / _PLAN).read_text(encoding="utf-8")))
        total = len(np.load(folder / _ORDER, mmap_mode="r", allow_pickle=False))
        changed = archive.last_change() - plan.change
        fits = (plan.format_version, plan.recipe) == (
            FORMAT_VERSION,
            recipe.key,
        ) and 0 <= changed <= MOST_CHANGED * total
        return plan if fits and Parts(folder).are_whole else None
    except (OSError, EOFError, ValueError, TypeError, KeyError):
        return None
