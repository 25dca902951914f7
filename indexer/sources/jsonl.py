"""JSONL: one article a line, with the fields of the contract."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from indexer.errors import ArticleError
from indexer.sources.items import Reading, article_item
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject

MAX_LINE_BYTES = 16 << 20
"""A longer line is rejected without being held in memory."""

_SKIP_BYTES = 1 << 16
_CONSTANT = re.compile(r"\b(?:NaN|Infinity)\b")
_JSON_NAMES = {list: "array", str: "text", int: "number", float: "number", bool: "boolean", type(None): "null"}


def read_jsonl(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """Each line's article, or why it is none; places are line numbers from 1."""
    with file.open() as opened:
        yield from read_part(opened, file.name, how)


def read_part(opened: BinaryIO, name: str, how: Reading, *, before: int = 0) -> Iterator[Found | Reject]:
    """The items of lines of the file of that name, so many lines `before` them."""
    for place, record in _records(opened, name, before):
        if isinstance(record, Reject):
            yield record
        else:
            yield article_item(record, name, place, how)


def read_lines(file: SourceFile) -> Iterator[tuple[str, dict[str, Any] | Reject]]:
    """(place, the JSON object of the line, or a Reject), empty lines passed over."""
    with file.open() as opened:
        yield from _records(opened, file.name, 0)


def _records(opened: BinaryIO, name: str, before: int) -> Iterator[tuple[str, dict[str, Any] | Reject]]:
    for number, (line, size) in enumerate(_lines(opened), start=before + 1):
        place = f"line {number}"
        if line is None:
            reason = f"the line has {size:,} bytes; the limit is {MAX_LINE_BYTES:,}: split it into articles"
            yield place, Reject(name, place, reason)
        elif line.strip():
            try:
                yield place, parse_record(line)
            except ArticleError as error:
                yield place, Reject(name, place, str(error), line, ".jsonl")


def parse_record(line: bytes) -> dict[str, Any]:
    """The JSON object of a line; NaN and Infinity become null. Raises ArticleError saying what is wrong, and where."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ArticleError(
            f"byte 0x{line[error.start]:02x} at position {error.start + 1} is not UTF-8; save the file as UTF-8"
        ) from None
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        record = _with_constants(text) if _CONSTANT.search(text) else None
        if record is None:
            raise ArticleError(f"not valid JSON at column {error.pos + 1}: {error.msg}") from None
    if not isinstance(record, dict):
        raise ArticleError(f"is a JSON {_JSON_NAMES[type(record)]}; expected a JSON object with title or body")
    return record


def _with_constants(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


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
            line = file.readline(_SKIP_BYTES)
            size += len(line)
        yield None, size
