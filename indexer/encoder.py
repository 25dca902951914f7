"""Text in, unit vectors out: the encoder protocol and its two implementations."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any, Protocol

import numpy as np
from tokenizers import Tokenizer as FastTokenizer

from indexer.chunking import Tokenizer
from indexer.errors import ModelError
from indexer.models import DEFAULT_MODEL, ModelFiles, find_model
from indexer.types import Embeddings, Vector

BATCH_SIZE = 32

TEXT_HASH = "text-hash"


class Encoder(Protocol):
    """A model that embeds documents and queries in one space; inner product is cosine similarity."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Equal fingerprints give equal embeddings; an index remembers the one it was built with."""
        ...

    @property
    def tokenizer(self) -> Tokenizer: ...

    def encode_documents(self, texts: Sequence[str]) -> Embeddings:
        """Shape (len(texts), dimension), in the order given."""
        ...

    def encode_query(self, text: str) -> Vector:
        """Shape (dimension,)."""
        ...

    def word_vectors(self, text: str) -> Embeddings:
        """What the model knows of each token by itself, without reading the text: unit vectors, shape (tokens, any).

        Far cheaper than an embedding; like words are near each other. Of shape (0, 0) when the model has none.
        """
        ...


def load_encoder(name: str = DEFAULT_MODEL) -> Encoder:
    """The encoder of that name: `text-hash`, the bundled model, a local folder, or a model of the hub.

    The files are found and checked now; the model itself is loaded at its first use.
    """
    return TextHashEncoder() if name == TEXT_HASH else SentenceTransformersEncoder(find_model(name))


def usable_cores() -> int:
    """The cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ModelTokenizer:
    """A model's own tokenizer, counting text tokens only."""

    def __init__(self, files: ModelFiles) -> None:
        self._tokenizer = FastTokenizer.from_file(str(files.folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        special = self._tokenizer.num_special_tokens_to_add(is_pair=False)
        self.max_tokens = files.max_tokens - special - len(self.spans(files.document_prompt))

    def spans(self, text: str) -> list[tuple[int, int]]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).offsets)

    def ids(self, text: str) -> list[int]:
        """The place of each token of `text` in the vocabulary, in order."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


class SentenceTransformersEncoder:
    """Any Sentence Transformers model, with its own prompts, pooling and maximum length, in fp32 on the CPU."""

    def __init__(self, files: ModelFiles) -> None:
        self._files = files
        self.name = files.name
        self.fingerprint = files.fingerprint

    @cached_property
    def tokenizer(self) -> ModelTokenizer:
        return ModelTokenizer(self._files)

    @cached_property
    def _model(self) -> Any:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        silence: Any = transformers_logging.disable_progress_bar
        silence()
        torch.set_num_threads(usable_cores())
        try:
            model = SentenceTransformer(str(self._files.folder), device="cpu", trust_remote_code=False)
        except Exception as error:
            raise ModelError(
                f"{self._files.folder} cannot be loaded as a Sentence Transformers model: {error}"
            ) from error
        model.max_seq_length = self._files.max_tokens
        return model

    def encode_documents(self, texts: Sequence[str]) -> Embeddings:
        return self._encode(texts, self._files.document_prompt)

    def encode_query(self, text: str) -> Vector:
        row: Vector = self._encode([text], self._files.query_prompt)[0]
        return row

    def word_vectors(self, text: str) -> Embeddings:
        if self._input_vectors is None:
            return np.empty((0, 0), dtype=np.float32)
        table, centre = self._input_vectors
        vectors = table[self.tokenizer.ids(text)] - centre
        unit: Embeddings = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-9))
        return unit

    @cached_property
    def _input_vectors(self) -> tuple[Embeddings, Vector] | None:
        """The model's table of token vectors, and their mean, which all of them share and which says nothing."""
        transformer = getattr(self._model[0], "auto_model", None)
        if transformer is None:
            return None
        table: Embeddings = transformer.get_input_embeddings().weight.detach().numpy()
        return table, table.mean(axis=0)

    def _encode(self, texts: Sequence[str], prompt: str) -> Embeddings:
        if not texts:
            return np.empty((0, 0), dtype=np.float32)
        vectors = self._model.encode(
            list(texts),
            prompt=prompt or None,
            batch_size=BATCH_SIZE,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)


class WordTokenizer:
    """Words and punctuation marks as tokens."""

    max_tokens = 120
    _token = re.compile(r"\w+|[^\w\s]")

    def spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in self._token.finditer(text)]


class TextHashEncoder:
    """Deterministic vectors from the words alone (a random projection of the bag of words), without any model.

    Texts that share words are near each other, so relevance can be asserted in tests; meaning is not known to it.
    """

    name = TEXT_HASH
    fingerprint = "text-hash-1"
    dimension = 256

    def __init__(self) -> None:
        self.tokenizer: Tokenizer = WordTokenizer()
        self._word_vector: Callable[[str], Vector] = lru_cache(maxsize=50_000)(self._projection)

    def _projection(self, word: str) -> Vector:
        seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
        vector: Vector = np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        return vector

    def encode_documents(self, texts: Sequence[str]) -> Embeddings:
        rows = [self.encode_query(text) for text in texts]
        return np.stack(rows) if rows else np.empty((0, self.dimension), dtype=np.float32)

    def encode_query(self, text: str) -> Vector:
        words = re.findall(r"\w+", text.lower()) or ["\0"]
        total = np.sum([self._word_vector(word) for word in words], axis=0)
        unit: Vector = (total / np.linalg.norm(total)).astype(np.float32)
        return unit

    def word_vectors(self, text: str) -> Embeddings:
        rows = [self.encode_query(word) for word in re.findall(r"\w+", text)]
        return np.stack(rows) if rows else np.empty((0, self.dimension), dtype=np.float32)
