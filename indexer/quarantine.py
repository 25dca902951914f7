"""What was rejected, kept beside the index so that it can be mended and tried again.

Each entry is two files that a person can read: `<id>.json` says what was rejected, where and why, and `<id>.jsonl` or
`<id>.html` holds the item itself. Where a whole file was rejected, the entry only names it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from indexer.articles import format_time
from indexer.layout import sync_folder
from indexer.sources import SourceFormat, read_source
from indexer.sources.items import PARTIAL_LINE, Reading
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject

MOST_ENTRIES = 10_000
MOST_BYTES = 256 << 20
MOST_BYTES_EACH = 16 << 20

_ENDING = re.compile(r"(?:\.partial)?\.(?!json$)[a-z0-9]{1,8}")
_FORMATS = {".jsonl": SourceFormat.JSONL, ".html": SourceFormat.HTML}
_GONE = "; the file is not there any more"
_FOLDER_OPEN = "it is a folder that can be read by now; ingest it again"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QuarantineEntry:
    """One rejected item: `content` is the file that holds it, None where the source file itself was rejected.

    `content_hash` is the SHA-256 (hex) of the content as it was put: of another one, somebody has changed the file.
    """

    entry_id: str
    source: str
    place: str
    reason: str
    rejected_at: str
    content: Path | None
    content_hash: str


class Quarantine:
    """A folder of rejected items, at most MOST_ENTRIES of them and MOST_BYTES of content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, rejects: Sequence[Reject], *, at: datetime) -> int:
        """Keep the rejects, in place of earlier entries of the same source and place; returns how many had no room.

        Content that an earlier entry has stays where the reject brings none, or where somebody has changed it and the source
        still says what it said.
        """
        if not rejects:
            return 0
        self.folder.mkdir(parents=True, exist_ok=True)
        held = self._sizes()
        free, left = MOST_BYTES - held.total(), 0
        for reject in rejects:
            name, size = entry_id(reject.source, reject.place), len(reject.content or b"")
            full = name not in held and len(held) >= MOST_ENTRIES
            if full or size > min(free + held[name], MOST_BYTES_EACH):
                left += 1
                continue
            self._write(name, reject, at)
            free += held[name] - size
            held[name] = size
        sync_folder(self.folder)
        return left

    def _sizes(self) -> Counter[str]:
        """Bytes of content, by entry."""
        sizes: Counter[str] = Counter()
        for path in self.folder.iterdir():
            if not path.name.startswith("."):
                sizes[path.name.partition(".")[0]] += 0 if path.suffix == ".json" else path.stat().st_size
        return sizes

    def _write(self, name: str, reject: Reject, at: datetime) -> None:
        path = self.folder / f"{name}.json"
        earlier = self._entry(path) if path.exists() else None
        old = earlier.content if earlier else None
        content, digest = old, earlier.content_hash if earlier else ""
        if reject.content is not None:
            content = self.folder / f"{name}{reject.ending if _ENDING.fullmatch(reject.ending) else '.txt'}"
            digest = hashlib.sha256(reject.content).hexdigest()
            if old and old != content:
                old.unlink()
            if not (earlier and old == content and digest == earlier.content_hash and _was_changed(earlier)):
                _replace(content, reject.content)
        facts = {
            "source": reject.source,
            "place": reject.place,
            "reason": reject.reason,
            "rejected_at": format_time(at),
            "content": content.name if content else None,
            "content_hash": digest,
        }
        text = json.dumps(facts, ensure_ascii=False, indent=2) + "\n"
        _replace(path, text.encode("utf-8", errors="backslashreplace"))  # half a character becomes its JSON escape

    def entries(self) -> list[QuarantineEntry]:
        """Every entry, by source and place; a file that is none is passed over with a warning in the log."""
        found = [entry for path in self.folder.glob("*.json") if (entry := self._entry(path))]
        return sorted(found, key=lambda entry: (entry.source, _in_order(entry.place)))

    def _entry(self, path: Path) -> QuarantineEntry | None:
        try:
            facts: dict[str, Any] = json.loads(path.read_bytes())
            source, place, reason, at = (str(facts[name]) for name in ("source", "place", "reason", "rejected_at"))
            content, digest = facts["content"], str(facts["content_hash"])
            if path.stem != entry_id(source, place):
                raise ValueError("its name does not follow from its source and place")
            if content is not None and not re.fullmatch(path.stem + _ENDING.pattern, content):
                raise ValueError(f"its content cannot be the file {content!r}")
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            logger.warning("%s is no entry of the quarantine (%s); mend or remove it", path, error)
            return None
        held = self.folder / content if content else None
        return QuarantineEntry(path.stem, source, place, reason, at, held if held and held.is_file() else None, digest)

    def remove(self, entry_ids: Iterable[str]) -> None:
        """Forget these entries."""
        named = frozenset(entry_ids)
        if not named:
            return
        for path in sorted(self.folder.iterdir(), key=lambda path: path.suffix != ".json"):
            if path.name.partition(".")[0] in named:
                path.unlink(missing_ok=True)

    def forget_sources(self, sources: Collection[str], *, but: Iterable[Reject] = ()) -> None:
        """Forget what was rejected in sources that are read again as a whole, `but` the items that are rejected again."""
        again = {entry_id(reject.source, reject.place) for reject in but if reject.content is not None}
        named = frozenset(sources)
        self.remove(e.entry_id for e in self.entries() if e.source in named and e.entry_id not in again)


def entry_id(source: str, place: str) -> str:
    """The id of what is rejected there: 16 hex digits of SHA-256."""
    return hashlib.sha256(f"{source}\0{place}".encode(errors="surrogatepass")).hexdigest()[:16]


def read_again(entries: Sequence[QuarantineEntry], how: Reading) -> Iterator[Found | Reject]:
    """The entries' items under the names of their first sources: an article, or the reject with its reason of now.

    A source file that was rejected as a whole is read from where it was; what the quarantine holds of it is read only here.
    """
    by_source: dict[str, list[QuarantineEntry]] = {}
    for entry in entries:
        by_source.setdefault(entry.source, []).append(entry)
    for source, of_source in by_source.items():
        places = {entry.place for entry in of_source if entry.content}
        if whole := [entry for entry in of_source if entry.content is None]:
            for item in _source(source, whole, how):
                if isinstance(item, Found) or item.place not in places:
                    yield item
        for entry in of_source:
            if entry.content:
                yield from _content(entry, entry.content, how)


def _source(source: str, entries: Sequence[QuarantineEntry], how: Reading) -> Iterator[Found | Reject]:
    path = Path(source)
    if _is_open_folder(path):
        for entry in entries:
            yield Reject(source, entry.place, _FOLDER_OPEN)
        return
    if _is_there(path):
        yield from read_source(SourceFile.on_disk(path), how)
        return
    for entry in entries:
        yield Reject(source, entry.place, f"{entry.reason.removesuffix(_GONE)}{_GONE}")


def _content(entry: QuarantineEntry, content: Path, how: Reading) -> Iterator[Found | Reject]:
    """The items of a file of the quarantine: one, or several where somebody has split it."""
    file = SourceFile(entry.source, lambda: content.open("rb"))
    for number, item in enumerate(read_source(file, how, _FORMATS.get(content.suffix))):
        place = f"{entry.place}, {item.place}" if number else entry.place
        if isinstance(item, Found):
            yield replace(item, place=place, partial=item.partial or content.name.endswith(PARTIAL_LINE))
        elif item.content is None:
            yield replace(item, place=place, content=_bytes(content), ending=content.name.removeprefix(entry.entry_id))
        else:
            yield replace(item, place=place, ending=content.name.removeprefix(entry.entry_id))


def _is_there(path: Path) -> bool:
    """Whether it can be read from where it was, or there is another reason why it cannot."""
    try:
        return path.exists()
    except PermissionError:
        return True
    except OSError:  # a name that no file can have
        return False


def _is_open_folder(path: Path) -> bool:
    try:
        return path.is_dir() and os.access(path, os.R_OK | os.X_OK)
    except OSError:
        return False


def _bytes(path: Path) -> bytes | None:
    """What the file holds, up to more than is kept; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES_EACH + 1)
    except OSError:
        return None


def _was_changed(entry: QuarantineEntry) -> bool:
    data = _bytes(entry.content) if entry.content else None
    return data is not None and hashlib.sha256(data).hexdigest() != entry.content_hash


def _replace(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    beside.write_bytes(data)
    beside.replace(path)


def _in_order(place: str) -> str:
    """A key that sorts `line 9` before `line 10`."""
    return re.sub(r"\d+", lambda number: number[0].zfill(12), place)
