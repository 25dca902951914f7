"""A source's bytes as its reader sees them: without their compression, and never more than asked for."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from indexer.errors import SourceError

MAX_DOCUMENT_BYTES = 64 << 20
"""A larger file that must be read as a whole (an XML or JSON document) is refused."""

COMPRESSED_SUFFIXES = frozenset({".gz", ".zst", ".bz2", ".xz"})
"""Endings that say how a file is compressed; what is before them says what it holds."""

_ZSTD_READ_BYTES = 512
"""At most 16 MB unpacked: a block of four bytes can stand for 128 KB."""


class _ZstdFile(io.RawIOBase):
    """Zstandard frames one after another, unpacked; raises EOFError when the last is cut off, which stream_reader passes over."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._plain:
            data = (self._frame.unused_data if self._frame.eof else b"") or self._file.read(_ZSTD_READ_BYTES)
            if self._frame.eof:
                self._frame, self._begun = zstandard.ZstdDecompressor().decompressobj(), False
            if not data:
                if self._begun:
                    raise EOFError("it ends in the middle")
                return 0
            self._begun = True
            self._plain = memoryview(self._frame.decompress(data))
        size = min(len(buffer), len(self._plain))
        buffer[:size] = self._plain[:size]
        self._plain = self._plain[size:]
        return size


def _xz(file: BinaryIO) -> lzma.LZMAFile:
    return lzma.LZMAFile(file)


_OPENERS: tuple[tuple[bytes, Callable[[BinaryIO], BinaryIO]], ...] = (
    (b"\x1f\x8b", lambda file: io.BufferedReader(gzip.GzipFile(fileobj=file))),
    (b"\x28\xb5\x2f\xfd", lambda file: io.BufferedReader(_ZstdFile(file))),
    (b"BZh", lambda file: io.BufferedReader(bz2.BZ2File(file))),
    (b"\xfd7zXZ\x00", lambda file: io.BufferedReader(_xz(file))),
)
_DAMAGES = (EOFError, OSError, zlib.error, zstandard.ZstdError, lzma.LZMAError)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of articles, on disk or in memory.

    `name` is what reports call it, `address` where it was fetched (None on disk): what its relative links are relative to.
    """

    name: str
    raw: Callable[[], BinaryIO]
    address: str | None = None

    @classmethod
    def on_disk(cls, path: Path) -> SourceFile:
        return cls(str(path), lambda: path.open("rb"))

    @classmethod
    def in_memory(cls, name: str, data: bytes, address: str | None = None) -> SourceFile:
        return cls(name, lambda: io.BytesIO(data), address)

    @property
    def suffix(self) -> str:
        """The ending of the name in lower case, the compression's left out: `.jsonl` of `news.JSONL.gz`."""
        path = Path(self.name.lower())
        return path.with_suffix("").suffix if path.suffix in COMPRESSED_SUFFIXES else path.suffix

    @property
    def is_compressed(self) -> bool:
        with self.raw() as file:
            start = file.read(6)
        return any(start.startswith(mark) for mark, _ in _OPENERS)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The bytes, decompressed as they are read; raises SourceError when their compression is damaged."""
        with self.raw() as file:
            start = file.read(6)
            file.seek(0)
            opener = next((opener for mark, opener in _OPENERS if start.startswith(mark)), None)
            if opener is None:
                yield file
                return
            try:
                with opener(file) as plain:
                    yield plain
            except _DAMAGES as error:
                raise SourceError(f"its compression is damaged ({error}); make the file anew") from None

    def read(self, limit: int = MAX_DOCUMENT_BYTES) -> bytes:
        """All bytes; raises SourceError when they are more than `limit`."""
        with self.open() as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise SourceError(f"has more than {limit:,} bytes, the limit for a file of this kind; split it")
        return data
