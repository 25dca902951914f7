"""The index in Milvus as a reader's process sees it: any number of them, on any machine that reaches the server.

A process that has the archive, too, carries its changes into Milvus, one of them at a time; one that has none only reads.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

import numpy as np

from indexer.archive import Archive
from indexer.articles import is_visible
from indexer.encoder import Encoder, load_encoder
from indexer.engines.milvus.carrying import Carried, mark_of
from indexer.engines.milvus.serving import Counts, Serving
from indexer.engines.milvus.store import MilvusStore
from indexer.errors import (
    ArticleNotFound,
    CursorExpired,
    EngineError,
    GenerationMissing,
    IndexBusy,
    IndexDamaged,
    IndexOpening,
    ModelError,
)
from indexer.filters import Filters
from indexer.generations import Manifest
from indexer.layout import IndexFolder
from indexer.records import stored_article
from indexer.types import Article, Rows
from search_api.archive_records import ArchiveRecords
from search_api.carrier import Carrier
from search_api.clock import utc_now
from search_api.kept_views import KeptViews
from search_api.library import Records, View
from search_api.milvus_views import Known, MilvusView, manifest_of
from search_api.opening import check_fits
from search_api.store_records import StoreRecords

logger = logging.getLogger(__name__)

PORTIONS = 8
"""How much is carried before a service looks again what serves."""

LOOK_EVERY_S = 0.5
"""How often a process without changes of its own asks Milvus what serves, and up to which change."""


class MilvusLibrary:
    """A `library.Library` over Milvus."""

    def __init__(
        self, index: IndexFolder, store: MilvusStore, *, generation: int | None = None, warm: bool = False
    ) -> None:
        """With `generation` that one is read, serving or not, and nothing is carried; `warm` makes a model ready at once."""
        self.index = index
        self.store = store
        self.is_opening = False
        self.trouble: str | None = None
        self._failure: BaseException | None = None
        self._pinned = generation
        self._warm = warm
        self._known: Known | None = None
        self._encoder: Encoder | None = None
        self._kept: KeptViews[MilvusView] = KeptViews()
        self._refreshing = threading.Lock()
        self._looked_at = -LOOK_EVERY_S
        self._local = threading.local()

    @property
    def view(self) -> MilvusView | None:
        known = self._opened()
        return known.view(without=self._withdrawn(known.change)) if known else None

    def _withdrawn(self, change: int, *, deleted_too: bool = True) -> list[int]:
        """What the archive, where there is one, knows to be withdrawn after a change, which Milvus may not know yet."""
        if not self.has_archive or self.archive.last_change() == change:
            return []
        return self.archive.stored.withdrawn_after(change, utc_now(), deleted_too=deleted_too)

    def _opened(self) -> Known | None:
        if self._known is None and self.is_opening:
            raise IndexOpening("the index is being opened; ask again in a second")
        if self._known is None and self._failure is not None and self.trouble:
            known = isinstance(self._failure, EngineError | ModelError)
            raise self._failure if known else IndexDamaged(self.trouble)
        return self._known

    @property
    def opened(self) -> MilvusView | None:
        return self._known.view() if self._known else None

    @property
    def encoder(self) -> Encoder | None:
        return self._encoder

    @property
    def needs_repair(self) -> bool:
        return False

    @property
    def has_unread(self) -> bool:
        return False

    @property
    def has_archive(self) -> bool:
        """Whether this process has the archive, and so carries and writes."""
        return self.index.archive.is_file()

    @property
    def archive(self) -> Archive:
        archive: Archive | None = getattr(self._local, "archive", None)
        if archive is None or archive.was_replaced():
            archive = self._local.archive = Archive(self.index.require_archive())
        return archive

    @property
    def records(self) -> Records:
        if self.has_archive:
            return ArchiveRecords(self.archive)
        known = self._opened()
        return StoreRecords(self.store, known.serving.generation if known else 0)

    def view_of(self, filters: Filters) -> MilvusView | None:
        """At `as_of`, the articles whose present version was known then: Milvus holds no earlier versions."""
        known = self._opened()
        if known is None:
            return None
        without = self._withdrawn(known.change, deleted_too=filters.as_of is None)
        return known.view(filters.as_of, without=without)

    def view_at(self, generation: int, change: int, filters: Filters) -> tuple[MilvusView, bool]:
        kept = self._kept.get((generation, change, filters.as_of))
        if kept and self._is_there(generation):
            return kept, True
        if self._known is None or self._known.change < change:
            with self._refreshing:
                self._look()
        known = self._opened()
        if known is None or known.serving.generation != generation:
            raise CursorExpired
        if not known.manifest.change <= change <= known.change:
            raise CursorExpired
        last_seq = self.archive.stored.last_arrived(change) if self.has_archive else None
        return known.view(filters.as_of, until=change, last_seq=last_seq), False

    def keep(self, view: View) -> None:
        assert isinstance(view, MilvusView)
        self._kept.keep((view.manifest.number, view.change, view.as_of), view)

    def _is_there(self, generation: int) -> bool:
        """Whether a generation can still be asked, though it serves no more."""
        serves = self._known is not None and self._known.serving.generation == generation
        return serves or generation in self.store.generations()

    def unwithdrawn(self, view: View, rows: Rows) -> Rows:
        """Those that may be seen now: by the archive, or as Milvus holds them where it has taken in changes since the view."""
        assert isinstance(view, MilvusView)
        known = self._known
        if known is None or not len(rows):
            return rows
        seqs = view.snapshot.columns.seq[rows]
        if self.has_archive:
            gone = self._withdrawn(view.change, deleted_too=view.as_of is None)
            return rows[~np.isin(seqs, gone)]
        if known.change == view.change and known.serving.generation == view.manifest.number:
            return rows
        shown = view.snapshot.shown
        if all(seq in shown for seq in seqs.tolist()):
            return rows[np.array([shown[seq] is not None for seq in seqs.tolist()], dtype=np.bool_)]
        now = known.view().snapshot
        present = now.rows_of(seqs.tolist())
        usable = now.columns.seq[present[now.columns.usable[present]]]
        return rows[np.isin(seqs, usable)]

    def visible_article(self, article_id: str, now: datetime, version: int | None = None) -> tuple[Article, int]:
        found = self.records.article(article_id) if self.has_archive or self._known else None
        if found and is_visible(found[0], now) and version not in (None, found[1]):
            earlier = (one for one in self.records.versions(article_id) if one.number == version)
            found = next(((one.article, one.number) for one in earlier), None)
        if found is None or not is_visible(found[0], now):
            raise ArticleNotFound(article_id)
        return found

    def expect(self, view: View, rows: Rows) -> None:
        assert isinstance(view, MilvusView)
        if not self.has_archive and len(rows):
            self._read(view, view.snapshot.columns.seq[rows].tolist())

    def _read(self, view: MilvusView, seqs: Sequence[int]) -> None:
        """Read what articles say now, in the generation that serves, whichever the view is of: only that one is kept current."""
        known = self._known
        generation = known.serving.generation if known else view.manifest.number
        found = self.store.records(generation, seqs, fresh=False)
        view.snapshot.shown.update({seq: found[seq][1] if seq in found else None for seq in seqs})

    def shown(self, view: View, rows: Rows, now: datetime) -> Iterator[Article | None]:
        assert isinstance(view, MilvusView)
        columns = view.snapshot.columns
        seqs = columns.seq[rows].tolist()
        if self.has_archive:
            for key in zip(seqs, columns.version[rows].tolist(), strict=True):
                yield from self.archive.shown_at([key], now, as_of=view.as_of)
            return
        if lacking := [seq for seq in seqs if seq not in view.snapshot.shown]:
            self._read(view, lacking)
        for seq in seqs:
            record = view.snapshot.shown[seq]
            article = stored_article(record) if record else None
            yield article if article and is_visible(article, now) else None

    def answering(self) -> AbstractContextManager[bool]:
        """At once: an answer waits for Milvus most of the time."""
        return nullcontext(True)

    def refresh(self) -> None:
        """Carry what the archive has taken in, where there is one, and take up what serves now."""
        self._kept.drop_old()
        with self._refreshing:
            if not self._carried() and time.monotonic() - self._looked_at >= LOOK_EVERY_S:
                self._look()

    def _carried(self) -> bool:
        """Whether changes of the archive were carried into what serves, and taken up; not while another process does it."""
        if self._known is None or self._pinned is not None or not self.has_archive:
            return False
        if self.archive.last_change() == self._known.change:
            return False
        if self.store.active() != self._known.serving.generation:
            self._look()
        number, seen = self._known.serving.generation, self._known.change
        try:
            after, change = Carrier(self.index, self.store).carry(
                self.archive, number, seen=seen, wait_s=0.0, portions=PORTIONS
            )
        except IndexBusy:
            return False
        except (GenerationMissing, IndexDamaged):
            if self.store.active() == number:
                raise
            self._look()  # another serves by now, and this one was pruned
            return True
        self._take_up(after, change)
        return True

    def _look(self) -> None:
        """Ask what serves, and up to which change."""
        number = self._pinned if self._pinned is not None else self.store.active()
        kept, change = self.store.manifest_and_mark(number, mark_of(number)) if number is not None else (None, None)
        carried = Carried.of(kept) if kept else None
        self._looked_at = time.monotonic()
        if carried is None:
            if number is not None:
                raise IndexDamaged(
                    f"generation {number} in Milvus is of another format; build it anew: dateline reindex"
                )
            return
        self._take_up(carried, carried.change if change is None else change)

    def _take_up(self, carried: Carried, change: int) -> None:
        serving = Serving(self.store, carried.number, carried.dimension, Counts.of(carried.counts))
        manifest = manifest_of(carried)
        self._known = Known(serving, manifest, carried, change, self._fitting(manifest))

    def _fitting(self, manifest: Manifest) -> Encoder:
        encoder = self._encoder
        if encoder is None or encoder.fingerprint != manifest.model:
            encoder = load_encoder(manifest.model_name, self.index.models)
            if self._warm:
                encoder.warm_up()
        check_fits(encoder, manifest)
        self._encoder = encoder
        return encoder

    def note_trouble(self, error: BaseException) -> None:
        if self.trouble != str(error):
            logger.error("the index in Milvus could not be refreshed: %s", error)
        self.trouble, self._failure = str(error), error

    def read_what_was_trusted(self) -> None:
        """Nothing is read from files."""

    def close(self) -> None:
        self.store.close()
