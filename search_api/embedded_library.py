"""The index of this machine as a reader's process sees it: the serving generation, the changes since, and the model."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from indexer.archive import Archive
from indexer.articles import is_visible
from indexer.encoder import Encoder, load_encoder
from indexer.engines.embedded import LEXICAL, Snapshot
from indexer.errors import ArticleNotFound, CursorExpired, IndexDamaged, IndexOpening, ModelError
from indexer.filters import Filters
from indexer.generations import Manifest
from indexer.layout import IndexFolder
from indexer.shared_cores import CORES
from indexer.types import Article, Rows
from indexer.workspaces import Workspace
from search_api.archive_records import ArchiveRecords
from search_api.as_of import versions_at, with_versions
from search_api.clock import utc_now
from search_api.kept_views import KeptViews
from search_api.library import View
from search_api.opening import Opener, check_fits, warm_up

logger = logging.getLogger(__name__)

PASTS_KEPT = 2
PAST_KEPT_S = 60.0
"""How many views of the past are kept, and how long: each holds its own columns in memory."""


@dataclass(frozen=True, slots=True)
class EmbeddedView(View):
    """A view of a generation in files and the changes since."""

    snapshot: Snapshot


class EmbeddedLibrary:
    """A `library.Library` over generations in files and the archive's changes since."""

    def __init__(self, index: IndexFolder, *, generation: int | None = None, warm: bool = False) -> None:
        """With `generation` that one is opened, serving or not, and kept; `warm` loads a model before it has to answer."""
        self.index = index
        self._pinned = generation
        self._warm = warm
        self._encoder: Encoder | None = None
        self._view: EmbeddedView | None = None
        self._opener = Opener(index)
        self._is_suspect = False
        self._pasts: KeptViews[EmbeddedView] = KeptViews(most=PASTS_KEPT, seconds=PAST_KEPT_S)
        self._kept: KeptViews[EmbeddedView] = KeptViews()
        self._workspace: Workspace | None = None
        self._refreshing = threading.Lock()
        self._past_turn = threading.Lock()
        self._local = threading.local()
        self.is_opening = False
        """Whether a service has just begun to read the index, and has not answered a first question yet."""
        self.trouble: str | None = None
        """Why the last refresh failed, when it did; the view from before it goes on serving."""
        self._failure: type[IndexDamaged | ModelError] = IndexDamaged

    @property
    def view(self) -> EmbeddedView | None:
        """The state to answer from, without what was withdrawn since; None while there is no generation.

        Raises IndexOpening while a service reads its index, IndexDamaged while there is none to be trusted, and ModelError
        while its model cannot be used.
        """
        self._check_open()
        if self._is_suspect:
            raise IndexDamaged(self.trouble or "files of the serving generation have changed and are being checked")
        if self._view is None and self.trouble:
            raise self._failure(self.trouble)
        return self._view and self._unwithdrawn_view(self._view)

    def _check_open(self) -> None:
        if self._view is None and self.is_opening and (self.index.has_pointer or self.index.numbers()):
            raise IndexOpening("the index is being read; ask again in a second")

    def _unwithdrawn_view(self, view: EmbeddedView) -> EmbeddedView:
        """A view of the archive as it was, without what was withdrawn since."""
        if self.archive.last_change() == view.change:
            return view
        withdrawn = self.archive.stored.withdrawn_after(view.change, utc_now(), deleted_too=view.as_of is None)
        return replace(view, snapshot=view.snapshot.without(withdrawn)) if withdrawn else view

    @property
    def opened(self) -> EmbeddedView | None:
        """The state held in memory, trusted or not, for those who report on it."""
        return self._view

    @property
    def encoder(self) -> Encoder | None:
        """The model that questions are encoded with; None before a generation was opened."""
        return self._encoder

    @property
    def needs_repair(self) -> bool:
        """Whether the generation that should serve is damaged, so that an earlier one does, or none."""
        return self._opener.needs_repair

    def view_of(self, filters: Filters) -> EmbeddedView | None:
        """The state to answer a question with these filters from: at `as_of`, with the versions that were current then.

        A version was current from when it was published until the next one was, or the article was deleted. What readers may
        not see now they do not see in the past either, but for what was only deleted since.
        """
        view = self.view
        if view is None or filters.as_of is None:
            return view
        moment = filters.as_of
        with self._past_turn:
            past = self._pasts.get((view.manifest.number, moment))
            if past is None:
                past = self._past(moment, filters.now)
                self._pasts.keep((view.manifest.number, moment), past)
        return self._unwithdrawn_view(past)

    def _past(self, moment: datetime, now: datetime) -> EmbeddedView:
        """The view of now with the versions of a moment in place of later ones."""
        assert self._view is not None
        earlier = versions_at(self.archive, moment, now, self._view.encoder)
        with self._refreshing:
            if self._tail_is_lost(self._view):
                raise IndexDamaged("changes of the archive cannot be taken up")
            view = self._unwithdrawn_view(self._view)
            if not earlier:
                return replace(view, as_of=moment)
            words = self._workspace.folder if self._workspace else self.index.generation(view.manifest.number) / LEXICAL
            snapshot = with_versions(view.snapshot, earlier, words, self.index.tails)
            return replace(view, snapshot=snapshot, as_of=moment)

    def keep(self, view: View) -> None:
        """Hold on to a view for somebody who may ask for its next page."""
        assert isinstance(view, EmbeddedView)
        self._kept.keep((view.manifest.number, view.change, view.as_of), view)

    def view_at(self, generation: int, change: int, filters: Filters) -> tuple[EmbeddedView, bool]:
        """The view of a generation with the changes up to one, and whether it is exactly as it was.

        When this process does not hold it any more, or never did, it is the view of now without the articles that came
        later. Raises CursorExpired when the generation is another one, or there is no such change. A view that is not
        there yet is waited for.
        """
        kept = self._kept.get((generation, change, filters.as_of))
        if kept:
            return kept, True
        self._check_open()
        if self.trouble is None and (self._view is None or self._view.change < change):
            self.refresh()
        view = self.view_of(filters)
        if view is None or view.manifest.number != generation or not view.manifest.change <= change <= view.change:
            raise CursorExpired
        is_same = view.change == change and not len(view.snapshot.tail.hidden)
        return (view, True) if is_same else (replace(view, snapshot=view.snapshot.until(change)), False)

    def unwithdrawn(self, view: View, rows: Rows) -> Rows:
        """Those of a view's article rows that the view of now has not seen withdrawn since."""
        now = self._view
        if now is None or now is view or view.as_of or not len(rows):
            return rows
        columns = now.snapshot.columns
        gone = columns.seq[~columns.usable & ~now.snapshot.tail.dead]
        return rows[~np.isin(view.snapshot.columns.seq[rows], gone)]

    @property
    def archive(self) -> Archive:
        """This thread's connection to the archive; a new one once the index was restored from a backup."""
        archive: Archive | None = getattr(self._local, "archive", None)
        if archive is None or archive.was_replaced():
            archive = self._local.archive = Archive(self.index.require_archive())
        return archive

    def visible_article(self, article_id: str, now: datetime, version: int | None = None) -> tuple[Article, int]:
        """A version of an article, the current one unless said, and its number.

        Raises ArticleNotFound when readers may not see the article, or that version of it.
        """
        found = self.archive.article(article_id) if self.index.archive.is_file() else None
        if found and is_visible(found[0], now) and version not in (None, found[1]):
            earlier = (one for one in self.archive.history.versions(article_id) if one.number == version)
            found = next(((one.article, one.number) for one in earlier), None)
        if found is None or not is_visible(found[0], now):
            raise ArticleNotFound(article_id)
        return found

    def expect(self, view: View, rows: Rows) -> None:
        """Nothing to do: the archive answers each at once."""

    @property
    def records(self) -> ArchiveRecords:
        return ArchiveRecords(self.archive)

    def shown(self, view: View, rows: Rows, now: datetime) -> Iterator[Article | None]:
        """Each of a view's articles, in order; None where readers may not see it, as the archive is now."""
        columns = view.snapshot.columns
        for row in rows.tolist():
            key = (int(columns.seq[row]), int(columns.version[row]))
            yield from self.archive.shown_at([key], now, as_of=view.as_of)

    def answering(self) -> AbstractContextManager[bool]:
        return CORES.answering()

    def refresh(self) -> None:
        """Take up a new generation and new changes, if there are any. Raises what makes the index unreadable."""
        self._kept.drop_old()
        with self._refreshing:
            if not self.index.archive.is_file():
                return
            view = self._view
            if view and self._opener.is_doubtful(view.manifest.number, view.stamp):
                self._is_suspect = self.index.generation(view.manifest.number).is_dir()
            numbers = [self._pinned] if self._pinned else self._opener.wanted(self.archive)
            number = next((number for number in numbers if not self._opener.is_damaged(number)), None)
            if number is None and not numbers:
                return
            if (
                number is None
                or self._is_suspect
                or view is None
                or view.manifest.number != number
                or self._tail_is_lost(view)
                or self._was_taken_down(view)
            ):
                opened = self._opened_first(numbers)
                if view is None:
                    self._view = opened  # old answers are better than none when the changes cannot be taken up
                before, self._workspace = self._workspace, None
                try:
                    self._view = self._with_changes(opened)
                except BaseException:
                    self._workspace = before
                    raise
                self._is_suspect = False
                if before:
                    before.close()
            else:
                self._view = self._with_changes(view)

    def _tail_is_lost(self, view: EmbeddedView) -> bool:
        """Whether taking up changes failed half-way, so that only the generation itself can be built upon."""
        return self._workspace is None and view.change != view.manifest.change

    def _was_taken_down(self, view: EmbeddedView) -> bool:
        """Whether something was taken down since: then working copies that hold its words are made anew."""
        if not self.archive.stored.gone_after(view.change):
            return False
        self._kept.clear()
        self._pasts.clear()
        return True

    def _opened_first(self, numbers: Sequence[int]) -> EmbeddedView:
        opened = self._opener.open_first(numbers)
        encoder = self._fitting_encoder(opened.manifest)
        if self._warm:
            warm_up(opened.snapshot, encoder)
        return EmbeddedView(opened.snapshot, opened.manifest, opened.manifest.change, encoder, opened.stamp)

    def _fitting_encoder(self, manifest: Manifest) -> Encoder:
        encoder = self._encoder
        if encoder is None or encoder.fingerprint != manifest.model:
            encoder = load_encoder(manifest.model_name, self.index.models)
        check_fits(encoder, manifest)
        self._encoder = encoder
        return encoder

    def _with_changes(self, view: EmbeddedView) -> EmbeddedView:
        """The view with what the archive has taken in since."""
        if self.archive.last_change() == view.change:
            return view
        with self.archive.reading():
            change = self.archive.last_change()
            stored = list(self.archive.stored.changed_after(view.change, view.manifest.recipe, view.manifest.model))
            gone = self.archive.stored.gone_after(view.change)
        if not stored and not gone:
            return view
        workspace = self._workspace = self._workspace or Workspace(self.index.tails)
        try:
            generation = self.index.generation(view.manifest.number)
            snapshot = view.snapshot.with_changes(stored, generation / LEXICAL, workspace.folder, gone)
        except BaseException:
            self._drop_workspace()
            raise
        return replace(view, snapshot=snapshot, change=change)

    def note_trouble(self, error: BaseException) -> None:
        """Remember, and log once, why the index cannot be read."""
        if self.trouble != str(error):
            logger.error("the index could not be refreshed: %s", error)
        self._failure = ModelError if isinstance(error, ModelError) else IndexDamaged
        self.trouble = str(error)

    @property
    def has_unread(self) -> bool:
        """Whether a generation was opened without reading all its files."""
        return self._opener.has_unread

    def read_what_was_trusted(self) -> None:
        """Read the files that were opened because they had not changed since they were last checked."""
        self._opener.check_again()

    def close(self) -> None:
        self._drop_workspace()

    def _drop_workspace(self) -> None:
        if self._workspace:
            self._workspace.close()
        self._workspace = None
