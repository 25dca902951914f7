"""The one process at a time that carries an archive's changes into Milvus, and how far it came.

How far it came is kept in Milvus, for readers anywhere, and beside the archive, in `engine.json`: to ask Milvus for what was
written a moment ago takes as long as all the rest. What is beside the archive counts only where Milvus says no more than it does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Any

from indexer.archive import Archive
from indexer.engines.milvus.carrying import Carried, carry, mark_of
from indexer.engines.milvus.store import MilvusStore
from indexer.errors import IndexBusy, IndexDamaged
from indexer.layout import IndexFolder, held_lock, replace_text

WAIT_S = 60.0
"""How long a job waits for another process that carries changes."""

_PAUSE_S = 0.2
_LOCK = "engine.lock"
_NOTE = "engine.json"


class Carrier:
    """Carries from the archive of an index folder into one store."""

    def __init__(self, index: IndexFolder, store: MilvusStore) -> None:
        self._index = index
        self._store = store

    def carry(
        self, archive: Archive, number: int, *, seen: int | None = None, wait_s: float = WAIT_S
    ) -> tuple[Carried, int]:
        """Carry all changes of the archive into a generation; returns what is known of it then, and up to which change it is.

        `seen` is the change that Milvus was last seen to hold, where this process has looked. Raises IndexBusy when another
        process carries for longer than `wait_s`.
        """
        with self._alone(wait_s):
            carried, since = self._known(number, seen)
            after, change = carry(archive, self._store, carried, since)
            replace_text(self._index.root / _NOTE, json.dumps(self._note(after, change)))
        return after, change

    def known(self, number: int) -> Carried:
        """What Milvus keeps of a generation. Raises IndexDamaged for one that was not finished, or is of another format."""
        kept = self._store.manifest(number)
        carried = Carried.of(kept) if kept else None
        if carried is None:
            raise IndexDamaged(
                f"generation {number} in Milvus was not finished, or is of another format; build one: dateline reindex"
            )
        return carried

    def _known(self, number: int, seen: int | None) -> tuple[Carried, int]:
        """What is known of a generation, and the change that it holds the archive up to."""
        note = self._read_note()
        if note.get("store") == self._store.name and note.get("generation") == number and seen is not None:
            carried, change = Carried.of(note["carried"]), int(note["change"])
            if carried is not None and change >= seen:
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

    def _note(self, carried: Carried, change: int) -> dict[str, Any]:
        return {
            "store": self._store.name,
            "generation": carried.number,
            "change": change,
            "carried": asdict(carried),
        }

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
