"""What an index holds and what serves, told often: nothing here goes through the archive at each question."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from indexer.errors import IndexBusy, IndexDamaged, IndexMissing
from search_api.library import Library, View

RECOUNT_SHARE = 50
"""Articles are counted again only after this many times what the last count took."""


class IndexState(StrEnum):
    """How a process answers: not at all yet, as it should, from before the last changes, or for a damaged generation."""

    EMPTY = "empty"
    READY = "ready"
    STALE = "stale"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class GenerationFacts:
    number: int
    built_at: str
    age_s: float
    change: int
    model_name: str
    model: str
    articles: int
    chunks: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """`tail` is how many articles changed since the generation, of all `articles`."""

    articles: int
    change: int
    tail: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """`taken_up` is the change that this process answers with; the archive is None where there is none to be read."""

    state: IndexState
    generation: GenerationFacts | None
    taken_up: int
    archive: ArchiveFacts | None


class IndexFigures:
    """The facts of one index, for any number of threads."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._counting = threading.Lock()
        self._counted: tuple[int, float, float, int] | None = None
        self._sized: tuple[int, int] | None = None

    def facts(self, now: datetime) -> IndexFacts:
        """As the index is now; articles are counted anew when some changed, unless that took long a moment ago."""
        view = self._library.opened
        try:
            archive = self._archive(view)
        except (IndexMissing, IndexDamaged, IndexBusy):
            archive = None
        generation = self._generation(view, now) if view else None
        return IndexFacts(self._state(view), generation, view.change if view else 0, archive)

    def _archive(self, view: View | None) -> ArchiveFacts:
        archive = self._library.archive
        change = archive.last_change()
        return ArchiveFacts(
            articles=self._articles(change),
            change=change,
            tail=archive.stored.changed_articles(view.manifest.change if view else 0),
            size_bytes=size_of(self._library.index.root, "archive.sqlite*"),
        )

    def _state(self, view: View | None) -> IndexState:
        if self._library.needs_repair or (view is None and self._library.trouble):
            return IndexState.DAMAGED
        if self._library.trouble:
            return IndexState.STALE
        return IndexState.READY if view else IndexState.EMPTY

    def _generation(self, view: View, now: datetime) -> GenerationFacts:
        manifest = view.manifest
        if self._sized is None or self._sized[0] != manifest.number:
            self._sized = manifest.number, size_of(self._library.index.generation(manifest.number), "**/*")
        return GenerationFacts(
            number=manifest.number,
            built_at=manifest.built_at,
            age_s=max(0.0, (now - datetime.fromisoformat(manifest.built_at)).total_seconds()),
            change=manifest.change,
            model_name=manifest.model_name,
            model=manifest.model,
            articles=manifest.articles,
            chunks=manifest.chunks,
            size_bytes=self._sized[1],
        )

    def _articles(self, change: int) -> int:
        with self._counting:
            started = time.monotonic()
            if self._counted is not None:
                counted_for, at, took_s, articles = self._counted
                if counted_for == change or started - at < RECOUNT_SHARE * took_s:
                    return articles
            articles = self._library.archive.stored.count()
            ended = time.monotonic()
            self._counted = change, ended, ended - started, articles
            return articles


def size_of(folder: Path, pattern: str) -> int:
    """Bytes of the files that a pattern matches; one that goes away meanwhile has none."""
    size_bytes = 0
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):
            size_bytes += path.stat().st_size if path.is_file() else 0
    return size_bytes
