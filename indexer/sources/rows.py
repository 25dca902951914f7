"""A row of a table, or somebody else's record, as an article."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any

import orjson

from indexer.articles import MAX_BODY_CHARS
from indexer.errors import ArticleError
from indexer.sources.cell_time import cell_time
from indexer.sources.cells import (
    BadCell,
    cell_authors,
    cell_body,
    cell_line,
    cell_text,
    cell_texts,
    holds_more,
    is_empty,
)
from indexer.sources.columns import Places
from indexer.sources.items import Reading, article_item
from indexer.types import Found, Reject

Record = dict[str, Any]

_TIMES = ("published_at", "updated_at", "embargoed")
_LISTS = ("authors", "tags")
_VERBATIM = ("id", "url", "image_url", "language", "pubstatus")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def row_item(row: Mapping[str, Any], fields: Places, source: str, place: str, how: Reading) -> Found | Reject:
    """The article of a row (columns to cells, in the table's order); `fields` says which columns hold which field."""
    record = chosen_cells(row, fields, how.columns)
    try:
        for name, cell in row.items():
            _check_length(name, cell)
        return article_item(row_record(record), source, place, how)
    except ArticleError as error:
        return Reject(source, place, str(error), _line(record), ".jsonl")


def chosen_cells(row: Mapping[str, Any], fields: Places, stated_fields: Container[str]) -> Record:
    """Of the columns that can hold a field the first that is not empty and suits it; all others are `extra`, by their names.

    Of the `stated_fields` the user named the column: it is taken as it is.
    """
    cells = list(row.items())
    record: Record = {}
    used: set[int] = set()
    for field, places in fields.items():
        suited = [place for place in places if not is_empty(cells[place][1])]
        if field not in stated_fields:
            suited = [place for place in suited if _suits(field, cells[place][1])]
        for place in suited[:1]:
            record[field] = cells[place][1]
            used.add(place)
    rest = {name: value for place, (name, value) in enumerate(cells) if place not in used and not _is_left_out(value)}
    stated = rest.pop("extra", {})
    return record | {"extra": {**stated, **rest} if isinstance(stated, Mapping) else {"extra": stated, **rest}}


def row_record(chosen: Record) -> Record:
    """The record of the fields' cells. Raises ArticleError for a cell that is too long and for a date that can mean two days."""
    extra = dict(chosen["extra"])
    record: Record = {}
    for field, value in chosen.items():
        if field == "extra":
            continue
        if isinstance(value, BadCell):
            raise ArticleError(f"{field} {value.reason}")
        if (isinstance(value, (list, tuple)) and field not in _LISTS and len(value) > 1) or holds_more(value):
            extra.setdefault(field, value)
        record[field] = _read(field, value)
    title = record.get("title")
    if "body" in record:
        record["body"] = cell_body(record["body"], title if isinstance(title, str) else "")
    if "authors" in record:
        record["authors"], byline = cell_authors(record["authors"])
        extra |= {"byline": byline} if byline and "byline" not in extra else {}
    _move_address(record, extra)
    _move_language(record, extra)
    return record | {"extra": extra}


def _read(field: str, value: Any) -> Any:
    if field in _TIMES:
        return cell_time(value, field)
    if field == "tags":
        return cell_texts(value)
    if field in ("authors", "body"):
        return value
    return cell_text(value) if field in _VERBATIM else cell_line(value)


def _suits(field: str, value: Any) -> bool:
    """Whether a cell can be what its column's name promises."""
    if isinstance(value, bool):
        return False
    return field not in ("title", "body", *_TIMES) or not isinstance(value, (Mapping, list, tuple))


def _is_left_out(value: Any) -> bool:
    return isinstance(value, BadCell) or is_empty(value)


def _check_length(name: str, value: Any) -> None:
    if isinstance(value, str) and len(value) > MAX_BODY_CHARS:
        raise ArticleError(f"{name!r} has {len(value):,} characters; the limit is {MAX_BODY_CHARS:,}")


def _move_address(record: Record, extra: dict[str, Any]) -> None:
    """An address in the place of an id is the article's, or is kept where the article has one."""
    stated = record.get("id")
    if isinstance(stated, str) and _ADDRESS.match(stated.strip()):
        del record["id"]
        if record.get("url"):
            extra.setdefault("id", stated)
        else:
            record["url"] = stated


def _move_language(record: Record, extra: dict[str, Any]) -> None:
    """`English` is no tag of a language; it is kept beside what the text is found to be in."""
    stated = record.get("language")
    if stated is not None and not (isinstance(stated, str) and _LANGUAGE.fullmatch(stated.strip())):
        extra.setdefault("language_name", record.pop("language"))


def _line(record: Record) -> bytes | None:
    """The record as a line of JSONL, to be mended; None when it cannot be one."""
    try:
        return orjson.dumps(record, default=str, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        return None
