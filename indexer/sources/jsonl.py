"""JSONL: one article a line, with the fields of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import orjson

from indexer.articles import article_from_record
from indexer.errors import ArticleError
from indexer.types import Found, Reject

MAX_LINE_BYTES = 16 << 20
"""A longer line is rejected without being held in memory."""


def read_jsonl(path: Path, *, now: datetime) -> Iterator[Found | Reject]:
    """Each line's article, or why it is none; places are line numbers from 1."""
    with path.open("rb") as file:
        for number, (line, size) in enumerate(_lines(file), start=1):
            place = f"line {number}"
            if line is None:
                reason = f"the line has {size:,} bytes; the limit is {MAX_LINE_BYTES:,}: split it into articles"
                yield Reject(str(path), place, reason)
            elif line.strip():
                yield _item(line, str(path), place, now)


def _item(line: bytes, source: str, place: str, now: datetime) -> Found | Reject:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Reject(source, place, f"not valid JSON: {error}")
    if not isinstance(record, dict):
        return Reject(source, place, f"holds {type(record).__name__}, expected a JSON object with title or body")
    try:
        article, stated_id = article_from_record(record, now=now)
    except ArticleError as error:
        return Reject(source, place, str(error))
    return Found(article, source, place, stated_id=stated_id)


def _lines(file: BinaryIO) -> Iterator[tuple[bytes | None, int]]:
    """(line, its size in bytes); the line is None when it is too long to keep. A byte order mark is dropped."""
    first = True
    while line := file.readline(MAX_LINE_BYTES + 1):
        if first:
            line, first = line.removeprefix(b"\xef\xbb\xbf"), False
        size = len(line)
        if size <= MAX_LINE_BYTES:
            yield line, size
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES)
            size += len(line)
        yield None, size
