"""What the kill tests hold to its word: a store of articles that takes, lists and finds them; here Milvus through pymilvus.

An article is a number. Its id and its vector follow from it, so that every answer can be checked without a record.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import grpc
import numpy as np
import numpy.typing as npt
from pymilvus import DataType, MilvusClient, MilvusException

DIMENSION = 64
CALL_S = 5.0
PAGE = 10_000

NOT_CONNECTED = 2
NOT_LOADED = 101
CHANNEL_NOT_AVAILABLE = 503
UNSPECIFIC = 65535
UNAVAILABLE_WORDS = (
    "empty grpc client",
    "failed to search/query delegator",
    "fail to get shard leaders",
    "no available",
    "node not found",
    "node not match",
    "not ready",
    "not healthy",
    "deadline exceeded",
    "context canceled",
    "transport is closing",
    "error reading from server",
    "connection error",
    "unrecoverable error",
    "client connection is closing",
    "rpc error: code = unavailable",
    "rpc error: code = canceled",
    "rpc error: code = deadlineexceeded",
)
"""Milvus 2.3 gives one code, 65535, to bad requests and to most failures of its parts: only the words tell them apart."""


class Unavailable(Exception):
    """A part of the cluster did not answer; the same call may work later."""


class System(Protocol):
    """The system under test. Each call raises `Unavailable` where it may be tried again, and any other error where not."""

    def upsert(self, numbers: Iterable[int]) -> None:
        """Write these articles, or write them again; they are acknowledged once this returns."""

    def ids(self) -> list[str]:
        """Every id that is stored, as often as it is stored."""

    def nearest(self, number: int, *, strong: bool) -> str | None:
        """The id nearest to this article's vector; `strong` sees every acknowledged write, else those of 5 s ago or before."""


def article_id(number: int) -> str:
    return f"article-{number:07d}"


def vector(number: int) -> npt.NDArray[np.float32]:
    """A unit vector of its own for each number: (64,), float32."""
    drawn = np.random.default_rng(number).standard_normal(DIMENSION).astype(np.float32)
    unit: npt.NDArray[np.float32] = drawn / np.linalg.norm(drawn)
    return unit


def is_unavailable(error: Exception) -> bool:
    """Whether an error of pymilvus says that a part of the cluster does not answer, rather than that a request is wrong."""
    if isinstance(error, grpc.RpcError):
        return error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
    if not isinstance(error, MilvusException):
        return False
    if error.code in (NOT_CONNECTED, NOT_LOADED, CHANNEL_NOT_AVAILABLE):
        return True
    return any(words in str(error).lower() for words in UNAVAILABLE_WORDS)


class MilvusArticles:
    """A collection of two shards, loaded twice (once on each of two query nodes), with an HNSW index."""

    def __init__(self, uri: str, name: str) -> None:
        self.name = name
        self.client = MilvusClient(uri, timeout=CALL_S)

    def create(self) -> None:
        """Make the collection, its index, and load it with two replicas."""
        schema = MilvusClient.create_schema(auto_id=False)
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
        schema.add_field("dense", DataType.FLOAT_VECTOR, dim=DIMENSION)
        self.client.create_collection(self.name, schema=schema, num_shards=2)
        index = self.client.prepare_index_params()
        index.add_index("dense", index_type="HNSW", metric_type="COSINE", params={"M": 16, "efConstruction": 100})
        self.client.create_index(self.name, index, timeout=60)
        self.client.load_collection(self.name, replica_number=2, timeout=60)

    def upsert(self, numbers: Iterable[int]) -> None:
        rows = [{"id": article_id(number), "dense": vector(number)} for number in numbers]
        self._ask(self.client.upsert, data=rows)

    def ids(self) -> list[str]:
        """Every stored id, in order, page by page: pymilvus's iterator does not see the last writes in Milvus 2.3."""
        found: list[str] = []
        while True:
            beyond = f'id > "{found[-1] if found else ""}"'
            rows = self._ask(
                self.client.query, filter=beyond, output_fields=["id"], limit=PAGE, consistency_level="Strong"
            )
            found += sorted(row["id"] for row in rows)
            if len(rows) < PAGE:
                return found

    def nearest(self, number: int, *, strong: bool) -> str | None:
        level = "Strong" if strong else "Bounded"
        hits = self._ask(
            self.client.search,
            data=[vector(number)],
            anns_field="dense",
            limit=1,
            search_params={"params": {"ef": 64}},
            consistency_level=level,
        )
        return hits[0][0]["id"] if hits[0] else None

    def read_from_disk(self) -> None:
        """Seal what is only in the log, drop the collection from memory and load it anew."""
        self.client.flush(self.name, timeout=120)
        self.client.release_collection(self.name, timeout=60)
        self.client.load_collection(self.name, replica_number=2, timeout=120)

    def _ask(self, call: Any, **arguments: Any) -> Any:
        try:
            return call(self.name, timeout=CALL_S, **arguments)
        except Exception as error:
            if is_unavailable(error):
                raise Unavailable(str(error).splitlines()[0]) from error
            raise
