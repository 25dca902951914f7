"""Which generation a reader's process opens: the serving one or, where that is damaged, the last that is whole.

A generation that served earlier answers as well as the newest: what changed since is its tail.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from indexer.archive import Archive
from indexer.encoder import Encoder
from indexer.engines.embedded import Snapshot
from indexer.errors import IndexDamaged, ModelError
from indexer.filters import Filters
from indexer.generations import Manifest, check_files, open_snapshot, read_manifest
from indexer.layout import IndexFolder
from indexer.served import served

logger = logging.getLogger(__name__)

Stamp = tuple[tuple[str, int, int, int], ...]
"""Name, size, time of change and inode of each file of a generation, which never changes while it is whole."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A generation that was found to be whole."""

    manifest: Manifest
    snapshot: Snapshot
    stamp: Stamp


class Opener:
    """Opens generations whose every file has the checksum that the manifest says, and remembers those that have not."""

    def __init__(self, index: IndexFolder) -> None:
        self._index = index
        self._damaged: dict[int, Stamp] = {}
        self._pointer_trouble: str | None = None
        self._first: int | None = None

    @property
    def needs_repair(self) -> bool:
        """Whether the generation that should serve is damaged, or nothing says which should."""
        return self._first in self._damaged or self._pointer_trouble is not None

    def wanted(self, archive: Archive) -> list[int]:
        """The generations to try, the serving one first; none while there is none at all."""
        try:
            current = self._index.current()
            trouble = None
        except IndexDamaged as error:
            current, trouble = None, str(error)
        there = self._index.numbers()
        before = [number for number in reversed(served(archive)) if number in there and number != current]
        if current is None and before and trouble is None:
            trouble = f"{self._index.root / 'CURRENT'} is missing"
        if trouble and trouble != self._pointer_trouble:
            logger.error(
                "%s; answering from generation %s, which served last", trouble, before[0] if before else "none"
            )
        self._pointer_trouble = trouble
        numbers = [*([] if current is None else [current]), *before]
        self._first = next(iter(numbers), None)
        return numbers

    def is_damaged(self, number: int) -> bool:
        """Whether a generation was found to be damaged and has not been put right since."""
        known = self._damaged.get(number)
        if known is not None and known != self.stamp(number):
            del self._damaged[number]
        return number in self._damaged

    def open_first(self, numbers: Sequence[int]) -> Opened:
        """The first of these generations of which every checksum holds; raises what is wrong with the very first."""
        trouble: IndexDamaged | None = None
        for number in numbers:
            if self.is_damaged(number) and number != numbers[-1]:
                continue
            try:
                opened = self._open(number)
            except IndexDamaged as error:
                logger.error("%s", error)
                trouble = trouble or error
                continue
            if number != numbers[0]:
                logger.error("answering from generation %s and all changes since, in place of %s", number, numbers[0])
            return opened
        assert trouble is not None
        raise trouble

    def _open(self, number: int) -> Opened:
        stamp = self.stamp(number)
        try:
            manifest = read_manifest(self._index, number)
            wrong = check_files(self._index, manifest)
            if wrong:
                raise IndexDamaged(f"generation {number}: {wrong[0]}; rebuild it from the archive: dateline reindex")
            return Opened(manifest, open_snapshot(self._index, manifest), stamp)
        except IndexDamaged:
            self._damaged[number] = stamp
            raise
        except OSError as error:
            self._damaged[number] = stamp
            raise IndexDamaged(f"generation {number} cannot be read ({error}); rebuild it: dateline reindex") from error

    def stamp(self, number: int) -> Stamp:
        folder = self._index.generation(number)
        found = []
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".lock":
                facts = path.stat()
                found.append((str(path.relative_to(folder)), facts.st_size, facts.st_mtime_ns, facts.st_ino))
        return tuple(found)


def check_fits(encoder: Encoder, manifest: Manifest) -> None:
    """Refuse a model that a generation's vectors are not of."""
    if encoder.fingerprint != manifest.model:
        raise ModelError(
            f"generation {manifest.number} was built with model {manifest.model_name} of fingerprint {manifest.model}, "
            f"but the model found here has {encoder.fingerprint}; put the first back, "
            f"or rebuild: dateline reindex --model {manifest.model_name}"
        )


def warm_up(snapshot: Snapshot, encoder: Encoder) -> None:
    """Touch what a first question would have to wait for: the model, and the pages of vectors and words."""
    snapshot.nearest_chunks(encoder.encode_query("news"), 1, snapshot.columns.usable)
    snapshot.lexical.search(snapshot.lexical.terms_of("news"), 1, Filters(datetime.now(UTC)))
