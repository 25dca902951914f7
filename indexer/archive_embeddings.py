"""Embeddings in the archive, by model and hash of the text: a text is embedded once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.archive_connection import Connection
from indexer.types import Vector


class EmbeddingStore:
    """Kept in fp16, in the archive's own database; writes are part of the archive's transaction."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def missing(self, model: str, hashes: Iterable[bytes]) -> set[bytes]:
        """Those of the hashes for which the model has no embedding yet."""
        return {
            text_hash
            for text_hash in hashes
            if not self._db.execute(
                "SELECT 1 FROM embeddings WHERE model = ? AND text_hash = ?", (model, text_hash)
            ).fetchone()
        }

    def dimension(self, model: str) -> int | None:
        """Of the model's embeddings; None where there is none yet."""
        row = self._db.execute("SELECT length(vector) / 2 FROM embeddings WHERE model = ? LIMIT 1", (model,)).fetchone()
        return int(row[0]) if row else None

    def put(self, model: str, vectors: Mapping[bytes, Vector]) -> None:
        """Keep embeddings by the hashes of their texts."""
        self._db.executemany(
            "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)",
            [(model, text_hash, row.astype(np.float16).tobytes()) for text_hash, row in vectors.items()],
        )

    def of(self, model: str, hashes: Sequence[bytes]) -> NDArray[np.float16]:
        """Shape (hashes, dimension): the stored embedding of each text."""
        question = "SELECT vector FROM embeddings WHERE model = ? AND text_hash = ?"
        vectors = (self._db.execute(question, (model, text_hash)).fetchone()[0] for text_hash in hashes)
        return np.stack([np.frombuffer(vector, dtype=np.float16) for vector in vectors])
