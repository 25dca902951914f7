"""Generations: built beside the serving one, checked, activated by one atomic step."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from indexer.archive import Archive
from indexer.articles import format_time
from indexer.engines import embedded
from indexer.errors import IndexDamaged, IndexMissing
from indexer.layout import IndexFolder, replace_text, sync_files, sync_folder
from indexer.recipe import Recipe, remember_recipe

FORMAT_VERSION = 4
MANIFEST = "manifest.json"


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


def build(index: IndexFolder, archive: Archive, recipe: Recipe, *, now: datetime) -> Manifest:
    """Build the next generation from stored chunks and embeddings; it is complete on disk, and not yet serving."""
    if archive.last_change() == 0:
        raise IndexMissing(
            f"the archive in {index.root} holds no articles yet; ingest some first: dateline ingest FOLDER"
        )
    clear_leftovers(index)
    number = max(index.numbers(), default=0) + 1
    aside = index.generations / f".building-{number}-{os.getpid()}"
    aside.mkdir(parents=True)
    with archive.reading():
        change = archive.last_change()
        stored = list(archive.stored.changed_after(0, recipe.key, recipe.model))
    columns = embedded.build(aside, stored)
    dimension = stored[0].embeddings.shape[1] if stored else 0
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
        dimension=dimension,
        parameters={"vectors": "exact inner product, fp16", "lexical": "BM25"},
        files={
            path: {"bytes": (aside / path).stat().st_size, "sha256": _sha256(aside / path)} for path in _files(aside)
        },
    )
    (aside / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
    sync_files(aside)
    aside.rename(index.generation(number))
    sync_folder(index.generations)
    return manifest


def activate(index: IndexFolder, archive: Archive, manifest: Manifest) -> None:
    """Make a built generation the serving one."""
    with archive.transaction():
        remember_recipe(archive, Recipe(manifest.model_name, manifest.model, int(manifest.recipe.rpartition("/")[2])))
    replace_text(index.root / "CURRENT", f"{manifest.number}\n")


def prune(index: IndexFolder, *, kept: Collection[int | None]) -> list[int]:
    """Delete all generations but these and the serving one; returns the numbers deleted."""
    spared = {index.current(), *kept}
    doomed = [number for number in index.numbers() if number not in spared]
    for number in doomed:
        remove(index, number)
    return doomed


def remove(index: IndexFolder, number: int) -> None:
    """Delete a generation that is not serving."""
    shutil.rmtree(index.generation(number))


def clear_leftovers(index: IndexFolder) -> None:
    """Remove what builds that were killed left behind. Needs the lock for writing."""
    for path in index.generations.glob(".building-*"):
        shutil.rmtree(path)


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


def _problems(index: IndexFolder, archive: Archive) -> list[str]:
    problems = [f"archive: {problem}; restore it from a backup" for problem in archive.check()]
    try:
        manifest = read_manifest(index)
    except (IndexDamaged, IndexMissing) as error:
        return [*problems, str(error)]
    damaged = _damaged_files(index.generation(manifest.number), manifest)
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


def _damaged_files(folder: Path, manifest: Manifest) -> list[str]:
    found = []
    for path, expected in manifest.files.items():
        wrong = _wrong_size(folder / path, expected["bytes"])
        if wrong:
            found.append(wrong)
        elif _sha256(folder / path) != expected["sha256"]:
            found.append(f"{path} is damaged (its SHA-256 is not the manifest's)")
    unknown = set(_files(folder)) - manifest.files.keys() - {MANIFEST}
    return [*found, *(f"{path} is not in the manifest" for path in sorted(unknown))]


def _wrong_size(path: Path, expected: int) -> str | None:
    if not path.is_file():
        return f"{path.parent.name}/{path.name} is missing"
    size = path.stat().st_size
    return f"{path.parent.name}/{path.name} has {size} bytes, expected {expected}" if size != expected else None


def open_snapshot(index: IndexFolder, manifest: Manifest) -> embedded.Snapshot:
    """The generation opened for searching, every file's size checked; raises IndexDamaged naming the wrong file."""
    folder = index.generation(manifest.number)
    for path, expected in manifest.files.items():
        if wrong := _wrong_size(folder / path, expected["bytes"]):
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
    keys = set(zip(columns.seq.tolist(), columns.version.tolist(), strict=True))
    if lost := len(keys - archive.version_keys()):
        found.append(f"{lost} article versions are not in the archive")
    if missing := len(archive.current_keys(manifest.change) - keys):
        found.append(f"{missing} articles of the archive are missing in it")
    if np.any(columns.chunk_end < columns.chunk_start):
        found.append("a chunk ends before it starts")
    return found


def _files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
