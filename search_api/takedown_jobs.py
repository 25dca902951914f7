"""An article taken down: out of the archive at once, then out of every generation and file of the index."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from indexer.archive import Archive
from indexer.archive_erasing import Erased
from indexer.articles import format_time
from indexer.errors import ArticleNotFound, IndexBusy, TakenDown
from indexer.layout import IndexFolder
from indexer.takedown import Looked, drop_from_quarantine, look_through, passages, rewrite_generations
from search_api.clock import utc_now
from search_api.engine_choice import shelf_of
from search_api.jobs import quarantine_of
from search_api.milvus_shelf import MilvusShelf
from search_api.progress import line_on_stderr

READERS_LET_GO_S = 30.0
"""How long readers may take to let go of their working copies: they look four times a second."""

_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was purged, and what was found when every file of the index was looked through afterwards.

    `copies` are articles with the same text, which stay; `traces` are files that still hold a passage of the article.
    `surrogate_key` is what caches in front of the service know its answers by.
    """

    article_id: str
    taken_down_at: str
    reason: str
    url: str | None
    versions: int
    chunks: int
    embeddings: int
    generations_rewritten: dict[int, int]
    quarantine_entries: int
    copies: tuple[str, ...]
    files_searched: int
    bytes_searched: int
    traces: tuple[str, ...]
    surrogate_key: str
    seconds: float

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        rewritten = [{"from": old, "to": new} for old, new in self.generations_rewritten.items()]
        return {**asdict(self), "generations_rewritten": rewritten}


def takedown(index: IndexFolder, article_id: str, reason: str, *, show_progress: bool = False) -> Receipt:
    """Erase an article and keep it out from now on; returns when nothing of it is left that could be removed.

    Readers find it no more from the first moment on. One that was stopped is finished by the next of the same id. Raises
    ArticleNotFound for an unknown id, TakenDown for one of which nothing is left.
    """
    started = time.monotonic()
    told = line_on_stderr(shown=show_progress)
    index.require_archive()
    now = utc_now()
    with Archive(index.archive) as archive:
        sought = passages(article_id, archive)
        rejected = drop_from_quarantine(quarantine_of(index), sought)
        with archive.transaction():
            erased = archive.erase(article_id, reason, now)
        stopped = erased is None
        if erased is None:
            erased = _unfinished(archive, article_id)
        told(f"{article_id} is erased from the archive and hidden; rewriting the generations that hold it")
        with ExitStack() as held:
            _wait_for_lock(index, held, told)
            rewritten = rewrite_generations(index, archive, now=now)
            if isinstance(shelf := shelf_of(index), MilvusShelf):
                shelf.bring_all_up_to_date(archive)
        if stopped:  # its text is known no more, so nothing can be looked for
            archive.compact()
        looked, is_clean = _look(index, archive, sought)
        if is_clean:
            archive.history.set_purged(article_id)
    return Receipt(
        article_id=article_id,
        taken_down_at=format_time(now),
        reason=reason,
        url=erased.versions[-1].url if erased.versions else None,
        versions=len(erased.versions),
        chunks=erased.chunks,
        embeddings=erased.embeddings,
        generations_rewritten=rewritten,
        quarantine_entries=rejected,
        copies=erased.copies,
        files_searched=looked.files,
        bytes_searched=looked.size_bytes,
        traces=looked.traces,
        surrogate_key=article_id,
        seconds=round(time.monotonic() - started, 3),
    )


def _unfinished(archive: Archive, article_id: str) -> Erased:
    """What is known of an article that was erased by a takedown that did not come to its end."""
    tombstone = archive.history.tombstone_of(article_id)
    if tombstone is None:
        raise ArticleNotFound(article_id)
    if tombstone.purged:
        raise TakenDown(article_id, tombstone.at)
    return Erased(tombstone.seq, (), 0, 0, ())


def _wait_for_lock(index: IndexFolder, held: ExitStack, told: Callable[[str], None]) -> None:
    """Hold the lock for building, once a build that is under way has ended."""
    waiting = False
    while True:
        lock: AbstractContextManager[None] = index.building()
        try:
            held.enter_context(lock)
            return
        except IndexBusy as error:
            if not waiting:
                told(f"waiting: {error}")
            waiting = True
            time.sleep(_PAUSE_S)


def _look(index: IndexFolder, archive: Archive, sought: list[bytes]) -> tuple[Looked, bool]:
    """Look through the index until nothing is found, or readers have had the time to let go; whether all is clean."""
    deadline = time.monotonic() + READERS_LET_GO_S
    compacted = False
    while True:
        emptied = archive.empty_log()
        looked = look_through(index, sought)
        if (emptied and not looked.traces) or time.monotonic() > deadline:
            return looked, emptied and not looked.traces
        if index.archive.name in looked.traces and not compacted:
            archive.compact()
            compacted = True
        time.sleep(_PAUSE_S)
