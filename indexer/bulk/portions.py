"""The articles of one portion, read and cleaned as `dateline ingest` reads and cleans them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from indexer.bulk.plan import Input, Portion
from indexer.errors import SourceError
from indexer.sources import SourceFormat
from indexer.sources.items import Reading
from indexer.sources.jsonl import read_part
from indexer.sources.parquet import read_parquet
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject

_SKIP_BYTES = 1 << 20


def read_portion(source: Input, portion: Portion, how: Reading) -> Iterator[Found | Reject]:
    """Its items in order, places as in the whole input; a damaged part of a Parquet file ends them with a Reject.

    Raises OSError, and SourceError for lines, where the file cannot be read: it could be when it was planned, so what is missing
    is no fault of the articles, and they are not to be counted as rejected.
    """
    file = SourceFile.on_disk(Path(source.path))
    if source.format is SourceFormat.JSONL:
        with file.open() as opened:
            _skip(opened, portion.offset)
            lines = cast(BinaryIO, io.BufferedReader(_Part(opened, portion.bytes)))
            yield from read_part(lines, file.name, how, before=portion.first)
        return
    try:
        yield from read_parquet(file, how, range(portion.first, portion.first + portion.count))
    except SourceError as error:
        yield Reject(file.name, "file", str(error))


class _Part(io.RawIOBase):
    """The next `size` bytes of a file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def _skip(opened: BinaryIO, size: int) -> None:
    """Pass over the first bytes; what is compressed has to be unpacked up to there."""
    if isinstance(opened, io.BufferedReader) and isinstance(opened.raw, io.FileIO):
        opened.seek(size)
        return
    while size and (data := opened.read(min(size, _SKIP_BYTES))):
        size -= len(data)
