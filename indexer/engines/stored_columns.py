"""Columns of articles as they are stored, and columns that new articles are appended to without copying the old ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.archive_stored import Stored
from indexer.engines.columns import MULTIPLE, SINGLE, Columns
from indexer.engines.facts import Facts, facts_of

_OFFSETS = ("authors_offsets", "tags_offsets", "chunk_offsets")

_SPARE = 0.05
_LEAST_SPARE = 1_024
"""Room for more that is made with each copy, as a share and in values."""

_Code = Callable[[str, str | None], int]


def columns_of(stored: Sequence[Stored]) -> Columns:
    """One row for each stored article, in the order given."""
    vocabulary = _Vocabulary({})
    arrays = _arrays([facts_of(item) for item in stored], vocabulary.code)
    for name in _OFFSETS:
        arrays[name] = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(arrays[name])])
    return Columns(**arrays, vocabulary={name: tuple(words) for name, words in vocabulary.words.items()})


def columns_with(before: Columns, stored: Sequence[Stored]) -> Columns:
    """The rows of `before`, followed by one row for each stored article, as a copy of its own."""
    return GrowingColumns().with_more(before, [facts_of(item) for item in stored])


class GrowingColumns:
    """Columns that grow: each view of them is a beginning of the same arrays, which later views only append to.

    For one line of views: a view that is not the last one is copied when it is appended to.
    """

    def __init__(self) -> None:
        self._buffers: dict[str, NDArray[Any]] = {}
        self._last: Columns | None = None
        self._vocabulary = _Vocabulary({})
        self._lock = threading.Lock()

    def with_more(self, before: Columns, facts: Sequence[Facts]) -> Columns:
        """The rows of `before`, followed by one row for each of the facts."""
        with self._lock:
            if before is not self._last:
                self._buffers = {}
                self._vocabulary = _Vocabulary(before.vocabulary)
            arrays = _arrays(facts, self._vocabulary.code)
            for name in _OFFSETS:
                arrays[name] = getattr(before, name)[-1] + np.cumsum(arrays[name])
            grown = {name: self._grown(name, getattr(before, name), new) for name, new in arrays.items()}
            self._last = Columns(**grown, vocabulary=self._vocabulary.words)
            return self._last

    def _grown(self, name: str, present: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
        past = len(present) + len(new)
        buffer = self._buffers.get(name)
        if buffer is None or past > len(buffer):
            buffer = self._buffers[name] = np.empty(past + max(_LEAST_SPARE, int(_SPARE * past)), dtype=present.dtype)
            buffer[: len(present)] = present
        buffer[len(present) : past] = new
        return buffer[:past]


class _Vocabulary:
    """The words of each field, which are only ever added to, and the code of each."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self.words: dict[str, list[str]] = {name: list(words.get(name, ())) for name in (*SINGLE, *MULTIPLE)}
        self._codes = {name: {word: code for code, word in enumerate(known)} for name, known in self.words.items()}

    def code(self, name: str, word: str | None) -> int:
        if word is None:
            return -1
        codes = self._codes[name]
        if word not in codes:
            self.words[name].append(word)
            codes[word] = len(codes)
        return codes[word]


def _arrays(facts: Sequence[Facts], code: _Code) -> dict[str, NDArray[Any]]:
    """The values of these articles alone; for offsets, how many each has."""

    def of(values: Iterable[Any], dtype: Any) -> NDArray[Any]:
        return np.array(list(values), dtype=dtype)

    arrays = {
        "seq": of((one.seq for one in facts), np.int64),
        "version": of((one.version for one in facts), np.int64),
        "text_group": of((one.text_group for one in facts), np.int64),
        "story": of((one.story for one in facts), np.int64),
        "length": of((one.length for one in facts), np.int32),
        "published": of((one.published for one in facts), np.int64),
        "embargoed": of((one.embargoed for one in facts), np.int64),
        "known_from": of((one.known_from for one in facts), np.int64),
        "usable": of((one.usable for one in facts), np.bool_),
        "section": of((code("section", one.section) for one in facts), np.int32),
        "source": of((code("source", one.source) for one in facts), np.int32),
        "language": of((code("language", one.language) for one in facts), np.int32),
        "authors_offsets": of((len(one.authors) for one in facts), np.int64),
        "authors": of((code("authors", name) for one in facts for name in one.authors), np.int32),
        "tags_offsets": of((len(one.tags) for one in facts), np.int64),
        "tags": of((code("tags", tag) for one in facts for tag in one.tags), np.int32),
        "chunk_offsets": of((len(one.spans) for one in facts), np.int64),
        "chunk_start": of((start for one in facts for start, _ in one.spans), np.int32),
        "chunk_end": of((end for one in facts for _, end in one.spans), np.int32),
    }
    assert arrays.keys() == {field.name for field in fields(Columns)} - {"vocabulary"}
    return arrays
