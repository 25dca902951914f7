"""The one process at a time that carries an archive's changes into Milvus, and how far it came.

How far it came is kept in Milvus, for readers anywhere, and beside the archive, in `engine.json`: to ask Milvus for what was
written a moment ago takes as long as all the rest. What is beside the archive counts only where Milvus says no more than it does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from itertools import count
from typing import Any

from indexer.archive import Archive
from indexer.engines.milvus.carrying import Carried, carry, mark_of, next_portion
from indexer.engines.milvus.store import MilvusStore
from indexer.errors import IndexBusy, IndexDamaged
from indexer.layout import IndexFolder, held_lock, replace_text

WAIT_S = 60.0
"""How long a job waits for another process that carries changes."""

TRUSTED_S = 10.0
"""How long what is beside the archive counts where Milvus says less: so long it may take to show what was written."""

_PAUSE_S = 0.2
_LOCK = "engine.lock"
_NOTE = "engine.json"


class Carrier:
    """Carries from the archive of an index folder into one store."""

    def __init__(self, index: IndexFolder, store: MilvusStore) -> None:
        self._index = index
        self._store = store

    def carry(
        self,
        archive: Archive,
        number: int,
        *,
        seen: int | None = None,
        wait_s: float = WAIT_S,
        portions: int | None = None,
    ) -> tuple[Carried, int]:
        """Carry changes of the archive into a generation, all or so many portions; returns what is known of it then, and the
        change up to which it holds the archive.

        `seen` is the change that Milvus was last seen to hold, where this process has looked. Raises IndexBusy when another
        process carries for longer than `wait_s`.
        """
        with self._alone(wait_s):
            note = self._read_note()
            carried, since = self._known(note, number, seen)
            recent = _recent(note)
            for _ in count() if portions is None else range(portions):
                portion = next_portion(archive, carried, since)
                if portion is None:
                    break
                fresh = not recent.keys().isdisjoint(portion.seqs)
                carried, since = carry(self._store, carried, portion, fresh=fresh), portion.last
                recent |= dict.fromkeys(portion.seqs, time.time())
                self._write_note(carried, since, recent)
        return carried, since

    def known(self, number: int) -> Carried:
        """What Milvus keeps of a generation. Raises IndexDamaged for one that was not finished, or is of another format."""
        kept = self._store.manifest(number)
        carried = Carried.of(kept) if kept else None
        if carried is None:
            raise IndexDamaged(
                f"generation {number} in Milvus was not finished, or is of another format; build one: dateline reindex"
            )
        return carried

    def _known(self, note: Mapping[str, Any], number: int, seen: int | None) -> tuple[Carried, int]:
        """What is known of a generation, and the change that it holds the archive up to."""
        if note.get("store") == self._store.name and note.get("generation") == number and seen is not None:
            carried, change = Carried.of(note["carried"]), int(note["change"])
            is_trusted = change == seen or (change > seen and time.time() - float(note["at"]) < TRUSTED_S)
            if carried is not None and is_trusted:
                return carried, change
        carried = self.known(number)
        mark = self._store.mark(mark_of(number))
        return carried, carried.change if mark is None else mark

    def _read_note(self) -> dict[str, Any]:
        try:
            found = json.loads((self._index.root / _NOTE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write_note(self, carried: Carried, change: int, recent: Mapping[int, float]) -> None:
        now = time.time()
        note = {
            "store": self._store.name,
            "generation": carried.number,
            "change": change,
            "at": now,
            "carried": asdict(carried),
            "recent": {str(seq): at for seq, at in recent.items() if now - at < TRUSTED_S},
        }
        replace_text(self._index.root / _NOTE, json.dumps(note))

    @contextmanager
    def _alone(self, wait_s: float) -> Iterator[None]:
        missing, busy = f"{self._index.root} cannot be carried from", "carries changes into Milvus; wait for it"
        deadline = time.monotonic() + wait_s
        with ExitStack() as held:
            while True:
                try:
                    held.enter_context(held_lock(self._index.root, missing, busy, name=_LOCK))
                    break
                except IndexBusy:
                    if time.monotonic() >= deadline:
                        raise
                    time.sleep(_PAUSE_S)
            yield


def _recent(note: Mapping[str, Any]) -> dict[int, float]:
    """The articles that were carried a moment ago, and when: Milvus may not show yet what they hold."""
    return {int(seq): float(at) for seq, at in note.get("recent", {}).items() if time.time() - float(at) < TRUSTED_S}
