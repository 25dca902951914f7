"""A JSON document that holds records: an array of them, one alone, or an object with one array of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson

from indexer.errors import ArticleError, SourceError
from indexer.sources.columns import record_places
from indexer.sources.items import Reading
from indexer.sources.jsonl import MAX_LINE_BYTES, parse_record, read_jsonl
from indexer.sources.rows import row_item
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject

_HOLDERS = ("articles", "items", "results", "data", "docs", "records", "posts", "stories", "documents")
"""Names under which exports keep their list of records."""

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BEYOND_JSON = re.compile(rb"\b(?:NaN|Infinity)\b|\\u[dD][89a-fA-F]")
"""What the strict parser refuses a whole document for: no numbers, and halves of surrogate pairs."""


def read_json_array(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """Each record's article; places are numbers of records from 1. Field names are matched as names of columns are.

    A file whose first line is a whole object, and more follow, is read as JSONL. Raises SourceError for a broken document and
    for one without records.
    """
    if _has_records_by_line(file):
        yield from read_jsonl(file, how)
        return
    for number, record in enumerate(_records(_document(file), how), start=1):
        place = f"record {number}"
        if not isinstance(record, dict):
            yield Reject(file.name, place, "is not a JSON object; expected an object with title or body")
        elif not _is_unicode(record):
            yield Reject(file.name, place, "holds half a character (a lone surrogate such as \\ud800); write it anew")
        else:
            yield row_item(record, record_places(list(record), how.columns), file.name, place, how)


def _has_records_by_line(file: SourceFile) -> bool:
    """Whether the first line is an object by itself and another line follows."""
    with file.open() as opened:
        first = opened.readline(MAX_LINE_BYTES)
        while first and not first.strip(b"\xef\xbb\xbf \t\r\n"):
            first = opened.readline(MAX_LINE_BYTES)
        with suppress(ArticleError):
            parse_record(first.removeprefix(b"\xef\xbb\xbf"))
            return any(piece.strip() for piece in iter(lambda: opened.read(1 << 16), b""))
    return False


def _document(file: SourceFile) -> Any:
    data = file.read().removeprefix(b"\xef\xbb\xbf")
    if data.startswith(_UTF16_MARKS):
        try:
            data = data.decode("utf-16").encode()
        except UnicodeError:
            raise SourceError("is no whole UTF-16 text; save it as UTF-8") from None
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if _BEYOND_JSON.search(data):
            with suppress(ValueError, RecursionError):
                return json.loads(data, parse_constant=lambda _: None)
        raise SourceError(f"is not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None


def _records(document: Any, how: Reading) -> list[Any]:
    """The array; of an object the first list of records, unless the object is an article itself: has a body, or no such list."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        raise SourceError("is a JSON document without records; expected an array of objects with title or body")
    held = [document[name] for name in _HOLDERS if isinstance(document.get(name), list)]
    of_records = [items for items in held if any(_states(item, how, "title", "body") for item in items)]
    if _states(document, how, "body") or (_states(document, how, "title") and not of_records):
        return [document]
    found: list[list[Any]] = of_records or held or [[document]]
    return found[0]


def _states(record: Any, how: Reading, *fields: str) -> bool:
    """Whether a record has text for one of the fields."""
    if not isinstance(record, dict):
        return False
    places = record_places(list(record), how.columns)
    values = list(record.values())
    return any(isinstance(values[place], str) for field in fields for place in places.get(field, ()))


def _is_unicode(record: Any) -> bool:
    try:
        orjson.dumps(record)
    except orjson.JSONEncodeError:  # for a lone surrogate, but also for a large number
        try:
            json.dumps(record, ensure_ascii=False).encode()
        except UnicodeError:
            return False
        except RecursionError:
            return True
    return True
