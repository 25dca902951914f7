"""A generation's files made slice by slice: no more than one slice of articles is in memory, and a stop loses one at most."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.archive_stored import Stored
from indexer.engines.columns import Columns, joined_columns
from indexer.engines.embedded import ARTICLE_VECTORS, COLUMNS, LEXICAL, VECTORS
from indexer.engines.lexical import LexicalIndex
from indexer.engines.stored_columns import columns_of
from indexer.engines.tail import article_vectors
from indexer.engines.vector_choice import build_vectors
from indexer.engines.vectors import EMBEDDINGS_FILE, read_embeddings
from indexer.errors import IndexDamaged
from indexer.layout import sync_files, sync_folder
from indexer.types import Embeddings

_PARTS = "parts"
_FP16 = np.lib.format.dtype_to_descr(np.dtype(np.float16))
_MEANS_AT_ONCE = 10_000
"""Articles whose vectors are made together: their embeddings are in memory in single precision."""


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
        self.add_rows(columns_of(stored), _stacked(stored), stored)

    def add_rows(self, columns: Columns, embeddings: NDArray[np.float16], stored: Sequence[Stored]) -> None:
        """Add a slice whose columns and embeddings are there already."""
        with _writing(self._folder):
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

    def join(self, headlines: Callable[[Columns], Embeddings | None] = lambda _columns: None) -> Columns:
        """Make the engine's files of all slices, of one at least, and remove the slices.

        `headlines` gives embedded headlines of some articles, which a large index is measured with. Raises IndexDamaged when the
        embeddings are not of one size; the slices are removed then, too.
        """
        with _writing(self._folder):
            columns = self._joined()
        questions = headlines(columns)
        with _writing(self._folder):
            build_vectors(self._folder / VECTORS, questions)
            shutil.rmtree(self._parts)
        return columns

    def _joined(self) -> Columns:
        columns = joined_columns(list(self._columns()))
        for name in (COLUMNS, VECTORS):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        columns.save(self._folder / COLUMNS)
        vectors = self._folder / VECTORS
        vectors.mkdir()
        self._join_embeddings(vectors / EMBEDDINGS_FILE)
        embeddings = read_embeddings(vectors)
        means = np.empty((len(columns), embeddings.shape[1]), dtype=np.float16)
        for first in range(0, len(columns), _MEANS_AT_ONCE):
            offsets = columns.chunk_offsets[first : first + _MEANS_AT_ONCE + 1]
            chunks = embeddings[offsets[0] : offsets[-1]]
            means[first : first + _MEANS_AT_ONCE] = article_vectors(chunks, offsets - offsets[0])
        np.save(vectors / ARTICLE_VECTORS, means, allow_pickle=False)
        return columns

    def _join_embeddings(self, path: Path) -> None:
        """Write all embeddings as one array; by writing, since a full disk ends a process that fills a mapped file."""
        shapes = [embeddings.shape for embeddings in self._embeddings()]
        count = sum(chunks for chunks, _ in shapes)
        dimensions = {dimension for chunks, dimension in shapes if chunks} or {dimension for _, dimension in shapes}
        if len(dimensions) > 1:
            shutil.rmtree(self._parts)
            raise IndexDamaged(
                f"{self._parts} holds embeddings of {sorted(dimensions)} numbers each, expected one size; "
                "look for damage in the archive: dateline verify"
            )
        shape = (count, *dimensions)
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": _FP16, "fortran_order": False, "shape": shape})
            for embeddings in self._embeddings():
                file.write(embeddings.tobytes())

    def _columns(self) -> Iterator[Columns]:
        """Those of each slice, read into memory: mapped, many slices would be more open files than a process may have."""
        for number in range(self.count):
            yield Columns.load(self._parts / str(number) / COLUMNS, mapped=False)

    def _embeddings(self) -> Iterator[NDArray[np.float16]]:
        """Those of each slice, memory-mapped."""
        for number in range(self.count):
            yield np.load(self._parts / str(number) / EMBEDDINGS_FILE, mmap_mode="r", allow_pickle=False)


def _stacked(stored: Sequence[Stored]) -> NDArray[np.float16]:
    parts = [item.embeddings for item in stored if len(item.embeddings)]
    return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float16)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """What each library raises where it cannot write, in one line of words; tantivy raises ValueError, faiss RuntimeError."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        why = str(error).strip().partition("\n")[0]
        raise IndexDamaged(f"{folder} cannot be written ({why}); check the room and the health of the disk") from error
