"""Keys for reading, writing and widgets: `keys.json` in the index holds the SHA-256 of each, never the key itself.

A running service looks at the file each time a key is asked about, and reads it again when it was replaced: a key that
was revoked stops counting at once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from indexer.articles import format_time
from indexer.errors import IndexDamaged, SettingError
from indexer.layout import IndexFolder, held_lock, replace_text

PREFIX = "dl_"
FORMAT_VERSION = 1
MAX_NAME = 100

_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_OWN_PORTS = {"http": "80", "https": "443"}

_Stamp: TypeAlias = tuple[int, int, int]
"""Of a file: time of change in ns, size in bytes, inode; the same ones mean the same content."""


class Scope(StrEnum):
    """What a key may do: read related articles for a site's pages; read all; write articles, too; or everything."""

    WIDGET = "widget"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, needed: Scope) -> bool:
        return self in (needed, Scope.ADMIN) or (self, needed) == (Scope.WRITE, Scope.READ)


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key. A widget key is for pages of its `origins` only."""

    name: str
    scope: Scope
    created_at: str
    sha256: str
    origins: tuple[str, ...] = ()


class Keys:
    """The keys of one index. May be shared between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[_Stamp, tuple[Key, ...]] | None = None

    @classmethod
    def of(cls, index: IndexFolder) -> Keys:
        return cls(index.root / "keys.json")

    def all(self) -> tuple[Key, ...]:
        """Every key, in order of making; raises IndexDamaged when the file cannot be read, so that nobody gets in by that."""
        try:
            stamp = _stamp(self.path)
            read = self._read
            if read is None or read[0] != stamp:
                read = self._read = stamp, _parsed(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, KeyError, AttributeError, SettingError) as error:
            raise IndexDamaged(
                f"{self.path} cannot be read ({error}); mend it or restore it from a backup, or delete it and make new keys"
            ) from error
        return read[1]

    def holder(self, key: str) -> Key | None:
        """What is known of this key; None for one that is not among them. Takes the same time for any of one length."""
        digest, found = _sha256(key), None
        for entry in self.all():
            if hmac.compare_digest(entry.sha256, digest):
                found = entry
        return found

    def add(self, name: str, scope: Scope, *, now: datetime, origins: Sequence[str] = ()) -> str:
        """Make a key and return it, which only this call can.

        Raises SettingError for a name that is taken or cannot be one, and for what is no origin.
        """
        if bool(origins) != (scope is Scope.WIDGET):
            raise SettingError(
                f"a {scope} key has no origins; give --origin with --scope widget only"
                if origins
                else "a widget key is for the pages of a site; say which: --origin https://news.example"
            )
        bound = tuple(dict.fromkeys(plain_origin(origin) for origin in origins))
        if not 0 < len(name) <= MAX_NAME or name != name.strip() or not name.isprintable():
            raise SettingError(f"{name!r} cannot name a key; give 1 to {MAX_NAME} characters, such as: cms")
        with self._changing():
            present = self.all()
            if any(entry.name == name for entry in present):
                raise SettingError(
                    f"there is a key named {name!r} already; give another name, or revoke that one first"
                )
            key = PREFIX + secrets.token_urlsafe(32)
            self._write((*present, Key(name, scope, format_time(now), _sha256(key), bound)))
        return key

    def revoke(self, name: str) -> None:
        """Forget a key; raises SettingError when none has the name."""
        with self._changing():
            present = self.all()
            left = tuple(entry for entry in present if entry.name != name)
            if left == present:
                raise SettingError(f"no key is named {name!r}; dateline keys lists them")
            self._write(left)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        folder = self.path.parent
        with held_lock(
            folder, f"no keys can be kept in {folder}", f"is changing {self.path}; try again", name="keys.lock"
        ):
            yield

    def _write(self, keys: tuple[Key, ...]) -> None:
        document = {"format_version": FORMAT_VERSION, "keys": [_record(key) for key in keys]}
        replace_text(self.path, json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        self.path.chmod(0o600)


def _parsed(text: str) -> tuple[Key, ...]:
    document = json.loads(text)
    if document["format_version"] != FORMAT_VERSION:
        raise ValueError(f"it has format {document['format_version']}, this Dateline reads {FORMAT_VERSION}")
    keys = tuple(
        Key(**{**entry, "scope": Scope(entry["scope"]), "origins": tuple(map(plain_origin, entry.get("origins", ())))})
        for entry in document["keys"]
    )
    if not all(isinstance(value, str) for key in keys for value in (key.name, key.created_at)):
        raise ValueError("a name or a time is no text")
    if not all(re.fullmatch("[0-9a-f]{64}", key.sha256) for key in keys):
        raise ValueError("a checksum is not 64 hex digits")
    return keys


def _record(key: Key) -> dict[str, Any]:
    """As the file has it: only a widget key has origins."""
    return {name: value for name, value in asdict(key).items() if name != "origins" or value}


def plain_origin(text: str) -> str:
    """An origin as browsers send it: scheme, host, and the port unless it is the scheme's own."""
    match = _ORIGIN.fullmatch(text.strip().lower().removesuffix("/"))
    if match is None:
        raise SettingError(f"{text!r} is no origin; expected scheme and host, such as https://news.example")
    scheme, host, port = match.groups()
    return f"{scheme}://{host}" + ("" if port in (None, _OWN_PORTS[scheme]) else f":{port}")


def _stamp(path: Path) -> _Stamp:
    facts = path.stat()
    return facts.st_ctime_ns, facts.st_size, facts.st_ino


def _sha256(key: str) -> str:
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
