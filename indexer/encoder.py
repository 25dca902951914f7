"""Text in, unit vectors out: the encoder protocol and its two implementations. `indexer.runtimes` runs the model."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import regex
from tokenizers import Tokenizer as FastTokenizer

from indexer.chunking import Tokenizer
from indexer.models import DEFAULT_MODEL, ModelFiles, find_model
from indexer.runtimes import Device, Embedder, Runtime, choose_runtime, on_device, prepare_model, require_device
from indexer.types import Embeddings, Vector

logger = logging.getLogger(__name__)

TEXT_HASH = "text-hash"


class Encoder(Protocol):
    """A model that embeds documents and queries in one space; inner product is cosine similarity."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Equal fingerprints give embeddings of one space, alike to the runtime's tolerance; an index remembers its own."""
        ...

    @property
    def tokenizer(self) -> Tokenizer: ...

    def encode_documents(self, texts: Sequence[str]) -> Embeddings:
        """Shape (len(texts), dimension), in the order given."""
        ...

    def encode_query(self, text: str) -> Vector:
        """Shape (dimension,)."""
        ...

    def warm_up(self) -> None:
        """Make ready for queries, one alone and several at a time, so that no reader waits for the model."""
        ...

    def word_vectors(self, texts: Sequence[str]) -> list[Embeddings]:
        """What the model knows of each token of each text by itself, without reading it: unit vectors, shape (tokens, any).

        Far cheaper than an embedding; like words are near each other. Of shape (0, 0) when the model has none.
        """
        ...


def load_encoder(
    name: str = DEFAULT_MODEL,
    models: Path | None = None,
    *,
    device: Device = Device.CPU,
    told: Callable[[str], None] = logger.info,
) -> Encoder:
    """The encoder of that name: `text-hash`, the bundled model, a local folder, or a model of the hub.

    The files are found and checked now; the model itself is loaded at its first use. Its fast form is made then, unless the
    folder `models` holds it already, which `told` is told; without `models` it is not kept. On another `device` than the CPU
    documents are embedded there; raises SettingError, now, where there is none.
    """
    if name == TEXT_HASH:
        return TextHashEncoder()
    if device is not Device.CPU:
        require_device(device)
    return ModelEncoder(find_model(name), models, told, device)


def prepare_encoder(name: str, models: Path, told: Callable[[str], None]) -> None:
    """Make the model's fast form in `models` if it is not there, so that processes to come find it."""
    if name != TEXT_HASH:
        prepare_model(find_model(name), models, told)


_WORD = regex.compile(r"[\w\p{M}]+|[^\w\s]")
_LONGEST_WORD = 40
"""Longer runs are whole clauses of scripts without spaces, which do not come again."""


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


class ModelEncoder:
    """Any Sentence Transformers model, with its own prompts, pooling and maximum length; queries run on the CPU."""

    def __init__(
        self, files: ModelFiles, models: Path | None, told: Callable[[str], None], device: Device = Device.CPU
    ) -> None:
        self._files = files
        self._models = models
        self._told = told
        self._device = device
        self._runtime: Runtime | None = None
        self._accelerator: Embedder | None = None
        self._choosing = threading.Lock()
        self.name = files.name
        self.fingerprint = files.fingerprint

    @cached_property
    def tokenizer(self) -> ModelTokenizer:
        return ModelTokenizer(self._files)

    @property
    def runtime(self) -> Runtime:
        """What runs the model for queries, and for documents on the CPU; chosen, and the model loaded, at the first use."""
        with self._choosing:
            if self._runtime is None:
                self._runtime = choose_runtime(self._files, self._models, self._told)
            return self._runtime

    @property
    def document_runtime(self) -> Embedder:
        """What runs the model for documents."""
        if self._device is Device.CPU:
            return self.runtime
        with self._choosing:
            if self._accelerator is None:
                self._accelerator = on_device(self._files, self._device)
            return self._accelerator

    def encode_documents(self, texts: Sequence[str]) -> Embeddings:
        return self.document_runtime.encode([self._files.document_prompt + text for text in texts])

    def encode_query(self, text: str) -> Vector:
        row: Vector = self.runtime.encode([self._files.query_prompt + text])[0]
        return row

    def warm_up(self) -> None:
        self.runtime.warm_up()

    def word_vectors(self, texts: Sequence[str]) -> list[Embeddings]:
        if self._input_vectors is None or not texts:
            return [np.empty((0, 0), dtype=np.float32)] * len(texts)
        table, centre = self._input_vectors
        tokens = [[token for word in _WORD.findall(text) for token in self._ids_of(word)] for text in texts]
        vectors = table[[token for of_text in tokens for token in of_text]] - centre
        unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-9))
        return np.split(unit, np.cumsum([len(of_text) for of_text in tokens])[:-1])

    def _ids_of(self, word: str) -> list[int]:
        return self._tokens_of(word) if len(word) <= _LONGEST_WORD else self.tokenizer.ids(word)

    @cached_property
    def _tokens_of(self) -> Callable[[str], list[int]]:
        """The tokens of a word; the same words come again and again."""
        return lru_cache(maxsize=50_000)(self.tokenizer.ids)

    @cached_property
    def _input_vectors(self) -> tuple[Embeddings, Vector] | None:
        """The model's table of token vectors, and their mean, which all of them share and which says nothing."""
        table = self.runtime.input_vectors()
        return None if table is None else (table, table.mean(axis=0))


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

    def warm_up(self) -> None:
        """Nothing has to be loaded."""

    def word_vectors(self, texts: Sequence[str]) -> list[Embeddings]:
        nothing = np.empty((0, self.dimension), dtype=np.float32)
        of_texts = ([self.encode_query(word) for word in re.findall(r"\w+", text)] for text in texts)
        return [np.stack(rows) if rows else nothing for rows in of_texts]
