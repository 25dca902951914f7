"""Embeddings that articles bring along, checked before an index takes them."""

from __future__ import annotations

import logging
from functools import cached_property

import numpy as np

from indexer.archive import Archive
from indexer.encoder import Encoder
from indexer.recipe import recipe_for
from indexer.types import Embedded, Vector

LENGTH_TOLERANCE = 0.005
"""How far from 1 a vector's length may be: fp16 takes it at most .0005 away."""

logger = logging.getLogger(__name__)


class Brought:
    """What an index can take of what comes with the articles: embeddings made by its own recipe, whole."""

    def __init__(self, archive: Archive, encoder: Encoder) -> None:
        self._archive = archive
        self._encoder = encoder
        self._recipe = recipe_for(encoder)
        self._refused: set[str] = set()

    def checked(self, embedded: Embedded) -> tuple[dict[bytes, Vector], int]:
        """The embeddings by the hashes of their texts, and how many cannot be what they say they are.

        None of them where they were made by another recipe, which the log says once.
        """
        if embedded.recipe != self._recipe.key:
            if embedded.recipe not in self._refused:
                self._refused.add(embedded.recipe)
                logger.warning(
                    "embeddings that come with the articles are of %s (%s), this index has %s (%s): they are made anew",
                    embedded.model_name,
                    embedded.recipe,
                    self._recipe.model_name,
                    self._recipe.key,
                )
            return {}, 0
        vectors = {text_hash: self._vector(stored) for text_hash, stored in embedded.vectors.items()}
        whole = {text_hash: vector for text_hash, vector in vectors.items() if vector is not None}
        return whole, len(vectors) - len(whole)

    def _vector(self, stored: bytes) -> Vector | None:
        """None for what is no unit vector of the model's dimension."""
        if len(stored) != 2 * self._dimension:
            return None
        vector: Vector = np.frombuffer(stored, dtype="<f2").astype(np.float32)
        length = float(np.linalg.norm(vector))
        return vector if abs(length - 1) <= LENGTH_TOLERANCE else None  # not so for a length that is no number

    @cached_property
    def _dimension(self) -> int:
        known = self._archive.embeddings.dimension(self._recipe.model)
        return known if known is not None else len(self._encoder.encode_query("news"))
