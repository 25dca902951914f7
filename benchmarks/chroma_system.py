"""Chroma in process: a persistent collection as Chroma makes it by default, and its Sentence Transformers function."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import chromadb
from chromadb.utils.embedding_functions.sentence_transformer_embedding_function import (
    SentenceTransformerEmbeddingFunction,
)

from benchmarks.passages import Embeddings, Passages
from benchmarks.system import HITS, System, SystemName, model_folder

COLLECTION = "passages"
INCLUDED = ["documents", "distances"]


class ChromaSystem:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._embed: Any = None
        self._collection: Any = None

    def load_model(self) -> None:
        self._embed = embedding_function()

    def index(self, passages: Passages, embeddings: Embeddings | None) -> None:
        client = chromadb.PersistentClient(path=str(self._folder))
        collection = client.create_collection(COLLECTION, embedding_function=self._embed)
        step = client.get_max_batch_size()
        for start in range(0, len(passages.ids), step):
            past = start + step
            given = {} if embeddings is None else {"embeddings": embeddings[start:past]}
            collection.add(ids=passages.ids[start:past], documents=passages.texts[start:past], **given)

    def open(self) -> None:
        client = chromadb.PersistentClient(path=str(self._folder))
        self._collection = client.get_collection(COLLECTION, embedding_function=embedding_function())

    def search(self, text: str) -> list[str]:
        return [hit["id"] for hit in hits(self._collection, text)]

    def nearest(self, vector: Embeddings) -> list[str]:
        found = self._collection.query(query_embeddings=[vector], n_results=HITS, include=[])
        ids: list[str] = found["ids"][0]
        return ids


def embedding_function() -> Any:
    return SentenceTransformerEmbeddingFunction(model_name=model_folder())


def hits(collection: Any, text: str) -> list[dict[str, Any]]:
    """The nearest passages: id, text, score."""
    found = collection.query(query_texts=[text], n_results=HITS, include=INCLUDED)
    fields = zip(found["ids"][0], found["documents"][0], found["distances"][0], strict=True)
    return [{"id": hit_id, "text": document, "score": -distance} for hit_id, document, distance in fields]


def make(name: SystemName, folder: Path) -> System:
    assert name is SystemName.CHROMA
    return ChromaSystem(folder)
