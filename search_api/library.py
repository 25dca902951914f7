"""The index as a reader's process sees it: the serving generation, the changes since, and the model, kept current."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from indexer.archive import Archive
from indexer.articles import is_visible
from indexer.encoder import Encoder, load_encoder, prepare_encoder
from indexer.engines.embedded import Snapshot
from indexer.errors import ArticleNotFound, CursorExpired, DatelineError, ModelError
from indexer.generations import Manifest, open_snapshot, read_manifest
from indexer.layout import IndexFolder
from indexer.types import Article, Rows
from indexer.workspaces import Workspace
from search_api.kept_views import KeptViews

logger = logging.getLogger(__name__)

REFRESH_S = 0.25
"""How often a serving process looks for changes."""

LONGEST_PAUSE_S = 10.0
"""How long it waits between tries, in the end, while they fail."""


@dataclass(frozen=True, slots=True)
class View:
    """One consistent state of the index: everything an answer needs."""

    snapshot: Snapshot
    manifest: Manifest
    change: int
    """The last change of the archive that the snapshot holds."""
    encoder: Encoder


def prepare_model(index: IndexFolder, told: Callable[[str], None]) -> None:
    """Make the serving model's fast form once, before processes would each do it. What is wrong with an index they say."""
    with suppress(DatelineError):
        prepare_encoder(read_manifest(index).model_name, index.models, told)


class Library:
    """Opens an index for reading and follows its changes. Threads share it; no first page waits for a refresh."""

    def __init__(self, index: IndexFolder, *, generation: int | None = None, warm: bool = False) -> None:
        """With `generation` that one is opened, serving or not, and kept; `warm` loads a model before it has to answer."""
        self.index = index
        self._pinned = generation
        self._warm = warm
        self._encoder: Encoder | None = None
        self._view: View | None = None
        self._kept: KeptViews[View] = KeptViews()
        self._workspace: Workspace | None = None
        self._refreshing = threading.Lock()
        self._local = threading.local()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.trouble: str | None = None
        """Why the last refresh failed, when it did; the view from before it goes on serving."""

    @property
    def view(self) -> View | None:
        """The state to answer from; None while there is no generation."""
        return self._view

    def keep(self, view: View) -> None:
        """Hold on to a view for somebody who may ask for its next page."""
        self._kept.keep(view.manifest.number, view.change, view)

    def view_at(self, generation: int, change: int) -> tuple[View, bool]:
        """The view of a generation with the changes up to one, and whether it is exactly as it was.

        When this process does not hold it any more, or never did, it is the view of now without the articles that came
        later. Raises CursorExpired when the generation is another one, or there is no such change. A view that is not
        there yet is waited for.
        """
        kept = self._kept.get(generation, change)
        if kept:
            return kept, True
        if self._view is None or self._view.change < change:
            self.refresh()
        view = self._view
        if view is None or view.manifest.number != generation or not view.manifest.change <= change <= view.change:
            raise CursorExpired
        return (view, True) if view.change == change else (replace(view, snapshot=view.snapshot.until(change)), False)

    def unwithdrawn(self, view: View, rows: Rows) -> Rows:
        """Those of a view's article rows that the view of now has not seen withdrawn since."""
        now = self._view
        if now is None or now is view or not len(rows):
            return rows
        columns = now.snapshot.columns
        gone = columns.seq[~columns.usable & ~now.snapshot.tail.dead]
        return rows[~np.isin(view.snapshot.columns.seq[rows], gone)]

    @property
    def archive(self) -> Archive:
        """This thread's connection to the archive."""
        archive: Archive | None = getattr(self._local, "archive", None)
        if archive is None:
            archive = self._local.archive = Archive(self.index.require_archive())
        return archive

    def visible_article(self, article_id: str, now: datetime) -> tuple[Article, int]:
        """The current version of an article and its number; raises ArticleNotFound when readers may not see it."""
        found = self.archive.article(article_id) if self.index.archive.is_file() else None
        if found is None or not is_visible(found[0], now):
            raise ArticleNotFound(article_id)
        return found

    def shown(self, view: View, rows: Rows, now: datetime) -> Iterator[Article | None]:
        """Each of a view's articles, in order; None where readers may not see it, as the archive is now."""
        columns = view.snapshot.columns
        for row in rows.tolist():
            yield from self.archive.shown_at([(int(columns.seq[row]), int(columns.version[row]))], now)

    def first_shown(self, view: View, rows: Rows, now: datetime) -> tuple[int, Article] | None:
        """The first of a view's articles that readers may see, as the archive is now, and its position among them."""
        shown = enumerate(self.shown(view, rows, now))
        return next(((position, article) for position, article in shown if article is not None), None)

    def refresh(self) -> None:
        """Take up a new generation and new changes, if there are any. Raises what makes the index unreadable."""
        self._kept.drop_old()
        with self._refreshing:
            if not self.index.archive.is_file():
                return
            number = self._pinned or self.index.current()
            if number is None:
                return
            view = self._view
            if view is None or view.manifest.number != number or self._tail_is_lost(view):
                opened = self._opened(number)
                self._view = view or opened  # old answers are better than none when the changes cannot be taken up
                before, self._workspace = self._workspace, None
                try:
                    self._view = self._with_changes(opened)
                except BaseException:
                    self._workspace = before
                    raise
                if before:
                    before.close()
            else:
                self._view = self._with_changes(view)

    def _tail_is_lost(self, view: View) -> bool:
        """Whether taking up changes failed half-way, so that only the generation itself can be built upon."""
        return self._workspace is None and view.change != view.manifest.change

    def _opened(self, number: int) -> View:
        manifest = read_manifest(self.index, number)
        encoder = self._fitting_encoder(manifest)
        return View(open_snapshot(self.index, manifest), manifest, manifest.change, encoder)

    def _fitting_encoder(self, manifest: Manifest) -> Encoder:
        encoder = self._encoder
        if encoder is None or encoder.fingerprint != manifest.model:
            encoder = load_encoder(manifest.model_name, self.index.models)
        if encoder.fingerprint != manifest.model:
            raise ModelError(
                f"generation {manifest.number} was built with model {manifest.model_name} of fingerprint {manifest.model}, "
                f"but the model found here has {encoder.fingerprint}; put the first back, "
                f"or rebuild: dateline reindex --model {manifest.model_name}"
            )
        if self._warm and encoder is not self._encoder:
            encoder.encode_query("news")
        self._encoder = encoder
        return encoder

    def _with_changes(self, view: View) -> View:
        """The view with what the archive has taken in since."""
        if self.archive.last_change() == view.change:
            return view
        with self.archive.reading():
            change = self.archive.last_change()
            stored = list(self.archive.stored.changed_after(view.change, view.manifest.recipe, view.manifest.model))
        if not stored:
            return view
        workspace = self._workspace = self._workspace or Workspace(self.index.tails)
        try:
            generation = self.index.generation(view.manifest.number)
            snapshot = view.snapshot.with_changes(stored, generation, workspace.folder)
        except BaseException:
            self._drop_workspace()
            raise
        return View(snapshot, view.manifest, change, view.encoder)

    def note_trouble(self, error: Exception) -> None:
        """Remember, and log once, why the index cannot be read."""
        if self.trouble != str(error):
            logger.error("the index could not be refreshed: %s", error)
        self.trouble = str(error)

    def start(self) -> None:
        """Follow changes in the background until `close`."""
        self._thread = threading.Thread(target=self._watch, name="library-refresh", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        pause_s = REFRESH_S
        while not self._stop.wait(pause_s):
            try:
                self.refresh()
                self.trouble, pause_s = None, REFRESH_S
            except Exception as error:
                self.note_trouble(error)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def close(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()
        self._drop_workspace()

    def _drop_workspace(self) -> None:
        if self._workspace:
            self._workspace.close()
        self._workspace = None
