"""Whether a generation's files are those that were built: by SHA-256, and by what the file system says since that was last found.

Reading gigabytes before the first answer takes longer than a service may take to start. So the size, time of change and inode
of each file are kept once its checksum was found right; while they are the same, the files are opened at once, and read again
after that (`search_api/opening.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from indexer.layout import replace_text

Stamp: TypeAlias = tuple[tuple[str, int, int, int], ...]
"""Name, size, time of change in ns and inode of each file of a folder, in order of name."""

_CHECKED = ".checked-"


def stamp_of(folder: Path) -> Stamp:
    """What the file system says of the files of a generation, which never change while it is whole."""
    found = []
    for path in (folder / name for name in files_of(folder)):
        with suppress(FileNotFoundError):
            facts = path.stat()
            found.append((str(path.relative_to(folder)), facts.st_size, facts.st_mtime_ns, facts.st_ino))
    return tuple(found)


def files_of(folder: Path) -> list[str]:
    """Every file below a folder but for locks, in order of name."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"
    )


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wrong_files(folder: Path, expected: Mapping[str, Mapping[str, Any]], also: str) -> list[str]:
    """What is wrong with the files of a folder, beside the file `also`: by size and SHA-256."""
    found = []
    for name, facts in expected.items():
        wrong = wrong_size(folder / name, facts["bytes"])
        if wrong:
            found.append(wrong)
        elif sha256_of(folder / name) != facts["sha256"]:
            found.append(f"{name} is damaged (its SHA-256 is not the manifest's)")
    unknown = set(files_of(folder)) - expected.keys() - {also}
    return [*found, *(f"{name} is not in the manifest" for name in sorted(unknown))]


def wrong_size(path: Path, expected: int) -> str | None:
    if not path.is_file():
        return f"{path.parent.name}/{path.name} is missing"
    size = path.stat().st_size
    return f"{path.parent.name}/{path.name} has {size} bytes, expected {expected}" if size != expected else None


def remember_checked(folder: Path, stamp: Stamp) -> None:
    """Keep that every checksum held while the files had this stamp; where nothing can be written, the next process reads all."""
    with suppress(OSError):
        replace_text(record_of(folder), json.dumps(stamp))


def was_checked(folder: Path, stamp: Stamp) -> bool:
    """Whether every checksum held when the files had this stamp."""
    try:
        return tuple(map(tuple, json.loads(record_of(folder).read_text(encoding="utf-8")))) == stamp
    except (OSError, ValueError, TypeError):
        return False


def forget_checked(folder: Path) -> None:
    """Let every process read all of the files again."""
    with suppress(OSError):
        record_of(folder).unlink(missing_ok=True)


def record_of(folder: Path) -> Path:
    return folder.with_name(f"{_CHECKED}{folder.name}")
