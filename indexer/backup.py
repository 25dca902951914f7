"""Backups: all of an index that cannot be made again, each file with its size and SHA-256, and the way back.

A backup is a folder like an index: archive.sqlite, the serving generation, CURRENT, keys.json, quarantine/ and watch/ where
there are such, and `backup.json`, which lists them. It is made in a hidden folder beside its place and put there by a
rename, and so is the index that is restored from it: until then what was there before is whole.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from indexer.archive import Archive
from indexer.archive_connection import copy_database
from indexer.articles import format_time
from indexer.errors import IndexDamaged, IndexMissing, SettingError
from indexer.generations import MANIFEST, read_manifest
from indexer.layout import IndexFolder, held_lock, sync_files, sync_folder

FORMAT_VERSION = 1
CONTENTS = "backup.json"

_ARCHIVE, _CURRENT, _GENERATIONS, _KEYS = "archive.sqlite", "CURRENT", "generations", "keys.json"
_FOLDERS = ("quarantine", "watch")
_OF_BACKUPS = {CONTENTS, _ARCHIVE, _CURRENT, _GENERATIONS, _KEYS, *_FOLDERS}
_READ_BYTES = 1 << 20
_REBUILD = "rebuild it from the archive (dateline reindex), then back up again"


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds: the archive up to `change`, and `generation`, None where none served.

    `files` maps the path of each file in the backup to its size and SHA-256: {"bytes": ..., "sha256": ...}.
    """

    format_version: int
    made_at: str
    generation: int | None
    change: int
    files: dict[str, dict[str, Any]]

    @property
    def size_bytes(self) -> int:
        return sum(facts["bytes"] for facts in self.files.values())


def make(index: IndexFolder, target: Path, *, now: datetime) -> Backup:
    """Copy an index, which may serve and be written to meanwhile, to the folder `target`.

    `target` is new, or empty, or an earlier backup, which is replaced when the new one is complete. Raises SettingError for
    another folder or where there is no room, IndexDamaged for a file that is not as it was built, IndexBusy during a build.
    """
    index.require_archive()
    target = target.resolve()
    _check_target(index, target)
    with _room_beside(target, "backup") as room:
        new, earlier = room / "new", room / "earlier"
        new.mkdir()
        with index.building():
            generation, files = _copy_generation(index, new)
            copy_database(index.archive, new / _ARCHIVE)
        change = _check_archive(
            new / _ARCHIVE, f"{index.archive}: ", "nothing was backed up; restore an earlier backup"
        )
        files |= {_ARCHIVE: _facts(new / _ARCHIVE), **_copy_rest(index, new)}
        backup = Backup(FORMAT_VERSION, format_time(now), generation, change, files)
        _write_contents(new / CONTENTS, backup)
        sync_files(new)
        if target.exists():
            target.rename(earlier)
        new.rename(target)
        sync_folder(target.parent)
    return backup


def restore(source: Path, index: IndexFolder) -> tuple[Backup, Path | None]:
    """Put an index in the place of `index` that is as `source`, a backup, says; returns what that is and where the old one is.

    The old index is moved to `<its folder>.before-restore`, in place of an earlier one, when the new one is complete and
    found whole; its converted models are kept. Services answer from the old one, and write to it, until they are restarted.
    Raises IndexDamaged naming what is not as it was backed up, IndexBusy while another process ingests or builds.
    """
    backup = read_contents(source)
    root = index.root.resolve()
    before = root.with_name(f"{root.name}.before-restore")
    is_index = _check_place(root)
    if not {root, before}.isdisjoint([source.resolve(), *source.resolve().parents]):
        raise SettingError(f"{source} is in a folder that is moved or deleted by this; copy it to another place first")
    with ExitStack() as held:
        if is_index:
            held.enter_context(index.writing())
            held.enter_context(index.building())
        room = held.enter_context(_room_beside(root, "restore"))
        new = room / "new"
        new.mkdir()
        for path, expected in backup.files.items():
            _copy_checked(source / path, new / path, expected)
        _check_archive(new / _ARCHIVE, f"{source / _ARCHIVE}: ", "use another backup")
        sync_files(new)
        if is_index:
            shutil.rmtree(before, ignore_errors=True)
            root.rename(before)
        new.rename(root)
        if is_index and (before / "models").is_dir():
            (before / "models").rename(root / "models")
        sync_folder(root.parent)
    return backup, before if is_index else None


def read_contents(source: Path) -> Backup:
    """What a backup says that it holds; raises IndexMissing where there is none, IndexDamaged where that is not as written."""
    path = source / CONTENTS
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        version = document["format_version"]
        if version != FORMAT_VERSION:
            raise IndexDamaged(
                f"{path} has format {version}, this Dateline reads {FORMAT_VERSION}; use a matching version"
            )
        digest = document.pop("sha256")
        if digest != _digest(document):
            raise ValueError("its own checksum does not hold")
        backup = Backup(**document)
        if not all(facts.keys() == {"bytes", "sha256"} for facts in backup.files.values()):
            raise ValueError("a file has no size or checksum")
    except (FileNotFoundError, NotADirectoryError):
        raise IndexMissing(f"no backup at {source}, it has no {CONTENTS}; make one: dateline backup {source}") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise IndexDamaged(f"{path} is damaged ({error}); use another backup") from error
    outside = [name for name in backup.files if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts]
    if outside:
        raise IndexDamaged(f"{path} names {outside[0]!r}, which is outside the backup; use another backup")
    needed = {_ARCHIVE} if backup.generation is None else {_ARCHIVE, _CURRENT, _manifest_of(backup.generation)}
    if missing := sorted(needed - backup.files.keys()):
        raise IndexDamaged(f"{path} does not list {missing[0]}; use another backup")
    return backup


def _check_target(index: IndexFolder, target: Path) -> None:
    if index.root.resolve() in (target, *target.parents):
        raise SettingError(f"{target} is in the index itself; name a folder outside {index.root}")
    if target.is_mount():
        raise SettingError(f"{target} is where a disk is mounted, which cannot be replaced; name a folder in it")
    if target.exists() and not target.is_dir():
        raise SettingError(f"{target} is a file; name a folder")
    if target.is_dir() and (others := {path.name for path in target.iterdir()} - _OF_BACKUPS):
        raise SettingError(
            f"{target} holds {min(others)!r}, which is of no backup; name a new folder, an empty one, or an earlier backup"
        )


def _check_place(root: Path) -> bool:
    """Whether an index is to be replaced: raises SettingError where there is something else."""
    if root.is_mount():
        raise SettingError(
            f"{root} is where a disk is mounted, which cannot be replaced; name a folder in it as --index"
        )
    if not root.exists():
        return False
    if not root.is_dir():
        raise SettingError(f"{root} is a file; name the folder of an index")
    names = {path.name for path in root.iterdir()}
    if names and not names & {_ARCHIVE, _CURRENT, _GENERATIONS, _KEYS}:
        raise SettingError(f"{root} holds {min(names)!r} and no index; name the folder of an index, or a new one")
    return bool(names)


@contextmanager
def _room_beside(target: Path, purpose: str) -> Iterator[Path]:
    """A hidden folder beside the target, empty, held by this process and removed at the end.

    What a run that was killed moved aside (`earlier`) goes back first. Raises SettingError where the disk refuses something.
    """
    room = target.with_name(f".{target.name}.{purpose}")
    try:
        with held_lock(room, f"{target} cannot be made", f"is making {target}; wait until it is done"):
            try:
                _empty(room, target)
                yield room
            finally:
                _empty(room, target)
                shutil.rmtree(room)
    except OSError as error:
        raise SettingError(
            f"{target} cannot be made: {error.strerror} ({error.filename or room}); check the room and health of the disk"
        ) from error


def _empty(room: Path, target: Path) -> None:
    if (room / "earlier").exists() and not target.exists():
        (room / "earlier").rename(target)
    for left in ("new", "earlier"):
        if (room / left).exists():
            shutil.rmtree(room / left)


def _copy_generation(index: IndexFolder, new: Path) -> tuple[int | None, dict[str, dict[str, Any]]]:
    """Copy the serving generation, each file compared with its manifest; returns its number and its files' facts."""
    number = index.current()
    if number is None:
        return None, {}
    folder, files = index.generation(number), {}
    for path, expected in read_manifest(index, number).files.items():
        target = f"{_GENERATIONS}/{number}/{path}"
        try:
            files[target] = _copy(folder / path, new / target)
        except FileNotFoundError:
            raise IndexDamaged(f"generation {number}: {path} is missing; {_REBUILD}") from None
        if files[target] != expected:
            raise IndexDamaged(
                f"generation {number}: {path} is damaged (its SHA-256 is not the manifest's); {_REBUILD}"
            )
    files[_manifest_of(number)] = _copy(folder / MANIFEST, new / _manifest_of(number))
    (new / _CURRENT).write_text(f"{number}\n", encoding="ascii")
    files[_CURRENT] = _facts(new / _CURRENT)
    return number, files


def _copy_rest(index: IndexFolder, new: Path) -> dict[str, dict[str, Any]]:
    """Copy the keys, the quarantine and what is known of feeds; a file that goes away meanwhile is not part of the backup."""
    files = {}
    inside = [path for folder in _FOLDERS for path in sorted((index.root / folder).glob("[!.]*"))]
    for path in [index.root / _KEYS, *inside]:
        name = path.relative_to(index.root).as_posix()
        if path.name == "lock" or path.suffix == ".new" or not path.is_file():
            continue
        try:
            files[name] = _copy(path, new / name)
        except FileNotFoundError:
            (new / name).unlink(missing_ok=True)
    return files


def _copy_checked(source: Path, target: Path, expected: dict[str, Any]) -> None:
    try:
        found = _copy(source, target)
    except FileNotFoundError:
        raise IndexDamaged(f"{source} is missing; use another backup") from None
    if found["bytes"] != expected["bytes"]:
        raise IndexDamaged(f"{source} has {found['bytes']} bytes, expected {expected['bytes']}; use another backup")
    if found != expected:
        raise IndexDamaged(f"{source} is damaged (its SHA-256 is not that of {CONTENTS}); use another backup")


def _check_archive(archive: Path, where: str, fix: str) -> int:
    """The last change of a copy of an archive; raises IndexDamaged when it is not whole."""
    with Archive(archive) as copy:
        if problems := copy.check():
            raise IndexDamaged(f"{where}{problems[0]}; {fix}")
        return copy.last_change()


def _copy(source: Path, target: Path) -> dict[str, Any]:
    """Copy a file and tell the size and SHA-256 of what was copied; keys are for their owner's eyes only."""
    with source.open("rb") as original:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.name == _KEYS:
            target.touch(mode=0o600)
        digest, size_bytes = hashlib.sha256(), 0
        with target.open("wb") as copy:
            while data := original.read(_READ_BYTES):
                digest.update(data)
                size_bytes += copy.write(data)
    return {"bytes": size_bytes, "sha256": digest.hexdigest()}


def _facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def _manifest_of(number: int) -> str:
    return f"{_GENERATIONS}/{number}/{MANIFEST}"


def _write_contents(path: Path, backup: Backup) -> None:
    document = asdict(backup)
    path.write_text(json.dumps(document | {"sha256": _digest(document)}, indent=1) + "\n", encoding="utf-8")


def _digest(document: dict[str, Any]) -> str:
    """SHA-256 of a list of contents, however it is set out."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
