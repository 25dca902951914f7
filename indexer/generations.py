"""Generations: what each is, checked, activated by one atomic step, deleted; `building` makes them."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from indexer.archive import Archive
from indexer.articles import format_time
from indexer.checksums import (
    files_of,
    forget_checked,
    remember_checked,
    sha256_of,
    stamp_of,
    wrong_files,
    wrong_size,
)
from indexer.engines import embedded
from indexer.engines.columns import Columns
from indexer.engines.vector_choice import load_vectors
from indexer.errors import IndexDamaged, IndexMissing
from indexer.layout import IndexFolder, replace_text, sync_files, sync_folder
from indexer.recipe import Recipe, remember_recipe
from indexer.served import forget, note_rolled_back, note_served, served

FORMAT_VERSION = 5
MANIFEST = "manifest.json"

GONE = ".gone"
"""Begins the names of generations that are being deleted."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is: built from the archive at `change` with `recipe`; `files` maps each path to its size and SHA-256."""

    format_version: int
    number: int
    built_at: str
    change: int
    model_name: str
    model: str
    recipe: str
    articles: int
    chunks: int
    dimension: int
    parameters: dict[str, Any]
    files: dict[str, dict[str, Any]]


def next_number(index: IndexFolder) -> int:
    """The number of the next generation."""
    return max(index.numbers(), default=0) + 1


def complete(
    index: IndexFolder, folder: Path, columns: Columns, recipe: Recipe, *, change: int, number: int, now: datetime
) -> Manifest:
    """Make a folder with the engine's files a generation: checksums, all durable, in its place by one step."""
    vectors = load_vectors(folder / embedded.VECTORS)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        number=number,
        built_at=format_time(now),
        change=change,
        model_name=recipe.model_name,
        model=recipe.model,
        recipe=recipe.key,
        articles=len(columns),
        chunks=columns.chunks,
        dimension=int(vectors.embeddings.shape[1]),
        parameters={**vectors.parameters, "lexical": "BM25"},
        files={
            path: {"bytes": (folder / path).stat().st_size, "sha256": sha256_of(folder / path)}
            for path in files_of(folder)
        },
    )
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
    sync_files(folder)
    folder.rename(index.generation(number))
    sync_folder(index.generations)
    remember_checked(index.generation(number), stamp_of(index.generation(number)))
    return manifest


def activate(index: IndexFolder, archive: Archive, manifest: Manifest, *, again: bool = False) -> None:
    """Make a built generation the serving one, or one that served before (`again`) in place of those after it."""
    with archive.transaction():
        remember_recipe(archive, Recipe.of_key(manifest.model_name, manifest.recipe))
        (note_rolled_back if again else note_served)(archive, manifest.number)
    replace_text(index.root / "CURRENT", f"{manifest.number}\n")


def activate_left(index: IndexFolder, archive: Archive) -> None:
    """Point to the newest generation where nothing does, as where a run was killed just before. Needs the lock.

    One that is not whole is left for a new one to be built.
    """
    number = index.numbers()[-1]
    if _is_whole(index, number):
        activate(index, archive, read_manifest(index, number))


def settle(index: IndexFolder, archive: Archive) -> None:
    """Let the archive agree with `CURRENT`, where an activation was killed between the two. Needs the lock for building."""
    numbers = served(archive)
    try:
        current = index.current()
        if current is None or current not in numbers or numbers[-1] == current:
            return
        manifest = read_manifest(index, current)
    except IndexDamaged:
        return
    with archive.transaction():
        remember_recipe(archive, Recipe.of_key(manifest.model_name, manifest.recipe))
        note_rolled_back(archive, current)


def prune(index: IndexFolder, archive: Archive, *, keep: int) -> list[int]:
    """Delete all generations but the serving one and the last `keep` that served before it and are whole.

    Returns the numbers deleted.
    """
    before = [number for number in reversed(served(archive)) if number != index.current() and _is_whole(index, number)]
    spared = {index.current(), *before[:keep]}
    doomed = [number for number in index.numbers() if number not in spared]
    with archive.transaction():
        forget(archive, doomed)
    for number in doomed:
        remove(index, number)
    return doomed


def _is_whole(index: IndexFolder, number: int) -> bool:
    try:
        return not check_files(index, read_manifest(index, number))
    except IndexDamaged:
        return False


def remove(index: IndexFolder, number: int) -> None:
    """Delete a generation that is not serving, by one step as readers see it."""
    doomed = index.generations / f"{GONE}-{number}"
    index.generation(number).rename(doomed)
    forget_checked(index.generation(number))
    shutil.rmtree(doomed)


def read_manifest(index: IndexFolder, number: int | None = None) -> Manifest:
    """The manifest of a generation, of the serving one when none is named."""
    number = index.current() if number is None else number
    if number is None:
        raise IndexMissing(
            f"no generation in {index.root} yet; ingest articles first: dateline ingest FOLDER --index {index.root}"
        )
    path = index.generation(number) / MANIFEST
    try:
        manifest = Manifest(**json.loads(path.read_text(encoding="utf-8")))
        if not all({"bytes", "sha256"} <= facts.keys() for facts in manifest.files.values()):
            raise ValueError("a file has no size or checksum")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise IndexDamaged(f"{path} cannot be read ({error}); rebuild it from the archive: dateline reindex") from error
    if manifest.format_version != FORMAT_VERSION:
        raise IndexDamaged(
            f"{path} has format {manifest.format_version}, this Dateline reads {FORMAT_VERSION}; "
            "rebuild it from the archive: dateline reindex"
        )
    return manifest


def verify(index: IndexFolder) -> list[str]:
    """Everything wrong with the archive and the serving generation, in plain words with the fix; empty when all is well."""
    try:
        with Archive(index.require_archive()) as archive:
            return _problems(index, archive)
    except IndexDamaged as error:
        return [str(error)]


def problems_of_archive(archive: Archive) -> list[str]:
    """Everything wrong with an archive, in plain words with the fix; empty when all is well."""
    problems = [f"archive: {problem}; restore it from a backup" for problem in archive.check()]
    return problems + [
        f"the takedown of {article_id!r} was not finished; finish it: dateline takedown {article_id} --reason TEXT"
        for article_id in archive.history.unpurged()
    ]


def _problems(index: IndexFolder, archive: Archive) -> list[str]:
    problems = problems_of_archive(archive)
    try:
        manifest = read_manifest(index)
    except (IndexDamaged, IndexMissing) as error:
        return [*problems, str(error)]
    damaged = check_files(index, manifest)
    problems += [
        f"generation {manifest.number}: {what}; rebuild it from the archive: dateline reindex" for what in damaged
    ]
    if not damaged:
        problems += [
            f"generation {manifest.number}: {what}; rebuild it from the archive: dateline reindex"
            for what in _contradictions(index.generation(manifest.number), manifest, archive)
        ]
    if manifest.change > archive.last_change():
        problems.append(
            f"generation {manifest.number} was built at change {manifest.change}, but the archive ends at "
            f"{archive.last_change()}: it belongs to another archive; rebuild it: dateline reindex"
        )
    return problems


def check_files(index: IndexFolder, manifest: Manifest) -> list[str]:
    """What is wrong with the files of a generation, by size and SHA-256; empty when they are as they were built."""
    return wrong_files(index.generation(manifest.number), manifest.files, MANIFEST)


def open_snapshot(index: IndexFolder, manifest: Manifest) -> embedded.Snapshot:
    """The generation opened for searching, every file's size checked; raises IndexDamaged naming the wrong file."""
    folder = index.generation(manifest.number)
    for path, expected in manifest.files.items():
        if wrong := wrong_size(folder / path, expected["bytes"]):
            raise IndexDamaged(f"generation {manifest.number}: {wrong}; rebuild it from the archive: dateline reindex")
    return embedded.Snapshot.open(folder)


def _contradictions(folder: Path, manifest: Manifest, archive: Archive) -> list[str]:
    snapshot = embedded.Snapshot.open(folder)
    columns = snapshot.columns
    counted = {
        "articles": (manifest.articles, len(columns)),
        "article vectors": (manifest.articles, len(snapshot.base_article_vectors)),
        "articles in the lexical index": (manifest.articles, snapshot.lexical.size),
        "chunks": (manifest.chunks, columns.chunks),
        "chunk spans": (manifest.chunks, len(columns.chunk_start)),
        "vectors": (manifest.chunks, len(snapshot.vectors)),
        "embeddings": (manifest.chunks, len(snapshot.vectors.embeddings)),
    }
    found = [f"{has} {what}, expected {wants}" for what, (wants, has) in counted.items() if wants != has]
    empty = columns.seq[np.diff(columns.chunk_offsets) == 0].tolist()
    if lacking := archive.stored.unchanged(empty, manifest.change):
        found.append(f"{lacking} articles have no embeddings in it")
    keys = set(zip(columns.seq.tolist(), columns.version.tolist(), strict=True))
    if lost := len(keys - archive.stored.version_keys()):
        found.append(f"{lost} article versions are not in the archive")
    if missing := len(archive.stored.current_keys(manifest.change) - keys):
        found.append(f"{missing} articles of the archive are missing in it")
    if np.any(columns.chunk_end < columns.chunk_start):
        found.append("a chunk ends before it starts")
    return found
