"""A Parquet shard of clean articles with their embeddings, as bulk embedding writes it (`indexer.bulk.shards`).

A row holds the fields of docs/articles.md, each in its own column, times as ISO 8601, `extra` as JSON; where it was first read
(`place`); and `embeddings`, a list of {text_hash, vector}: 16 bytes of the SHA-256 of a text that is embedded, and its vector in
fp16, little end first. The schema's metadata has the facts of the shard as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from indexer.errors import SourceError
from indexer.sources.cells import BadCell
from indexer.sources.columns import FIELDS
from indexer.sources.items import Reading, article_item
from indexer.types import Embedded, Found, Reject

FACTS = b"dateline.embedded"
"""Where the schema's metadata has the facts."""

FORMAT_VERSION = 1

EXTRA = "extra"
PLACE = "place"
EMBEDDINGS = "embeddings"
COLUMNS = (*FIELDS, EXTRA, PLACE, EMBEDDINGS)
LISTS = frozenset({"authors", "tags"})

_LONGEST_PLACE = 400
"""Characters; a longer one was not written by bulk embedding."""

_AGAIN = "embed its articles again with this Dateline"


@dataclass(frozen=True, slots=True)
class ShardFacts:
    """What is said of a whole shard: by which recipe its texts were cut and embedded, and which input it is a part of."""

    model_name: str
    recipe: str
    origin: str
    portion: str
    """Which part of that input, as it was when it was read (`indexer.bulk.plan.Input.portion_key`)."""
    read: int
    """Items of the input that it stands for, the rejected ones among them."""
    passages: int
    rejects: tuple[tuple[str, str], ...]
    """(place in the input, reason) of each item that is no article."""

    def as_json(self) -> bytes:
        return orjson.dumps({"format_version": FORMAT_VERSION, **asdict(self)})


def shard_facts(metadata: Mapping[bytes, bytes], names: Sequence[str]) -> ShardFacts | None:
    """The facts of a shard with these columns; None for any other table.

    Raises SourceError for a shard of another format, and for one that does not say what it must.
    """
    if FACTS not in metadata:
        return None
    try:
        stated: dict[str, Any] = orjson.loads(metadata[FACTS])
        version = stated.pop("format_version")
        if version != FORMAT_VERSION:
            raise SourceError(f"has embeddings in format {version!r}, this Dateline reads {FORMAT_VERSION}; {_AGAIN}")
        if sorted(names) != sorted(COLUMNS):
            raise ValueError("its columns are others")
        rejects = tuple((str(place), str(reason)) for place, reason in stated["rejects"])
        model_name, recipe, origin, portion = (
            str(stated[name]) for name in ("model_name", "recipe", "origin", "portion")
        )
        read, passages = (int(stated[name]) for name in ("read", "passages"))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise SourceError(
            f"says that it holds embeddings, but not which ({type(error).__name__}: {error}); {_AGAIN}"
        ) from None
    return ShardFacts(model_name, recipe, origin, portion, read, passages, rejects)


def embedded_item(row: Mapping[str, Any], facts: ShardFacts, source: str, place: str, how: Reading) -> Found | Reject:
    """The article of a row with its embeddings, or why it is none; it is checked as any other record is."""
    first_read = row[PLACE]
    if isinstance(first_read, str) and len(first_read) <= _LONGEST_PLACE and first_read.isprintable():
        place = f"{place}, {first_read}"
    for name, value in row.items():
        if isinstance(value, BadCell):
            return Reject(source, place, f"{name} {value.reason}")
    try:
        record = {name: row[name] for name in FIELDS if row[name] is not None}
        if row[EXTRA] is not None:
            record[EXTRA] = json.loads(row[EXTRA])
        vectors = {_bytes(one["text_hash"]): _bytes(one["vector"]) for one in row[EMBEDDINGS] or ()}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        return Reject(source, place, f"is no row of a shard with embeddings ({error}); {_AGAIN}")
    item = article_item(record, source, place, how)
    if isinstance(item, Reject):
        return item
    embedded = Embedded(facts.model_name, facts.recipe, vectors, facts.origin)
    return Found(item.article, source, place, stated_id=item.stated_id, embedded=embedded)


def _bytes(value: Any) -> bytes:
    """Bytes as they are: a number, of which Python makes as many zeros, is refused."""
    if not isinstance(value, bytes):
        raise TypeError(f"an embedding has {type(value).__name__} where bytes belong")
    return value
