"""Which generation a reader's process opens: the serving one or, where that is damaged, the last that is whole.

A generation that served earlier answers as well as the newest: what changed since is its tail.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from indexer.archive import Archive
from indexer.checksums import Stamp, forget_checked, record_of, remember_checked, stamp_of, was_checked
from indexer.encoder import Encoder
from indexer.engines.embedded import Snapshot
from indexer.errors import IndexBusy, IndexDamaged, IndexMissing, ModelError
from indexer.filters import Filters
from indexer.generations import Manifest, check_files, open_snapshot, read_manifest
from indexer.layout import IndexFolder, held_lock
from indexer.served import served

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """A generation that was found to be whole."""

    manifest: Manifest
    snapshot: Snapshot
    stamp: Stamp


class Opener:
    """Opens generations whose every file has the checksum that the manifest says, and remembers those that have not.

    Files that are as they were when that was last found are opened at once, and read after that (`check_again`).
    """

    def __init__(self, index: IndexFolder) -> None:
        self._index = index
        self._damaged: dict[int, Stamp] = {}
        self._trusted: dict[int, Stamp] = {}
        self._condemned: set[int] = set()
        """Those that were found to be damaged after they had been opened."""
        self._recorded: set[int] = set()
        """The generations whose files somebody has read all of and put that on record."""
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
            folder = self._index.generation(number)
            if number not in self._condemned and was_checked(folder, stamp):
                self._trusted[number] = stamp
            else:
                self._trusted.pop(number, None)
                wrong = check_files(self._index, manifest)
                if wrong:
                    raise IndexDamaged(
                        f"generation {number}: {wrong[0]}; rebuild it from the archive: dateline reindex"
                    )
                self._condemned.discard(number)
                remember_checked(folder, stamp)
            if record_of(folder).exists():
                self._recorded.add(number)
            else:  # nothing can be written here
                self._recorded.discard(number)
            return Opened(manifest, open_snapshot(self._index, manifest), stamp)
        except IndexDamaged:
            self._damaged[number] = stamp
            raise
        except OSError as error:
            self._damaged[number] = stamp
            raise IndexDamaged(f"generation {number} cannot be read ({error}); rebuild it: dateline reindex") from error

    @property
    def has_unread(self) -> bool:
        """Whether a generation was opened without reading its files."""
        return bool(self._trusted)

    def check_again(self) -> None:
        """Read the files of generations that were opened without, unless another process does; all close what is damaged."""
        while self._trusted:
            number, stamp = self._trusted.popitem()
            folder = self._index.generation(number)
            try:
                with held_lock(folder.parent, f"{folder} is gone", "checks it", name="checking.lock"):
                    wrong = self._wrong(number)
            except IndexBusy:  # another process does it
                continue
            except IndexMissing:  # nothing can be written here
                wrong = self._wrong(number)
            if wrong and self.stamp(number) == stamp:
                logger.error("generation %s: %s", number, wrong)
                self._condemned.add(number)
                forget_checked(folder)

    def _wrong(self, number: int) -> str | None:
        """What is wrong with the files of a generation, all of them read; None where nothing is, or it is gone."""
        try:
            return next(iter(check_files(self._index, read_manifest(self._index, number))), None)
        except FileNotFoundError:
            return None
        except (IndexDamaged, OSError) as error:
            return str(error)

    def is_doubtful(self, number: int, stamp: Stamp) -> bool:
        """Whether the files of an open generation are not those that were opened, or were found to be damaged since."""
        is_forgotten = number in self._recorded and not record_of(self._index.generation(number)).exists()
        return is_forgotten or number in self._condemned or self.stamp(number) != stamp

    def stamp(self, number: int) -> Stamp:
        return stamp_of(self._index.generation(number))


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
    encoder.warm_up()
    snapshot.nearest_chunks(encoder.encode_query("news"), 1, snapshot.columns.usable)
    snapshot.lexical.search(snapshot.lexical.terms_of("news"), 1, Filters(datetime.now(UTC)))
