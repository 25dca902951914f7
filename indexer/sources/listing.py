"""Which files the arguments of `ingest` name."""

from __future__ import annotations

import os
import re
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
    """The files to read, each once, and those in folders that were passed over."""

    files: tuple[Path, ...]
    skipped: tuple[SkippedFile, ...]

    def skipped_by_reason(self) -> dict[str, list[Path]]:
        paths: dict[str, list[Path]] = {}
        for file in self.skipped:
            paths.setdefault(file.reason, []).append(file.path)
        return paths


def find_sources(arguments: Sequence[str]) -> SourceListing:
    """Files as they are, folders with all below them, and globs; in a stable order.

    A folder that cannot be listed is among the files: whoever reads it learns why it cannot be read.
    Raises SourceError for a path that does not exist and a glob that matches nothing.
    """
    files: dict[Path, None] = {}
    skipped: list[SkippedFile] = []
    for argument in arguments:
        for path in _expand(argument):
            if path.is_dir():
                _walk(path, files, skipped)
            else:
                files[path] = None
    return SourceListing(tuple(files), tuple(skipped))


def _expand(argument: str) -> list[Path]:
    path = Path(argument).expanduser()
    if argument.strip() and path.exists():
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


def _walk(folder: Path, files: dict[Path, None], skipped: list[SkippedFile]) -> None:
    found, closed = _below(folder)
    for path in sorted(found | closed):
        if path not in closed and (reason := _skip_reason(path)):
            skipped.append(SkippedFile(path, reason))
        else:
            files[path] = None


def _skip_reason(path: Path) -> str | None:
    """Why a file of a folder is passed over; None when it is to be read."""
    suffix = SourceFile.on_disk(path).suffix
    if _JUDGMENTS.fullmatch(path.name) and path.with_name("articles.jsonl").is_file():
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


def _below(folder: Path) -> tuple[set[Path], set[Path]]:
    """The files below a folder, and the folders that cannot be listed; nothing that is hidden."""
    files: set[Path] = set()
    closed: list[OSError] = []
    for root, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files.update(Path(root, name) for name in names if not name.startswith("."))
    return {path for path in files if _is_file(path)}, {Path(error.filename) for error in closed}


def _is_file(path: Path) -> bool:
    """Whether it is no pipe, device or broken link; one that this process may not look at is a file, which its reader rejects."""
    try:
        return path.is_file()
    except OSError:
        return True
