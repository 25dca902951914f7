"""What every reader yields: a record made an article, or the reason why it is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from indexer.articles import article_from_record
from indexer.errors import ArticleError
from indexer.types import DateOrigin, Found, Reject


@dataclass(frozen=True, slots=True)
class Reading:
    """How sources are read: dates past `now` are refused; `columns` names the column of a table that holds each field."""

    now: datetime
    columns: Mapping[str, str] = field(default_factory=dict)


class Extent(StrEnum):
    """How much of an article a source carries where it is not all of it; kept in the article's `extra`."""

    SUMMARY = "summary"
    HEADLINE = "headline"


PARTIAL_LINE = ".partial.jsonl"
"""The ending of a rejected record of a source that cannot know every field (`Found.partial`)."""

WHOLE_FILE = frozenset({"file", "page", "document"})
"""Places that are all of their file: what is rejected there is the file itself."""

EXTENT = "extent"
"""The field of `extra` that says so."""


def article_item(
    record: Mapping[str, Any],
    source: str,
    place: str,
    how: Reading,
    *,
    partial: bool = False,
    published_from: DateOrigin = DateOrigin.RECORD,
) -> Found | Reject:
    """The record's article, or a Reject that says what is wrong with it. `partial` as in `Found`."""
    try:
        article, stated_id = article_from_record(record, now=how.now, published_from=published_from)
    except ArticleError as error:
        content = None if place in WHOLE_FILE else _line(record)
        return Reject(source, place, str(error), content, PARTIAL_LINE if partial else ".jsonl")
    return Found(article, source, place, partial=partial, stated_id=stated_id)


def _line(record: Mapping[str, Any]) -> bytes | None:
    """The record as a line of JSONL; None when it cannot be one."""
    try:
        return orjson.dumps(dict(record), default=str, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        return None
