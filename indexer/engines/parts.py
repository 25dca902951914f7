"""A generation's files made slice by slice: no more than one slice of articles is in memory, and a stop loses one at most."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.archive_stored import Stored
from indexer.engines.columns import Columns, columns_of, joined_columns
from indexer.engines.embedded import ARTICLE_VECTORS, COLUMNS, LEXICAL, VECTORS, article_vectors
from indexer.engines.lexical import LexicalIndex
from indexer.engines.vectors import EMBEDDINGS_FILE, VectorIndex
from indexer.layout import sync_files, sync_folder

_PARTS = "parts"


class Parts:
    """The finished slices in a folder, their words in one lexical index already; row i of all is the i-th article added."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts = folder / _PARTS
        self._parts.mkdir(parents=True, exist_ok=True)
        self.count = sum(1 for path in self._parts.iterdir() if path.name.isdigit())
        self.rows = sum(len(columns) for columns in self._columns())

    @property
    def are_whole(self) -> bool:
        """Whether the words of just these slices are in the lexical index."""
        lexical = self._folder / LEXICAL
        return (LexicalIndex.open(lexical).size if lexical.is_dir() else 0) == self.rows

    def add(self, stored: Sequence[Stored]) -> None:
        """Add a slice; durable when this returns."""
        LexicalIndex.append(self._folder / LEXICAL, self.rows, (item.article for item in stored))
        self._write(columns_of(stored), _stacked(stored))

    def add_rows(self, columns: Columns, embeddings: NDArray[np.float16], stored: Sequence[Stored]) -> None:
        """Add a slice whose columns and embeddings are there already."""
        LexicalIndex.append(self._folder / LEXICAL, self.rows, (item.article for item in stored))
        self._write(columns, embeddings)

    def _write(self, columns: Columns, embeddings: NDArray[np.float16]) -> None:
        aside = self._parts / f".{self.count}"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        columns.save(aside / COLUMNS)
        np.save(aside / EMBEDDINGS_FILE, embeddings, allow_pickle=False)
        sync_files(aside)
        aside.rename(self._parts / str(self.count))
        sync_folder(self._parts)
        self.count += 1
        self.rows += len(columns)

    def join(self) -> Columns:
        """Make the engine's files of all slices, and remove the slices."""
        columns = joined_columns(list(self._columns()))
        for name in (COLUMNS, VECTORS):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        columns.save(self._folder / COLUMNS)
        vectors = self._folder / VECTORS
        vectors.mkdir()
        embeddings = self._joined_embeddings(vectors / EMBEDDINGS_FILE)
        VectorIndex.build(embeddings).save_index(vectors)
        means = [article_vectors(part, offsets) for part, offsets in self._vectors(embeddings.shape[1])]
        np.save(vectors / ARTICLE_VECTORS, np.concatenate(means), allow_pickle=False)
        if not (self._folder / LEXICAL).is_dir():
            LexicalIndex.append(self._folder / LEXICAL, 0, ())
        shutil.rmtree(self._parts)
        return columns

    def _joined_embeddings(self, path: Path) -> NDArray[np.float16]:
        """All embeddings in one file, memory-mapped."""
        parts = [embeddings for embeddings, _ in self._vectors(0)]
        dimension = max((part.shape[1] for part in parts), default=0)
        count = sum(len(part) for part in parts)
        if not count:
            np.save(path, np.empty((0, dimension), dtype=np.float16), allow_pickle=False)
            return np.empty((0, dimension), dtype=np.float16)
        joined: Any = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(count, dimension))
        first = 0
        for part in parts:
            joined[first : first + len(part)] = part if len(part) else np.empty((0, dimension), dtype=np.float16)
            first += len(part)
        joined.flush()
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False), dtype=np.float16)

    def _columns(self) -> Iterator[Columns]:
        for number in range(self.count):
            yield Columns.load(self._parts / str(number) / COLUMNS)

    def _vectors(self, dimension: int) -> Iterator[tuple[NDArray[np.float16], NDArray[np.int64]]]:
        """The embeddings of each slice, and where each article's begin."""
        for number, columns in enumerate(self._columns()):
            embeddings = np.load(self._parts / str(number) / EMBEDDINGS_FILE, mmap_mode="r", allow_pickle=False)
            yield (
                embeddings if len(embeddings) or not dimension else embeddings.reshape(0, dimension),
                columns.chunk_offsets,
            )


def _stacked(stored: Sequence[Stored]) -> NDArray[np.float16]:
    parts = [item.embeddings for item in stored if len(item.embeddings)]
    return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float16)
