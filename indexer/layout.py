"""Where an index keeps what, who may write to it, and how a file is put in place safely."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from indexer.errors import BuildUnderWay, IndexBusy, IndexDamaged, IndexMissing

_BUILDING = "building.lock"


@dataclass(frozen=True, slots=True)
class IndexFolder:
    """The folder of one index: `archive.sqlite`, `generations/<n>/`, `CURRENT`, `lock`, `tails/`, `models/`."""

    root: Path
    models_of: Path | None = None
    """The folder of another index whose converted models this one shares."""

    @property
    def archive(self) -> Path:
        return self.root / "archive.sqlite"

    @property
    def generations(self) -> Path:
        return self.root / "generations"

    @property
    def models(self) -> Path:
        """Models in their fast form, by fingerprint; safe to delete, they are made again."""
        return (self.models_of or self.root) / "models"

    @property
    def tails(self) -> Path:
        """Private working copies of running processes; safe to delete when none runs."""
        return self.root / "tails"

    def generation(self, number: int) -> Path:
        return self.generations / str(number)

    def numbers(self) -> list[int]:
        """The generations on disk, oldest first."""
        if not self.generations.is_dir():
            return []
        return sorted(int(path.name) for path in self.generations.iterdir() if path.name.isdigit())

    @property
    def has_pointer(self) -> bool:
        """Whether `CURRENT` is there, whatever it says."""
        return (self.root / "CURRENT").exists()

    def current(self) -> int | None:
        """The number of the serving generation; None before the first is built."""
        pointer = self.root / "CURRENT"
        try:
            text = pointer.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise IndexDamaged(f"{pointer} cannot be read ({error}); {_REINDEX}") from error
        if not text.isdigit():
            raise IndexDamaged(f"{pointer} holds {text[:40]!r}, expected a generation's number; {_REINDEX}")
        if not self.generation(int(text)).is_dir():
            raise IndexDamaged(f"{pointer} names generation {text}, which is not in {self.generations}; {_REINDEX}")
        return int(text)

    def require_archive(self) -> Path:
        if not self.archive.is_file():
            raise IndexMissing(
                f"no index at {self.root}; ingest articles first: dateline ingest FOLDER --index {self.root}"
            )
        return self.archive

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the index's lock for writing; raises IndexBusy naming the process that has it."""
        missing = f"no index can be made at {self.root}"
        with held_lock(self.root, missing, f"is writing to {self.root}; wait until it is done"):
            yield

    @contextmanager
    def building(self) -> Iterator[None]:
        """Hold the index's lock for generations: built, activated, deleted or copied by one process at a time.

        Raises BuildUnderWay naming the process that has it.
        """
        missing = f"no generation can be built in {self.root}"
        busy = f"is building a generation in {self.root}; wait until it is done"
        with held_lock(self.root, missing, busy, name=_BUILDING, refusal=BuildUnderWay):
            yield

    def is_building(self) -> bool:
        """Whether a process holds the lock for generations."""
        try:
            opened = (self.root / _BUILDING).open(encoding="ascii")
        except FileNotFoundError:
            return False
        with opened as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False


@contextmanager
def held_lock(
    folder: Path, missing: str, busy: str, *, name: str = "lock", refusal: type[IndexBusy] = IndexBusy
) -> Iterator[None]:
    """Hold the lock file of a folder, which is made; it is free again when the process ends, however it does.

    Raises IndexMissing, `missing` and why, where there can be no such folder, and IndexBusy (or the kind of it that
    `refusal` is), naming the process that holds it and what that is doing (`busy`).
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = (folder / name).open("a+", encoding="ascii")
    except OSError as error:
        raise IndexMissing(f"{missing} ({error.strerror}); name a folder to write to") from None
    with opened as lock:
        if not _locked(lock):
            lock.seek(0)
            raise refusal(f"process {lock.read().strip() or 'unknown'} {busy}") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _locked(lock: IO[str]) -> bool:
    """Whether the lock could be had; somebody who only looks whether it is held lets go at once."""
    for pause_s in (0.02, 0.05, 0.0):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(pause_s)
    return False


_REINDEX = "rebuild it from the archive: dateline reindex"


def replace_text(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old text or the new, and a crash leaves one of them."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and new names in the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_files(folder: Path) -> None:
    """Make every file below the folder durable."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    for path in [*(p for p in folder.rglob("*") if p.is_dir()), folder]:
        sync_folder(path)
