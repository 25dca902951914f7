"""What is read of Milvus: articles by their numbers and keys, and the first of a search."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.engines.documents import Glance, Met
from indexer.engines.milvus.connection import Connection
from indexer.engines.milvus.expressions import All, Compare, OneOf, keyed, written
from indexer.engines.milvus.keys import Key
from indexer.engines.milvus.pieces import encoded, unpacked
from indexer.engines.milvus.rows import (
    CHUNK_FIELDS,
    GLANCE_FIELDS,
    MET_FIELDS,
    ORDINAL_BITS,
    TERM_FIELDS,
    chunk_id,
    glance,
    owner,
)
from indexer.engines.milvus.rows import met as as_met
from indexer.errors import IndexDamaged
from indexer.types import Scores, Vector

WINDOW = 16_384
"""The most rows that Milvus answers one question with."""

_RECORDS_AT_ONCE = 32
"""Records of two megabytes each stay below the 100 MB that a server answers with."""

_ARTICLES_AT_ONCE = 256
_CHUNKS_AT_ONCE = 4_096
_SCORED_AT_ONCE = 1_000
"""Articles whose chunks fit into one answer, but for very long ones."""

_LOOKS = 3
"""How often an article is read again that somebody was writing meanwhile."""


@dataclass(frozen=True, slots=True)
class Collections:
    """What the collections of a generation are called, and the dimension of its embeddings."""

    articles: str
    chunks: str
    dimension: int


def dimension(connection: Connection, articles: str) -> int:
    """Of the embeddings of the generation whose articles a collection holds."""
    fields = connection.read("describe_collection", collection_name=articles)["fields"]
    return next(int(field["params"]["dim"]) for field in fields if field["name"] == "vector")


def met(connection: Connection, names: Collections, seqs: Sequence[int], *, fresh: bool) -> list[Met]:
    """See `MilvusStore.met`."""
    found: dict[int, Met] = {}
    wanted = list(dict.fromkeys(int(seq) for seq in seqs))
    for look in range(_LOOKS):
        is_fresh = fresh or look > 0
        articles = article_rows(connection, names, wanted, MET_FIELDS, fresh=is_fresh)
        chunks = _chunks(connection, names, articles, fresh=is_fresh)
        for seq in wanted:
            found.pop(seq, None)
        found |= {seq: as_met(row, chunks[seq], names.dimension) for seq, row in articles.items()}
        wanted = [seq for seq, row in articles.items() if len(chunks[seq]) != row["chunks"]]
        if not wanted:
            break
    return [found[seq] for seq in map(int, seqs) if seq in found]


def glances(connection: Connection, names: Collections, seqs: Sequence[int], *, with_terms: bool) -> list[Glance]:
    """See `MilvusStore.glances`."""
    fields = [*GLANCE_FIELDS, *TERM_FIELDS] if with_terms else GLANCE_FIELDS
    found = article_rows(connection, names, list(dict.fromkeys(seqs)), fields, fresh=False)
    return [glance(found[seq]) for seq in seqs if seq in found]


def chunk_scores(
    connection: Connection, names: Collections, vector: Vector, seqs: Sequence[int]
) -> tuple[NDArray[np.int64], Scores]:
    """See `MilvusStore.chunk_scores`."""
    return _scores(connection, names.chunks, ("embedding", "id"), vector, seqs)


def article_scores(
    connection: Connection, names: Collections, vector: Vector, seqs: Sequence[int]
) -> tuple[NDArray[np.int64], Scores]:
    """See `MilvusStore.article_scores`."""
    return _scores(connection, names.articles, ("vector", "seq"), vector, seqs)


def _scores(
    connection: Connection, collection: str, fields: tuple[str, str], vector: Vector, seqs: Sequence[int]
) -> tuple[NDArray[np.int64], Scores]:
    """The key and the likeness of every row of these articles: so few rows are looked at one by one, by no graph."""
    ids: list[int] = []
    scores: list[float] = []
    wanted = list(dict.fromkeys(seqs))
    for start in range(0, len(wanted), _SCORED_AT_ONCE):
        hits = _search(
            connection,
            collection,
            np.asarray(vector, dtype=np.float32).tolist(),
            WINDOW,
            written(OneOf("seq", tuple(wanted[start : start + _SCORED_AT_ONCE]))),
            anns_field=fields[0],
            search_params={"metric_type": "IP", "params": {"ef": WINDOW}},
        )
        ids += [_key(hit, fields[1]) for hit in hits]
        scores += [hit["distance"] for hit in hits]
    return np.array(ids, dtype=np.int64), np.array(scores, dtype=np.float32)


def vectors(connection: Connection, names: Collections, seqs: Sequence[int]) -> dict[int, Vector]:
    """See `MilvusStore.vectors`."""
    rows = article_rows(connection, names, list(dict.fromkeys(seqs)), ["seq", "vector"], fresh=False)
    return {seq: np.array(row["vector"], dtype=np.float32) for seq, row in rows.items()}


def records(
    connection: Connection, names: Collections, seqs: Sequence[int], *, fresh: bool
) -> dict[int, tuple[int, str]]:
    """See `MilvusStore.records`. Raises IndexDamaged for a record that is not whole."""
    found: dict[int, tuple[int, str]] = {}
    wanted = list(dict.fromkeys(int(seq) for seq in seqs))
    for start in range(0, len(wanted), _RECORDS_AT_ONCE):
        some = wanted[start : start + _RECORDS_AT_ONCE]
        for seq, row in article_rows(connection, names, some, ["seq", "version", "record"], fresh=fresh).items():
            try:
                found[seq] = int(row["version"]), unpacked(row["record"])
            except ValueError as error:
                raise IndexDamaged(f"article {seq} is damaged in Milvus ({error}); build a new generation") from error
    return found


def find(
    connection: Connection,
    names: Collections,
    key: Key,
    values: Sequence[str | int],
    limit: int,
    *,
    fresh: bool = False,
) -> NDArray[np.int64]:
    """See `MilvusStore.find`."""
    found: list[int] = []
    for start in range(0, len(values), WINDOW):
        rows = connection.read(
            "query",
            collection_name=names.articles,
            filter=keyed(key, values[start : start + WINDOW]),
            output_fields=["seq"],
            limit=limit,
            **_consistency(fresh),
        )
        found += [int(row["seq"]) for row in rows]
    return np.unique(np.array(found, dtype=np.int64))[:limit]


def nearest(
    connection: Connection, names: Collections, vector: Vector, limit: int, where: str
) -> tuple[NDArray[np.int64], Scores]:
    """See `MilvusStore.nearest`."""
    hits = _search(
        connection,
        names.chunks,
        np.asarray(vector, dtype=np.float32).tolist(),
        limit,
        where,
        anns_field="embedding",
        search_params={"metric_type": "IP", "params": {"ef": max(limit, 64)}},
    )
    ids = np.array([_key(hit, "id") for hit in hits], dtype=np.int64)
    return owner(ids), np.array([hit["distance"] for hit in hits], dtype=np.float32)


def by_words(
    connection: Connection, names: Collections, terms: Sequence[str], limit: int, where: str
) -> NDArray[np.int64]:
    """See `MilvusStore.by_words`."""
    if not terms:
        return np.empty(0, dtype=np.int64)
    question = " ".join(map(encoded, terms))
    hits = _search(
        connection, names.articles, question, limit, where, anns_field="sparse", search_params={"metric_type": "BM25"}
    )
    return np.array([_key(hit, "seq") for hit in hits], dtype=np.int64)


def count(connection: Connection, collection: str, where: str, *, fresh: bool = False) -> int:
    """How many rows of a collection an expression lets through; all for an empty one."""
    rows = connection.read(
        "query", collection_name=collection, filter=where, output_fields=["count(*)"], **_consistency(fresh)
    )
    return int(rows[0]["count(*)"])


def scan(connection: Connection, names: Collections, batch: int) -> Iterator[list[Met]]:
    """See `MilvusStore.scan`."""
    for rows in _all_articles(connection, names, ["seq"]):
        seqs = sorted(int(row["seq"]) for row in rows)
        for start in range(0, len(seqs), batch):
            yield met(connection, names, seqs[start : start + batch], fresh=False)


def versions(connection: Connection, names: Collections) -> dict[int, int]:
    """See `MilvusStore.versions`."""
    found = _all_articles(connection, names, ["seq", "version"])
    return {int(row["seq"]): int(row["version"]) for rows in found for row in rows}


def _all_articles(connection: Connection, names: Collections, fields: list[str]) -> Iterator[list[Mapping[str, Any]]]:
    """Fields of all articles, by ranges of seq, since Milvus gives rows in no order; a range holds at most WINDOW of them.

    The first question waits for every write that was acknowledged; what answered it has them for those that follow.
    """

    def held(first: int, width: int) -> int:
        return count(connection, names.articles, written(_range(first, width)))

    first, is_fresh = 0, True
    while count(connection, names.articles, written(Compare("seq", ">=", first)), fresh=is_fresh):
        is_fresh = False
        width = WINDOW
        while not held(first, width):
            first, width = first + width, width * 2
        while width > WINDOW:
            width //= 2
            first += 0 if held(first, width) else width
        yield queried(connection, names.articles, written(_range(first, WINDOW)), fields, fresh=False)
        first += WINDOW


def _range(first: int, width: int) -> All:
    return All((Compare("seq", ">=", first), Compare("seq", "<", first + width)))


def article_rows(
    connection: Connection, names: Collections, seqs: Sequence[int], fields: list[str], *, fresh: bool
) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    for start in range(0, len(seqs), _ARTICLES_AT_ONCE):
        where = written(OneOf("seq", tuple(seqs[start : start + _ARTICLES_AT_ONCE])))
        for row in queried(connection, names.articles, where, fields, fresh=fresh):
            found[int(row["seq"])] = row
    return found


def _chunks(
    connection: Connection, names: Collections, articles: Mapping[int, Mapping[str, Any]], *, fresh: bool
) -> dict[int, list[Mapping[str, Any]]]:
    """The chunks of each article that are of its own version, in order."""
    ids = [chunk_id(seq, ordinal) for seq, row in articles.items() for ordinal in range(row["chunks"])]
    found: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    rows: list[Mapping[str, Any]] = []
    for start in range(0, len(ids), _CHUNKS_AT_ONCE):
        where = written(OneOf("id", tuple(ids[start : start + _CHUNKS_AT_ONCE])))
        rows += queried(connection, names.chunks, where, CHUNK_FIELDS, fresh=fresh)
    for row in sorted(rows, key=lambda row: int(row["id"])):
        seq = int(row["id"]) >> ORDINAL_BITS
        if row["version"] == articles[seq]["version"]:
            found[seq].append(row)
    return found


def queried(
    connection: Connection, collection: str, where: str, fields: list[str], *, fresh: bool
) -> list[Mapping[str, Any]]:
    rows = connection.read(
        "query", collection_name=collection, filter=where, output_fields=fields, **_consistency(fresh)
    )
    return list(rows)


def _search(connection: Connection, collection: str, question: Any, limit: int, where: str, **how: Any) -> list[Any]:
    if limit < 1:
        return []
    return list(
        connection.read("search", collection_name=collection, data=[question], limit=limit, filter=where, **how)[0]
    )


def _key(hit: Mapping[str, Any], field: str) -> int:
    """The key of a hit: pymilvus calls it `id` where the server, as 2.3.5, does not say what it is called."""
    return int(hit[field] if field in hit else hit["id"])


def _consistency(fresh: bool) -> dict[str, str]:
    return {"consistency_level": "Strong"} if fresh else {}
