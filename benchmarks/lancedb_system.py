"""LanceDB in process: full text and vectors, fused by its default reranker; vectors searched exactly or by IVF_PQ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lancedb
import pyarrow as pa
from lancedb.embeddings import EmbeddingFunctionConfig, get_registry
from lancedb.index import FTS, IvfPq

from benchmarks.passages import Embeddings, Passages
from benchmarks.system import HITS, System, SystemName, model_folder

TABLE = "passages"

REFINED = 10
"""With IVF_PQ, so many times the hits asked for are compared by their whole vectors: without it, recall is below a half."""


class LanceSystem:
    def __init__(self, folder: Path, *, with_vector_index: bool) -> None:
        self._folder = folder
        self._with_vector_index = with_vector_index
        self._refined = REFINED if with_vector_index else None
        self._embed: Any = None
        self._table: Any = None

    def load_model(self) -> None:
        self._embed = get_registry().get("sentence-transformers").create(name=model_folder())
        self._embed.generate_embeddings(["ready"])

    def index(self, passages: Passages, embeddings: Embeddings | None) -> None:
        vector = pa.list_(pa.float32(), self._embed.ndims())
        schema = pa.schema([("id", pa.string()), ("text", pa.string()), ("vector", vector)])
        embedded = EmbeddingFunctionConfig(vector_column="vector", source_column="text", function=self._embed)
        rows: list[dict[str, Any]] = [
            {"id": article_id, "text": text} for article_id, text in zip(passages.ids, passages.texts, strict=True)
        ]
        if embeddings is not None:
            for row, given in zip(rows, embeddings, strict=True):
                row["vector"] = given
        table = lancedb.connect(self._folder).create_table(TABLE, schema=schema, embedding_functions=[embedded])
        table.add(rows)
        table.create_index("text", config=FTS())
        if self._with_vector_index:
            table.create_index("vector", config=IvfPq())

    def open(self) -> None:
        self._table = opened(self._folder)

    def search(self, text: str) -> list[str]:
        return [hit["id"] for hit in hits(self._table, text, self._refined)]

    def nearest(self, vector: Embeddings) -> list[str]:
        asked = self._table.search(vector).limit(HITS).select(["id"])
        asked = asked.refine_factor(self._refined) if self._refined else asked
        return [row["id"] for row in asked.to_list()]


def opened(folder: Path) -> Any:
    return lancedb.connect(folder).open_table(TABLE)


def hits(table: Any, text: str, refined: int | None = None) -> list[dict[str, Any]]:
    """The best passages: id, text, score."""
    asked = table.search(text, query_type="hybrid").limit(HITS).select(["id", "text"])
    found: list[dict[str, Any]] = (asked.refine_factor(refined) if refined else asked).to_list()
    return found


def make(name: SystemName, folder: Path) -> System:
    return LanceSystem(folder, with_vector_index=name is SystemName.LANCEDB_PQ)
