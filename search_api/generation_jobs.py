"""Generations built beside the serving one, measured, activated, rolled back and deleted, without printing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer import generations
from indexer.archive import Archive
from indexer.building import has_unfinished
from indexer.encoder import Encoder, load_encoder
from indexer.errors import GenerationMissing, IndexDamaged, SourceError
from indexer.generations import Manifest
from indexer.layout import IndexFolder
from indexer.recipe import recipe_for
from indexer.reencoding import reencode
from indexer.regrouping import Regrouped
from indexer.regrouping import regroup as find_groups
from indexer.runtimes import Device
from search_api.clock import utc_now
from search_api.engine_choice import shelf_of, store_of
from search_api.jobs import model_of, opened
from search_api.judging import Collection, Task, judge_search, read_collection
from search_api.progress import line_on_stderr, reindex_progress
from search_api.query import Mode
from search_api.settings import Settings
from search_api.shelves import Shelf

GATE_STEP = 0.01
"""How much nDCG@10 a new generation may lose and still pass the gate, unless asked otherwise."""

KEPT = 1
"""How many generations from before the serving one are kept to go back to, unless asked otherwise."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Judged queries asked of the serving generation and of the new one, which may lose a `step` of nDCG@10."""

    collection: str
    before: float
    after: float
    step: float = GATE_STEP

    @property
    def passed(self) -> bool:
        return self.after >= self.before - self.step


@dataclass(frozen=True, slots=True)
class ReindexDone:
    manifest: Manifest
    activated: bool
    encoded: int
    seconds: float
    pruned: list[int]
    gate: Gate | None
    regrouped: Regrouped | None


@dataclass(frozen=True, slots=True)
class RollbackDone:
    """The generation that serves again, the one that did `before`, and the model of the first.

    `seconds` until it served; `encoded` texts, stored since under another model, were embedded after that.
    """

    number: int
    before: int | None
    model: str
    seconds: float
    encoded: int


def reindex(
    index: IndexFolder,
    *,
    model: str | None = None,
    device: Device = Device.CPU,
    gate: Path | None = None,
    gate_step: float = GATE_STEP,
    activate: bool = True,
    regroup: bool = False,
    keep: int = KEPT,
    show_progress: bool = False,
) -> ReindexDone:
    """Build a generation beside the serving one, from stored texts and embeddings, and activate it if it may be.

    Articles may be written meanwhile. Copies and stories are found anew when asked, or when there are articles that none were
    looked for; only then writers wait. A run that was stopped is taken up again by the next.
    """
    started = time.monotonic()
    index.require_archive()
    collection = read_collection(gate, Task.SEARCH) if gate else None
    with index.building(), Archive(index.archive) as archive:
        shelf = shelf_of(index)
        shelf.settle(archive)
        if collection:
            _check_gate(collection, archive, index)
        told = line_on_stderr(shown=show_progress)
        encoder = load_encoder(model or model_of(archive), index.models, device=device, told=told)
        stopped = has_unfinished(index)  # its slices may lack what is embedded now
        encoded = _embed_lacking(archive, encoder, show_progress=show_progress, as_changes=stopped)
        regrouped = None
        if regroup or archive.places.unplaced():
            articles = archive.counts()["articles"]
            with (
                index.writing(),
                reindex_progress("copies and stories", articles, shown=show_progress) as progress,
            ):
                regrouped = find_groups(archive, recipe_for(encoder), progress, now=utc_now())
        with reindex_progress("building", archive.counts()["articles"], shown=show_progress) as progress:
            manifest = shelf.build(archive, encoder, progress)
        try:
            judged = _gate(index, collection, manifest, gate_step) if collection else None
        except BaseException:
            shelf.remove(manifest.number)
            raise
        passed = judged is None or judged.passed
        pruned = []
        if not passed:
            shelf.remove(manifest.number)
        elif activate:
            encoded += _activated(shelf, archive, manifest, encoder)
            pruned = shelf.prune(archive, keep=keep)
    return ReindexDone(manifest, activate and passed, encoded, time.monotonic() - started, pruned, judged, regrouped)


def renew(index: IndexFolder) -> ReindexDone | None:
    """Rebuild the serving generation when it cannot be read, as after a release that changed its format; None when it can."""
    shelf = shelf_of(index)
    try:
        if (number := shelf.serving()) is not None:
            shelf.manifest(number)
        elif shelf.numbers():
            return reindex(index)
    except IndexDamaged:
        return reindex(index)
    return None


def fold_long_tail(index: IndexFolder, *, show_progress: bool = False) -> ReindexDone | None:
    """Build the next generation when more articles changed since the serving one than DATELINE_FOLD_AFTER says; else None."""
    bound, number = Settings().fold_after, serving(index)
    if not bound or number is None or index.is_building() or store_of(index):
        return None
    with Archive(index.require_archive()) as archive:
        tail = archive.stored.changed_articles(generations.read_manifest(index, number).change)
    return reindex(index, show_progress=show_progress) if tail > bound else None


def rollback(index: IndexFolder, *, show_progress: bool = False) -> RollbackDone:
    """Let the generation that served before the serving one serve again; raises GenerationMissing when none is kept.

    Nothing that was written since is lost: it is the tail of the older generation.
    """
    index.require_archive()
    with index.building(), Archive(index.archive) as archive:
        shelf = shelf_of(index)
        current, there = serving(index), shelf.numbers()
        shelf.settle(archive)
        before = [number for number in shelf.served(archive) if number != current and number in there]
        if not before:
            raise GenerationMissing("no generation that served before is kept; reindex --keep says how many are")
        return _made_to_serve(index, archive, before[-1], current, again=True, show_progress=show_progress)


def activate(index: IndexFolder, number: int) -> RollbackDone:
    """Let a generation that is there serve; raises GenerationMissing for a number that none has."""
    index.require_archive()
    with index.building(), Archive(index.archive) as archive:
        shelf = shelf_of(index)
        if number not in shelf.numbers():
            known = ", ".join(map(str, shelf.numbers())) or "none"
            raise GenerationMissing(f"there is no generation {number}; there is {known}")
        return _made_to_serve(index, archive, number, serving(index), again=False, show_progress=False)


def generations_of(index: IndexFolder) -> list[dict[str, Any]]:
    """What is known of each generation there is, oldest first."""
    shelf = shelf_of(index)
    before: list[int] = []
    if (
        index.archive.is_file() or store_of(index) is None
    ):  # services without an archive tell of those in Milvus as well
        with Archive(index.require_archive()) as archive:
            before = shelf.served(archive)
    current = serving(index)
    found = []
    for number in shelf.numbers():
        facts: dict[str, Any] = {"number": number, "serving": number == current, "served": number in before}
        try:
            manifest = shelf.manifest(number)
        except IndexDamaged:
            found.append(facts | {"damaged": True})
            continue
        names = ("built_at", "change", "model_name", "articles", "chunks")
        told = {name: getattr(manifest, name) for name in names}
        found.append(facts | {"damaged": False, **told, "bytes": shelf.size_bytes(manifest)})
    return found


def serving(index: IndexFolder) -> int | None:
    """The number of the serving generation; None when the pointer to it is damaged, which an activation mends."""
    try:
        return shelf_of(index).serving()
    except IndexDamaged:
        return None


def _made_to_serve(
    index: IndexFolder, archive: Archive, number: int, before: int | None, *, again: bool, show_progress: bool
) -> RollbackDone:
    started = time.monotonic()
    shelf = shelf_of(index)
    manifest = shelf.manifest(number)
    wrong = shelf.wrong(manifest)
    if wrong:
        raise IndexDamaged(f"generation {number}: {wrong[0]}; it cannot serve: dateline reindex")
    shelf.activate(archive, manifest, again=again)
    seconds = time.monotonic() - started
    encoded = 0
    if archive.stored.lacking_chunks(manifest.recipe):
        encoder = load_encoder(manifest.model_name, index.models, told=line_on_stderr(shown=show_progress))
        encoded = _embed_lacking(archive, encoder, show_progress=show_progress, as_changes=True)
    return RollbackDone(number, before, manifest.model_name, seconds, encoded)


def _activated(shelf: Shelf, archive: Archive, manifest: Manifest, encoder: Encoder) -> int:
    """Activate a generation; returns how many texts had to be embedded that were written meanwhile, under another model."""
    encoded = 0
    encoded += _embed_lacking(archive, encoder, show_progress=False, as_changes=True)
    shelf.activate(archive, manifest)
    while archive.stored.lacking_chunks(manifest.recipe):
        encoded += _embed_lacking(archive, encoder, show_progress=False, as_changes=True)
    return encoded


def _embed_lacking(archive: Archive, encoder: Encoder, *, show_progress: bool, as_changes: bool = False) -> int:
    """Embed what the encoder's recipe lacks; as changes, where a generation of that recipe is there already."""
    lacking = archive.stored.lacking_chunks(recipe_for(encoder).key)
    with reindex_progress("embedding", lacking, shown=show_progress) as progress:
        return reencode(archive, encoder, progress, changed_at=utc_now() if as_changes else None)


def _check_gate(collection: Collection, archive: Archive, index: IndexFolder) -> None:
    if not any(archive.known(article_id) for grades in collection.qrels.values() for article_id in grades):
        raise SourceError(
            f"no judged article of {collection.name} is in {index.root}; a gate needs queries about its articles"
        )


def _gate(index: IndexFolder, collection: Collection, manifest: Manifest, step: float) -> Gate | None:
    """None when there is no serving generation to compare with."""
    current = serving(index)
    if current is None:
        return None
    figures = []
    for number in (current, manifest.number):
        with opened(index, generation=number) as library:
            figures.append(judge_search(library, collection, Mode.HYBRID, utc_now()).measures["ndcg@10"])
    return Gate(collection.name, figures[0], figures[1], step)
