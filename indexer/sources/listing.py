"""Which files the arguments of `ingest` name."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import SourceError
from indexer.sources.detection import SAMPLE_BYTES, SourceFormat, detect_format
from indexer.sources.source_file import SourceFile

SUFFIXES = frozenset(
    [
        ".jsonl",
        ".ndjson",
        ".html",
        ".htm",
        ".xhtml",
        ".txt",
        ".csv",
        ".tsv",
        ".tab",
        ".parquet",
        ".rss",
        ".atom",
        ".warc",
    ]
)
"""What a folder is searched for, beside .json and .xml files that hold articles, compressed or not; a file named by itself may
have any name."""

_CONTENT_SUFFIXES = frozenset({".json", ".xml"})
"""Endings of many things, of which only what holds articles is read."""

_ARTICLE_FIELD = re.compile(rb'"(?:title|headline|body)"\s*:')
_JUDGMENTS = re.compile(r"(?:queries|clusters|pairs)\.jsonl|(?:floors|kinds)\.json|.*qrels\.tsv|stories\.tsv")
_NOT_NEWS = re.compile(
    r"(?:readme|license|licence|copying|changelog|requirements|robots|notice)\b.*\.txt", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file in a folder that was passed over, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class SourceListing:
    """The files to read, each once, those in folders that were passed over, and the folders that were looked through."""

    files: tuple[Path, ...]
    skipped: tuple[SkippedFile, ...]
    folders: tuple[Path, ...] = ()

    def skipped_by_reason(self) -> dict[str, list[Path]]:
        paths: dict[str, list[Path]] = {}
        for file in self.skipped:
            paths.setdefault(file.reason, []).append(file.path)
        return paths


def find_sources(arguments: Sequence[str]) -> SourceListing:
    """Files as they are, folders with all below them, and globs; in a stable order.

    A folder that cannot be listed, or what is in one that may not be entered, is among the files: its reader rejects it.
    Raises SourceError for a path that does not exist and a glob that matches nothing.
    """
    files: dict[Path, None] = {}
    skipped: list[SkippedFile] = []
    folders: list[Path] = []
    for argument in arguments:
        for path in _expand(argument):
            if _is_folder(path):
                folders += _walk(path, files, skipped)
            else:
                files[path] = None
    return SourceListing(tuple(files), tuple(skipped), tuple(folders))


def _expand(argument: str) -> list[Path]:
    path = Path(argument).expanduser()
    if argument.strip() and _is_there(path):
        return [path]
    if not argument.strip():
        raise SourceError(f"{argument!r} names no source; give a file, a folder or a glob")
    anchor = Path(path.anchor or ".")
    try:
        found = sorted(anchor.glob(str(path.relative_to(anchor) if path.is_absolute() else path)))
    except (ValueError, OSError, NotImplementedError) as error:
        raise SourceError(f"{argument} is no path or glob ({error}); give a file, a folder or a glob") from None
    found = [match for match in found if not any(part[0] == "." and part not in path.parts for part in match.parts)]
    if not found:
        raise SourceError(f"{argument} does not exist, and no file matches it; give a file, a folder or a glob")
    return found


def _walk(folder: Path, files: dict[Path, None], skipped: list[SkippedFile]) -> list[Path]:
    """Add what is in a folder and below it; returns the folders that could be listed."""
    found, closed, listed = _below(folder)
    for path in sorted(found | closed):
        if path not in closed and (reason := _skip_reason(path)):
            skipped.append(SkippedFile(path, reason))
        else:
            files[path] = None
    return listed


def _skip_reason(path: Path) -> str | None:
    """Why a file of a folder is passed over; None when it is to be read."""
    suffix = SourceFile.on_disk(path).suffix
    if _JUDGMENTS.fullmatch(path.name) and _is_file(path.with_name("articles.jsonl"), unknown=False):
        return "belongs to a judged collection and holds no articles; name the file to read it all the same"
    if suffix in _CONTENT_SUFFIXES:
        return None if _holds_articles(path) else f"is {suffix[1:].upper()} of no format that holds articles"
    if suffix == ".opml":
        return "lists feeds; give it to dateline ingest --watch"
    if suffix in SUFFIXES and not _NOT_NEWS.fullmatch(path.name):
        return None
    return f"{path.suffix or 'a name without ending'} is no article format; name the file to read it all the same"


def _holds_articles(path: Path) -> bool:
    """Whether a .json or .xml file begins like one of the formats, and, where any record is of the format, like an article.

    One that cannot be read may: its reader says why it cannot.
    """
    file = SourceFile.on_disk(path)
    try:
        with file.open() as opened:
            sample = opened.read(SAMPLE_BYTES)
    except (OSError, SourceError):
        return True
    found = detect_format(sample, file.suffix)
    if found in (SourceFormat.JSON, SourceFormat.JSONL):
        return _ARTICLE_FIELD.search(sample) is not None
    return found not in (None, SourceFormat.HTML, SourceFormat.PAGE_TEXT, SourceFormat.CSV)


def _below(folder: Path) -> tuple[set[Path], set[Path], list[Path]]:
    """The files below a folder, the folders that cannot be listed, and those that were; nothing that is hidden."""
    files: set[Path] = set()
    closed: list[OSError] = []
    listed: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=closed.append):
        listed.append(Path(root))
        folders[:] = [name for name in folders if not name.startswith(".")]
        files.update(Path(root, name) for name in names if not name.startswith("."))
    files = {path for path in files if _is_file(path, unknown=True)}
    return files, {Path(error.filename) for error in closed if not isinstance(error, FileNotFoundError)}, listed


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except PermissionError:
        return False


def _is_file(path: Path, *, unknown: bool) -> bool:
    """Whether it is there, and no folder, pipe or device; `unknown` where this process may not look at it."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except PermissionError:
        return unknown
    except OSError:
        return False


def _is_there(path: Path) -> bool:
    """Whether there is such a path, or this process may not know."""
    try:
        return path.exists()
    except PermissionError:
        return True
