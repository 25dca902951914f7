"""Articles into Milvus, in an order that leaves nothing wrong behind when it breaks off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from indexer.engines.documents import Document
from indexer.engines.milvus.connection import Connection
from indexer.engines.milvus.expressions import OneOf, written
from indexer.engines.milvus.reading import Collections
from indexer.engines.milvus.rows import Row, article_row, chunk_id, chunk_rows, chunks_of

BATCH_BYTES = 8 * 2**20
"""Of rows in one message: servers take 64 MB, and some of the queues behind them 5 MB of one article."""

BATCH_ROWS = 2_000

_AT_ONCE = 500
"""Articles that one question for chunks names."""


def upsert(connection: Connection, names: Collections, documents: Sequence[Document], *, new: bool) -> None:
    """See `MilvusStore.upsert`."""
    latest = list({document.facts.seq: document for document in documents}.values())
    if not latest:
        return
    for rows in batches(row for document in latest for row in chunk_rows(document)):
        connection.write("upsert", collection_name=names.chunks, data=rows)
    for rows in batches(article_row(document, names.dimension) for document in latest):
        connection.write("upsert", collection_name=names.articles, data=rows)
    if not new:
        _delete(connection, names.chunks, _left_over(connection, names, latest))


def delete(connection: Connection, names: Collections, seqs: Sequence[int]) -> None:
    """See `MilvusStore.delete`. The articles go first: without them nothing leads to their chunks but a search, which passes over
    a chunk whose article is not there."""
    _delete(connection, names.articles, seqs)
    _delete(connection, names.chunks, _chunks(connection, names, seqs))


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in lists that a message has room for; a row that is larger by itself stands alone."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        more = _size_bytes(row)
        if batch and (size + more > BATCH_BYTES or len(batch) >= BATCH_ROWS):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += more
    if batch:
        yield batch


def _left_over(connection: Connection, names: Collections, documents: Sequence[Document]) -> list[int]:
    """The ids of chunks of these articles that their new versions do not have."""
    kept = {chunk_id(document.facts.seq, ordinal) for document in documents for ordinal in range(chunks_of(document))}
    return [
        one for one in _chunks(connection, names, [document.facts.seq for document in documents]) if one not in kept
    ]


def _chunks(connection: Connection, names: Collections, seqs: Sequence[int]) -> list[int]:
    """The ids of all chunks of these articles, of any version, those written a moment ago among them."""
    found: list[int] = []
    for start in range(0, len(seqs), _AT_ONCE):
        rows = connection.read_to_write(
            "query",
            collection_name=names.chunks,
            filter=written(OneOf("seq", tuple(seqs[start : start + _AT_ONCE]))),
            output_fields=["id"],
            consistency_level="Strong",
        )
        found += [int(row["id"]) for row in rows]
    return found


def _delete(connection: Connection, collection: str, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), BATCH_ROWS):
        some = [int(one) for one in ids[start : start + BATCH_ROWS]]
        connection.write("delete", collection_name=collection, ids=some)


def _size_bytes(row: Row) -> int:
    """About how large a row is in a message."""
    return sum(_value_bytes(value) for value in row.values())


def _value_bytes(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, list):
        return sum(_value_bytes(one) for one in value) + 8
    return int(getattr(value, "nbytes", 8))
