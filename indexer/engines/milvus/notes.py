"""Manifests and marks: a small collection beside the generations, read after every write that came before."""

from __future__ import annotations

from indexer.engines.milvus.capabilities import Capabilities
from indexer.engines.milvus.collections import NOWHERE, indexes, notes_schema
from indexer.engines.milvus.connection import Connection
from indexer.engines.milvus.expressions import OneOf, written
from indexer.engines.milvus.keys import identity
from indexer.engines.milvus.pieces import packed, unpacked
from indexer.errors import GenerationMissing

_ANY_SERVER = Capabilities("", is_lite=True, words=False)
"""The notes' only index is one that every server has."""


class Notes:
    """Texts by name, in a collection that is made when the first is kept."""

    def __init__(self, connection: Connection, collection: str) -> None:
        self._connection = connection
        self._collection = collection
        self._is_there = False

    def put(self, name: str, text: str) -> None:
        """Keep a text under a name, instead of what was there."""
        if not self._is_there:
            self._make()
        row = {"name": identity(name), "value": packed(text), "nowhere": NOWHERE}
        self._connection.write("upsert", collection_name=self._collection, data=[row])

    def get(self, *names: str) -> dict[str, str]:
        """The texts under these names, in one question; those that are not there are left out."""
        keys = {identity(name): name for name in names}
        try:
            rows = self._connection.read(
                "query",
                collection_name=self._collection,
                filter=written(OneOf("name", tuple(keys))),
                output_fields=["name", "value"],
                consistency_level="Strong",
            )
        except GenerationMissing:
            return {}
        return {keys[str(row["name"])]: unpacked(row["value"]) for row in rows}

    def remove(self, name: str) -> None:
        """Forget a text; one that is not there is passed over."""
        if self._connection.read_to_write("has_collection", collection_name=self._collection):
            self._connection.write("delete", collection_name=self._collection, ids=[identity(name)])

    def _make(self) -> None:
        if not self._connection.read_to_write("has_collection", collection_name=self._collection):
            self._connection.arrange(
                "create_collection",
                collection_name=self._collection,
                schema=notes_schema(),
                consistency_level="Strong",
            )
            params = indexes(None, _ANY_SERVER)
            self._connection.arrange("create_index", collection_name=self._collection, index_params=params)
            self._connection.load(self._collection)
        self._is_there = True
