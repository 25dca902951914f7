"""What a service does by itself: folds a long tail into a new generation, and replaces a damaged one.

Both are the command `dateline reindex`, run as a process of its own with low priority, so that no reader waits for it. Every
worker looks; a lock lets one of them do it.
"""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from indexer.archive import Archive
from indexer.errors import (
    ArticleNotFound,
    BuildUnderWay,
    DatelineError,
    IndexBusy,
    IndexDamaged,
    IndexMissing,
    TakenDown,
)
from indexer.generations import check_files, read_manifest
from indexer.layout import IndexFolder, held_lock
from indexer.processes import yield_to_readers
from search_api.jobs import check_writable
from search_api.library import Library
from search_api.metrics import built

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
LONGEST_PAUSE_S = 600.0
"""How long it waits after a failure, in the end."""


class Maintenance:
    """Looks after one index while a service runs."""

    def __init__(self, index: IndexFolder, library: Library, *, fold_after: int) -> None:
        """A tail of more than `fold_after` articles is folded; 0 folds none."""
        self._index = index
        self._library = library
        self._fold_after = fold_after
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._processes: set[subprocess.Popen[str]] = set()
        self._starting = threading.Lock()
        self._asking = threading.Lock()
        self._building: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="maintenance", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking; a build under way is told to stop, and is taken up again later."""
        with self._starting:
            self._stop.set()
            for process in self._processes:
                process.terminate()
        if self._thread:
            self._thread.join()

    def build(self, arguments: Sequence[str]) -> None:
        """Begin a build that was asked for; what becomes of it is in the log. Raises BuildUnderWay during another."""
        check_writable(self._index)
        with self._asking:
            if self._index.is_building() or (self._building and self._building.is_alive()):
                raise BuildUnderWay(f"a generation is being built in {self._index.root} already")
            self._building = threading.Thread(target=self._asked, args=(arguments,), name="asked-build", daemon=True)
            self._building.start()

    def take_down(self, article_id: str, reason: str) -> dict[str, Any]:
        """The receipt of a takedown, made by a process of its own.

        Raises ArticleNotFound or TakenDown where there is nothing to do.
        """
        check_writable(self._index)
        with Archive(self._index.require_archive()) as archive:
            if archive.known(article_id) is None:
                tombstone = archive.history.tombstone_of(article_id)
                if tombstone is None:
                    raise ArticleNotFound(article_id)
                if tombstone.purged:
                    raise TakenDown(article_id, tombstone.at)
        command = ["takedown", "--index", str(self._index.root), "--json", f"--reason={reason}", "--", article_id]
        done = subprocess.run(
            [sys.executable, "-m", "search_api", *command], capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1) or not done.stdout:
            raise IndexBusy(f"the takedown of {article_id!r} was not finished: {done.stderr.strip()}")
        receipt: dict[str, Any] = json.loads(done.stdout)
        return receipt

    def _asked(self, arguments: Sequence[str]) -> None:
        self._reindexed("it was asked for", arguments)

    def _watch(self) -> None:
        pause_s = LOOK_EVERY_S
        while not self._stop.wait(pause_s):
            try:
                done = not self._is_due() or self._look_after()
            except IndexBusy:  # another process does it
                done = True
            except (DatelineError, OSError) as error:
                logger.error("the index could not be looked after: %s", error)
                done = False
            pause_s = LOOK_EVERY_S if done else min(2 * pause_s, LONGEST_PAUSE_S)

    def _is_due(self) -> bool:
        """Whether something may have to be done, as this process sees it."""
        if not self._index.archive.is_file() or self._index.is_building():
            return False
        return self._library.needs_repair or self._tail_is_long()

    def _look_after(self) -> bool:
        """Do what has to be done, unless another process has done it meanwhile; False when it failed."""
        missing, busy = f"{self._index.root} cannot be looked after", "looks after the index"
        with held_lock(self._index.root, missing, busy, name="maintenance.lock"):
            reason = self._damage() or ("many articles changed since" if self._tail_is_long() else None)
            return reason is None or self._reindexed(reason)

    def _damage(self) -> str | None:
        """What is wrong with the serving generation, as it is on disk."""
        try:
            manifest = read_manifest(self._index)
            wrong = check_files(self._index, manifest)
        except (IndexDamaged, IndexMissing) as error:
            return str(error)
        return f"generation {manifest.number}: {wrong[0]}" if wrong else None

    def _tail_is_long(self) -> bool:
        if not self._fold_after:
            return False
        try:
            manifest = read_manifest(self._index)
        except (IndexDamaged, IndexMissing):
            return False
        with Archive(self._index.archive) as archive:
            return archive.stored.changed_articles(manifest.change) > self._fold_after

    def _reindexed(self, reason: str, arguments: Sequence[str] = ()) -> bool:
        logger.info("building a generation: %s", reason)
        started = time.monotonic()
        with self._starting:
            if self._stop.is_set():
                return True
            process = _reindex_process(self._index, arguments)
            self._processes.add(process)
        _, said = process.communicate()
        self._processes.discard(process)
        seconds = time.monotonic() - started
        is_gated = any(one.startswith("--gate=") for one in arguments)
        if process.returncode == 0:
            outcome = "built"
            logger.info("a generation was built in %.1f s", seconds)
        elif process.returncode == 1 and is_gated:
            outcome = "refused"
            logger.info("a generation was built in %.1f s, and refused by its gate", seconds)
        elif self._stop.is_set():
            outcome = "stopped"
        else:
            outcome = "failed"
            logger.error("a generation could not be built: %s", why_it_failed(process.returncode, said))
        built(outcome, seconds)
        return outcome in ("built", "refused")


def why_it_failed(returncode: int, said: str) -> str:
    """Why a process failed: the signal that ended it, else the last line that it wrote."""
    if returncode < 0:
        return f"ended by signal {-returncode}{' (is memory short?)' if returncode == -signal.SIGKILL else ''}"
    return said.strip().rpartition("\n")[2] or f"it ended with status {returncode}"


def _reindex_process(index: IndexFolder, arguments: Sequence[str]) -> subprocess.Popen[str]:
    """`dateline reindex` on an index, as a process of low priority, killed first where memory is short."""
    command = [sys.executable, "-m", "search_api", "reindex", "--index", str(index.root), "--json", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    yield_to_readers(process.pid)
    return process
