"""How many articles hold a word: kept word by word, since Milvus does not tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from indexer.engines.milvus.collections import NOWHERE, TEXT_BYTES
from indexer.engines.milvus.connection import Connection
from indexer.engines.milvus.expressions import OneOf, begun, written
from indexer.engines.milvus.keys import Kind, word_key
from indexer.engines.milvus.reading import WINDOW, count

_AT_ONCE = 2_000


def holders(connection: Connection, collection: str, kind: Kind, words: Collection[str]) -> dict[str, int]:
    """See `MilvusStore.holders`."""
    keys = {word_key(kind, word): word for word in words}
    return {keys[key]: held for key, held in _held(connection.read, collection, list(keys)).items() if held > 0}


def add(connection: Connection, collection: str, counts: Mapping[Kind, Mapping[str, int]]) -> None:
    """See `MilvusStore.add_holders`. A word of more than 65,535 bytes is not counted."""
    changed = {
        word_key(kind, word): (word, more)
        for kind, words in counts.items()
        for word, more in words.items()
        if more and len(word.encode()) <= TEXT_BYTES
    }
    held = _held(connection.read_to_write, collection, list(changed), consistency_level="Strong")
    sums = {key: held.get(key, 0) + more for key, (_, more) in changed.items()}
    rows = [
        {
            "word_key": key,
            "word": changed[key][0],
            "letters": len(changed[key][0]),
            "holders": total,
            "version": 0,
            "nowhere": NOWHERE,
        }
        for key, total in sums.items()
        if total > 0
    ]
    for start in range(0, len(rows), _AT_ONCE):
        connection.write("upsert", collection_name=collection, data=rows[start : start + _AT_ONCE])
    gone = [key for key, total in sums.items() if total <= 0 and key in held]
    for start in range(0, len(gone), _AT_ONCE):
        connection.write("delete", collection_name=collection, ids=gone[start : start + _AT_ONCE])


def beginning(
    connection: Connection,
    collection: str,
    asked: tuple[Kind, str, tuple[int, int] | None],
    limit: int,
    window: int = WINDOW,
) -> list[tuple[str, int]]:
    """See `MilvusStore.beginning`. Milvus sorts nothing: where more than `window` words fit, those few are looked for that
    the most articles hold, by counting how many words so many articles hold."""
    if limit < 1:
        return []
    few, many = 1, 0  # least numbers of holders: of the first, few enough words; of the second, too many
    while (found := count(connection, collection, begun(*asked, (few, None)))) > window:
        few, many = few * 2, few
    while found < min(limit, window) and few - many > 1:
        middle = (few + many) // 2
        number = count(connection, collection, begun(*asked, (middle, None)))
        if number > window:
            many = middle
        else:
            few, found = middle, number
    words = _words(connection, collection, begun(*asked, (few, None)), window)
    if len(words) < limit and many:
        words |= _words(connection, collection, begun(*asked, (many, many)), limit - len(words))
    return sorted(words.items(), key=lambda item: (-item[1], item[0]))[:limit]


def _held(read: Callable[..., Any], collection: str, keys: Sequence[str], **first: str) -> dict[str, int]:
    """How many articles hold the words of these keys. `first` is of the first question alone: what has answered it has all that
    it waited for."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), _AT_ONCE):
        rows: list[dict[str, Any]] = read(
            "query",
            collection_name=collection,
            filter=written(OneOf("word_key", tuple(keys[start : start + _AT_ONCE]))),
            output_fields=["word_key", "holders"],
            **(first if start == 0 else {}),
        )
        found |= {str(row["word_key"]): int(row["holders"]) for row in rows}
    return found


def _words(connection: Connection, collection: str, where: str, limit: int) -> dict[str, int]:
    rows = connection.read(
        "query", collection_name=collection, filter=where, output_fields=["word", "holders"], limit=limit
    )
    return {str(row["word"]): int(row["holders"]) for row in rows}
