"""Shards put on disk whole, and what those on disk say of themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from indexer.bulk.plan import KEPT, Input
from indexer.errors import SourceError
from indexer.layout import sync_folder
from indexer.records import record_from_article
from indexer.sources.embedded_shard import (
    COLUMNS,
    EMBEDDINGS,
    EXTRA,
    FACTS,
    LISTS,
    PLACE,
    ShardFacts,
    shard_facts,
)
from indexer.types import Found, Vector


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard on disk: its facts, and its number of articles."""

    facts: ShardFacts
    articles: int


def write_shard(
    path: Path, facts: ShardFacts, articles: Sequence[Found], vectors: Sequence[Mapping[bytes, Vector]]
) -> None:
    """Write the articles, each with the embeddings of its texts by their hashes, aside; then put the shard in its place.

    A reader sees a whole shard or none, also when the machine goes down.
    """
    import pyarrow
    from pyarrow import parquet

    schema = _schema().with_metadata({FACTS: facts.as_json()})
    rows = [_row(found, of_texts) for found, of_texts in zip(articles, vectors, strict=True)]
    aside = path.parent / KEPT / f"{path.name}.{os.uname().nodename}.{os.getpid()}"
    aside.parent.mkdir(exist_ok=True)
    try:
        with aside.open("wb") as file:
            parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def read_shard(folder: Path, recipe: str, source: Input, number: int) -> Shard | None:
    """The shard of that portion; None where there is no whole one of it by this recipe."""
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        layout = read_metadata(folder / source.shard(number))
        columns = layout.schema.to_arrow_schema()
        facts = shard_facts(columns.metadata or {}, columns.names)
    except (ArrowException, OSError, ValueError, SourceError):
        return None
    wanted = (recipe, source.origin, source.portion_key(number))
    if facts is None or (facts.recipe, facts.origin, facts.portion) != wanted:
        return None
    return Shard(facts, layout.num_rows)


def _schema() -> Any:
    import pyarrow

    text = pyarrow.string()
    embedding = pyarrow.struct([("text_hash", pyarrow.binary(16)), ("vector", pyarrow.binary())])
    types = {EMBEDDINGS: pyarrow.list_(embedding), **dict.fromkeys(LISTS, pyarrow.list_(text))}
    return pyarrow.schema([(name, types.get(name, text)) for name in COLUMNS])


def _row(found: Found, vectors: Mapping[bytes, Vector]) -> dict[str, Any]:
    """The article as the clean record that it becomes again; an id that was derived is left out, since it is derived again."""
    record = record_from_article(found.article)
    record.pop("published_from", None)
    if not found.stated_id:
        record.pop("id")
    if EXTRA in record:
        record[EXTRA] = json.dumps(record[EXTRA], ensure_ascii=False)
    stored = [{"text_hash": one, "vector": row.astype(np.dtype("<f2")).tobytes()} for one, row in vectors.items()]
    return {**record, PLACE: f"{found.place} of {Path(found.source).name}", EMBEDDINGS: stored}
