"""Many writes in one request: lines in, a result for each out, with no more of them in memory than are being stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from indexer.archive import Archive
from indexer.articles import article_from_record
from indexer.errors import ArticleError, DatelineError
from indexer.urls import url_key
from indexer.writing import LARGEST_VERSION, Delete, Expected, Put, Write, Written

MOST_LINES = 64
MOST_BYTES = 4_000_000
"""Lines, and bytes of them, that are stored together: what is held of a request at a time."""

LONGEST_LINE = 20_000_000
"""Bytes; no article has more."""

TOO_LONG = f"the line is longer than {LONGEST_LINE:,} bytes; no article is"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a request, or why it was not read."""

    number: int
    content: bytes
    not_read: str = ""


async def line_batches(chunks: AsyncIterator[bytes], most: int) -> AsyncIterator[list[Line]]:
    """The lines of a request as they come, empty ones left out, in batches. Nothing more is read while one is stored.

    The first line past the `most` that are read is the last that is yielded.
    """
    rest = bytearray()
    batch: list[Line] = []
    number, held, skipping = 0, 0, False
    async for chunk in chunks:
        *lines, last = chunk.split(b"\n")
        for line in lines:
            number += 1
            content = bytes(rest) + line
            rest.clear()
            if number > most:
                yield [*batch, _past(most)]
                return
            if skipping or len(content) > LONGEST_LINE:
                batch.append(Line(number, b"", TOO_LONG))
            elif content.strip():
                batch.append(Line(number, content))
                held += len(content)
            skipping = False
            if len(batch) >= MOST_LINES or held >= MOST_BYTES:
                yield batch
                batch, held = [], 0
        if not skipping:
            rest += last
        if len(rest) > LONGEST_LINE:
            skipping = True
            rest.clear()
    if number >= most and (skipping or rest.strip()):
        batch.append(_past(most))
    elif skipping or rest.strip():
        batch.append(Line(number + 1, bytes(rest), TOO_LONG if skipping else ""))
    if batch:
        yield batch


def _past(most: int) -> Line:
    told = f"a request may have {most:,} lines; this one and those after it were not read: send them in another request"
    return Line(most + 1, b"", told)


def read_write(line: Line, archive: Archive, now: datetime, holders: dict[str, str]) -> Write:
    """The write that a line asks for; raises ArticleError naming what is wrong with it.

    `holders` are the ids of the addresses in the lines before it, which are not stored yet.
    """
    if line.not_read:
        raise ArticleError(line.not_read)
    try:
        record = orjson.loads(line.content)
    except orjson.JSONDecodeError as error:
        raise ArticleError(f"the line is no JSON ({error}); send one object a line") from None
    if not isinstance(record, dict):
        raise ArticleError("the line is no JSON object; send one article a line")
    expected = Expected(version=_version(record.pop("version", None)))
    if record.pop("deleted", False) is True:
        article_id = record.get("id")
        if not isinstance(article_id, str) or not article_id:
            raise ArticleError("a line with deleted needs the id of the article")
        return Delete(article_id, expected)
    article, stated = article_from_record(record, now=now)
    if not stated and article.url and archive.known(article.id) is None:
        holder = holders.get(url_key(article.url)) or archive.id_of_url(article.url)
        article, _ = article_from_record(record | {"id": holder or article.id}, now=now)
    if article.url:
        holders.setdefault(url_key(article.url), article.id)
    return Put(article, expected)


def written_lines(
    batch: Sequence[Line],
    archive: Archive,
    write: Callable[[Sequence[Write], datetime], Sequence[Written | DatelineError]],
    now: datetime,
) -> Iterator[tuple[Line, str | None, Written | DatelineError]]:
    """Each line, the id that it names, and what became of it: `write` stores those that ask for something."""
    asked: list[tuple[Line, Write | DatelineError]] = []
    holders: dict[str, str] = {}
    for line in batch:
        try:
            asked.append((line, read_write(line, archive, now, holders)))
        except ArticleError as error:
            asked.append((line, error))
    outcomes = iter(write([one for _, one in asked if not isinstance(one, DatelineError)], now))
    for line, one in asked:
        if isinstance(one, DatelineError):
            yield line, None, one
        else:
            yield line, one.article_id, next(outcomes)


def _version(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_VERSION):
        return value
    raise ArticleError(f"version is {str(value)[:40]}; expected a whole number from 0 to {LARGEST_VERSION}")
