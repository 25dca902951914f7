"""Parquet: one article a row, the columns as in CSV, or those of a shard with embeddings (`embedded_shard`)."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from indexer.articles import MAX_BODY_CHARS
from indexer.errors import SourceError
from indexer.sources.cells import BadCell
from indexer.sources.columns import distinct_names, table_places
from indexer.sources.embedded_shard import EMBEDDINGS, embedded_item, shard_facts
from indexer.sources.items import Reading
from indexer.sources.rows import row_item
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

MAX_ROW_GROUP_BYTES = 1 << 30
"""A row group that unpacks to more is refused."""

_MAX_ROW_GROUP_VALUES = 100_000_000
_BATCH_BYTES = 32 << 20
_MAX_BATCH_ROWS = 256
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_CELL_BYTES = 4 * MAX_BODY_CHARS
"""As many as MAX_BODY_CHARS characters can have."""

_MAX_EMBEDDINGS_BYTES = 64 << 20
_MAX_EMBEDDINGS = 100_000
"""Of one article; a body of MAX_BODY_CHARS tokens has a fifth as many passages of 100 tokens."""

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def read_parquet(file: SourceFile, how: Reading, rows: range | None = None) -> Iterator[Found | Reject]:
    """Each row's article; places are row numbers from 1. A compressed file is unpacked in memory first.

    With `rows` (counted from 0) only those are read.

    Raises SourceError for what is no whole Parquet file, for a table without a column that can be a title or a body, and for a
    row group that unpacks to more than MAX_ROW_GROUP_BYTES; the row groups before it are read.
    """
    with _opened(file) as table:
        names = distinct_names(table.schema_arrow.names)
        wanted = range(table.metadata.num_rows) if rows is None else rows
        facts = shard_facts(table.schema_arrow.metadata or {}, names)
        if facts:
            for number, cells in _rows(table, wanted, as_bytes={names.index(EMBEDDINGS)}):
                yield embedded_item(dict(zip(names, cells, strict=True)), facts, file.name, f"row {number + 1}", how)
            return
        fields = table_places(names, how.columns)
        for number, cells in _rows(table, wanted):
            yield row_item(dict(zip(names, cells, strict=True)), fields, file.name, f"row {number + 1}", how)


def count_rows(file: SourceFile) -> int:
    """How many rows there are; raises SourceError for what is no whole Parquet file."""
    with _opened(file) as table:
        rows: int = table.metadata.num_rows
        return rows


@contextmanager
def _opened(file: SourceFile) -> Iterator[ParquetFile]:
    """The table; raises SourceError for whatever is found to be wrong with it inside."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    with file.open() as opened:
        seekable = io.BytesIO(file.read()) if file.is_compressed else opened
        try:
            layout = ParquetFile(seekable)
            yield ParquetFile(seekable, metadata=layout.metadata, read_dictionary=_text_columns(layout))
        except (ArrowException, OSError, ValueError, KeyError, OverflowError, RecursionError, MemoryError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise SourceError(f"is no whole Parquet file ({reason}); write it anew") from None


def _text_columns(layout: ParquetFile) -> list[str]:
    """Columns of text, to be read as dictionaries: one long value repeated in each row is then held once."""
    columns = [layout.schema.column(place) for place in range(len(layout.schema))]
    return [
        column.path
        for column in columns
        if column.physical_type == "BYTE_ARRAY" and column.logical_type.type in ("STRING", "NONE")
    ]


def _rows(table: ParquetFile, wanted: range, as_bytes: Container[int] = ()) -> Iterator[tuple[int, list[Any]]]:
    """(number from 0, cells) of each wanted row, made one row at a time; columns `as_bytes` hold embeddings."""
    first = 0
    for group in range(table.num_row_groups):
        past = first + table.metadata.row_group(group).num_rows
        if first < wanted.stop and past > wanted.start:
            for batch in table.iter_batches(batch_size=_batch_rows(table, group), row_groups=[group]):
                for number in range(max(first, wanted.start), min(first + batch.num_rows, wanted.stop)):
                    cells = (column[number - first] for column in batch.columns)
                    yield (
                        number,
                        [_embeddings(cell) if place in as_bytes else _value(cell) for place, cell in enumerate(cells)],
                    )
                first += batch.num_rows
        first = past


def _batch_rows(table: ParquetFile, group: int) -> int:
    """How many rows to hold at once. Raises SourceError for a row group that unpacks to too much."""
    stated = table.metadata.row_group(group)
    columns = [stated.column(place) for place in range(stated.num_columns)]
    size = max(stated.total_byte_size, sum(column.total_uncompressed_size for column in columns))
    if size > MAX_ROW_GROUP_BYTES or sum(column.num_values for column in columns) > _MAX_ROW_GROUP_VALUES:
        raise SourceError(
            f"row group {group + 1} unpacks to {size:,} bytes with {stated.num_rows:,} rows; the limits are "
            f"{MAX_ROW_GROUP_BYTES:,} bytes and {_MAX_ROW_GROUP_VALUES:,} cells: write smaller row groups"
        )
    rows: int = stated.num_rows * _BATCH_BYTES // max(size, 1)
    return max(1, min(_MAX_BATCH_ROWS, rows))


def _value(cell: Any) -> Any:
    """The value of a pyarrow scalar; `BadCell` for one that cannot be read or is too large.

    Times are ISO 8601 in UTC; what JSON has no form for (decimals, durations) is its text.
    """
    return _made(cell, _MAX_CELL_BYTES, lambda: _moment(cell) or _plain(cell.as_py()))


def _embeddings(cell: Any) -> Any:
    """The value of a cell of embeddings, in which bytes stay bytes; `BadCell` as by `_value`."""
    from pyarrow import types

    if cell.is_valid and not (types.is_list(cell.type) or types.is_large_list(cell.type)):
        return BadCell(f"is a cell of the type {cell.type}, and no list")
    if cell.is_valid and len(cell) > _MAX_EMBEDDINGS:
        return BadCell(f"has {len(cell):,} embeddings; the limit is {_MAX_EMBEDDINGS:,}")
    return _made(cell, _MAX_EMBEDDINGS_BYTES, cell.as_py)


def _made(cell: Any, limit: int, make: Callable[[], Any]) -> Any:
    from pyarrow import ArrowException

    if not cell.is_valid:
        return None
    try:
        size = _size(cell)
        if size > limit:
            return BadCell(f"is a cell of {size:,} bytes; the limit is {limit:,}")
        return make()
    except (ArrowException, OverflowError, ValueError) as error:
        return BadCell(f"is a cell of the type {cell.type} that cannot be read ({type(error).__name__})")


def _moment(cell: Any) -> str | None:
    """A date or a timestamp, counted here because pyarrow refuses nanoseconds and zones that it does not know."""
    from pyarrow import types

    if types.is_timestamp(cell.type):
        return (_EPOCH + timedelta(microseconds=cell.value * 10**6 // _PER_SECOND[cell.type.unit])).isoformat()
    if types.is_date32(cell.type):
        return (_EPOCH + timedelta(days=cell.value)).date().isoformat()
    return None


def _size(cell: Any) -> int:
    """About how many bytes a cell's text and numbers have, before any of them is made."""
    from pyarrow import types

    kind = cell.type
    if not cell.is_valid:
        return 0
    if types.is_dictionary(kind):
        return _size(cell.value)
    if types.is_struct(kind):
        return sum(map(_size, cell.values()))
    if types.is_nested(kind):
        return _array_size(cell.values)
    return int(cell.as_buffer().size) if hasattr(cell, "as_buffer") and cell.as_buffer() is not None else 8


def _array_size(array: Any) -> int:
    from pyarrow import compute, types

    if types.is_dictionary(array.type):
        lengths = compute.binary_length(array.dictionary)
        return int(compute.sum(lengths.take(array.indices)).as_py() or 0) + 8 * len(array)
    if types.is_struct(array.type):
        return sum(map(_array_size, array.flatten()))
    if types.is_nested(array.type):
        return 8 * len(array) + _array_size(array.flatten())
    return int(array.nbytes)


def _plain(value: Any) -> Any:
    if isinstance(value, (str, bool, int)) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value if item is not None]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return str(value)
