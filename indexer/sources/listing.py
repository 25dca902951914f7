"""Which files the arguments of `ingest` name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import SourceError

SUFFIXES = frozenset({".jsonl", ".ndjson", ".html", ".htm", ".xhtml", ".txt"})
"""What a folder is searched for; a file named by itself may have any name."""

_JUDGMENTS = (
    "queries.jsonl",
    "clusters.jsonl",
    "pairs.jsonl",
    "floors.jsonl",
    "qrels.tsv",
    "related_qrels.tsv",
    "stories.tsv",
)


@dataclass(frozen=True, slots=True)
class SkippedFile:
    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class SourceListing:
    """The files to read, each once, and those in folders that were passed over."""

    files: tuple[Path, ...]
    skipped: tuple[SkippedFile, ...]


def find_sources(arguments: Sequence[str]) -> SourceListing:
    """Files as they are, folders with all below them, and globs; in a stable order.

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
    if path.exists():
        return [path]
    anchor = Path(path.anchor or ".")
    found = sorted(anchor.glob(str(path.relative_to(anchor) if path.is_absolute() else path)))
    if not found:
        raise SourceError(f"{argument} does not exist, and no file matches it; give a file, a folder or a glob")
    return found


def _walk(folder: Path, files: dict[Path, None], skipped: list[SkippedFile]) -> None:
    for path in _files_below(folder):
        if path.name in _JUDGMENTS and (path.with_name("articles.jsonl")).is_file():
            skipped.append(SkippedFile(path, "holds judgments, not articles"))
        elif path.suffix.lower() in SUFFIXES:
            files[path] = None
        else:
            skipped.append(
                SkippedFile(
                    path, f"{path.suffix or 'a name without ending'} is no article format; name the file to force it"
                )
            )


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path
