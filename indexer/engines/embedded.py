"""The embedded engine: one generation's files, and the articles changed since, searched as one snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.archive_stored import Stored
from indexer.engines.columns import Columns, Mask, StoryRows
from indexer.engines.lexical import LexicalIndex
from indexer.engines.vectors import VectorIndex, similarities
from indexer.filters import Condition, Filters, Is, Published
from indexer.types import Rows, Scores, Vector

COLUMNS = "columns"
VECTORS = "vectors"
LEXICAL = "lexical"
ARTICLE_VECTORS = "article_vectors.npy"


@dataclass(frozen=True, slots=True)
class Tail:
    """What changed since the generation, held in memory; its rows follow the generation's."""

    embeddings: NDArray[np.float32]
    """Shape (chunks, dimension): in single precision, so that a search need not convert them."""
    article_vectors: NDArray[np.float16]
    change: NDArray[np.int64]
    """The change that brought each of the tail's articles."""
    dead: Mask
    """Shape (articles,) over all rows: superseded rows, of the generation or of the tail itself."""
    hidden: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Live rows that an earlier moment's view leaves out (see `Snapshot.until`): dead here, but still in the lexical index."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything searchable at one moment; immutable, shared by threads.

    A row is an article of the generation (0 to base_articles - 1) or of the tail (after them).
    """

    columns: Columns
    base_articles: int
    vectors: VectorIndex
    base_article_vectors: NDArray[np.float16]
    lexical: LexicalIndex
    tail: Tail
    row_of_seq: dict[int, int] = field(repr=False)
    story_rows: StoryRows = field(repr=False)

    @classmethod
    def open(cls, folder: Path) -> Snapshot:
        """A generation as it was built, without any tail."""
        columns = Columns.load(folder / COLUMNS)
        vectors = VectorIndex.load(folder / VECTORS)
        dimension = vectors.embeddings.shape[1]
        nothing = np.empty((0, dimension), dtype=np.float16)
        return cls(
            columns=columns,
            base_articles=len(columns),
            vectors=vectors,
            base_article_vectors=np.load(folder / VECTORS / ARTICLE_VECTORS, mmap_mode="r", allow_pickle=False),
            lexical=LexicalIndex.open(folder / LEXICAL),
            tail=Tail(
                nothing.astype(np.float32), nothing, np.empty(0, dtype=np.int64), np.zeros(len(columns), dtype=np.bool_)
            ),
            row_of_seq={int(seq): row for row, seq in enumerate(columns.seq)},
            story_rows=StoryRows(columns.story),
        )

    def with_changes(
        self, stored: Sequence[Stored], lexical: Path, workspace: Path, gone: Sequence[int] = ()
    ) -> Snapshot:
        """This snapshot with new and changed articles, and without those `gone` (archive numbers).

        `workspace` is a folder of this process's own; where it is missing it begins as a copy of the words at `lexical`.
        """
        columns = self.columns.with_more(stored)
        new_rows = range(len(self.columns), len(columns))
        changed = [*(item.seq for item in stored), *gone]
        dead_rows = [self.row_of_seq[seq] for seq in changed if seq in self.row_of_seq]
        dead = np.concatenate([self.tail.dead, np.zeros(len(stored), dtype=np.bool_)])
        dead[dead_rows] = True
        embeddings = _stacked(stored, self.tail.embeddings.shape[1])
        offsets = columns.chunk_offsets[len(self.columns) :] - columns.chunk_offsets[len(self.columns)]
        vectors = article_vectors(embeddings, offsets)
        return Snapshot(
            columns=columns,
            base_articles=self.base_articles,
            vectors=self.vectors,
            base_article_vectors=self.base_article_vectors,
            lexical=LexicalIndex.extend(
                lexical,
                workspace,
                dead_rows,
                zip(new_rows, (item.article for item in stored), strict=True),
            ),
            tail=Tail(
                np.concatenate([self.tail.embeddings, embeddings.astype(np.float32)]),
                np.concatenate([self.tail.article_vectors, vectors]),
                np.concatenate([self.tail.change, np.array([item.change for item in stored], dtype=np.int64)]),
                dead,
                self.tail.hidden,
            ),
            row_of_seq=_without(self.row_of_seq, gone)
            | {item.seq: row for item, row in zip(stored, new_rows, strict=True)},
            story_rows=StoryRows(columns.story),
        )

    def until(self, change: int) -> Snapshot:
        """This snapshot without the articles that came after a change; those that were changed since stay, as they are now."""
        seq = self.columns.seq
        later = np.flatnonzero(self.tail.change > change) + self.base_articles
        earlier = np.concatenate([seq[: self.base_articles], seq[self.base_articles :][self.tail.change <= change]])
        new = later[~np.isin(seq[later], earlier)]
        return self._hiding(new)

    def without(self, seqs: Sequence[int]) -> Snapshot:
        """This snapshot without some articles: those withdrawn since it was taken."""
        rows = [self.row_of_seq[seq] for seq in seqs if seq in self.row_of_seq]
        return self._hiding(np.array(rows, dtype=np.int64)) if rows else self

    def _hiding(self, rows: Rows) -> Snapshot:
        dead = self.tail.dead.copy()
        dead[rows] = True
        return replace(self, tail=replace(self.tail, dead=dead, hidden=np.union1d(self.tail.hidden, rows)))

    def __len__(self) -> int:
        return len(self.columns) - int(self.tail.dead.sum())

    def allowed(self, filters: Filters) -> Mask:
        """The live articles that the filters let through."""
        mask: Mask = self.columns.mask(filters) & ~self.tail.dead
        for group in filters.require:
            mask &= np.logical_or.reduce([self._meeting(condition) for condition in group])
        for condition in filters.exclude:
            mask &= ~self._meeting(condition)
        return mask

    def _meeting(self, condition: Condition) -> Mask:
        if isinstance(condition, Is):
            return self.columns.having(condition.field, [condition.value])
        if isinstance(condition, Published):
            return self.columns.published_within(condition.start, condition.past)
        mask = np.zeros(len(self.columns), dtype=np.bool_)
        mask[self.lexical.rows_where(condition)] = True
        return mask

    def story_members(self, story: int, now: datetime) -> Rows:
        """The articles of a story that readers may see, in no order; copies of one text are all among them."""
        return self.visible(self.story_rows.of(story), now)

    def visible(self, rows: Rows, now: datetime) -> Rows:
        """Those of the article rows that are live and that readers may see."""
        columns = self.columns
        seen = columns.usable[rows] & (columns.embargoed[rows] <= int(now.timestamp())) & ~self.tail.dead[rows]
        return rows[seen]

    def sections(self, filters: Filters) -> list[str]:
        """The sections of the articles that the filters let through, in alphabetical order, each in one spelling."""
        codes = np.unique(self.columns.section[self.allowed(filters)])
        words = (self.columns.vocabulary["section"][code] for code in codes.tolist() if code >= 0)
        return sorted({word.casefold(): word for word in words}.values(), key=str.casefold)

    def nearest_chunks(self, query: Vector, count: int, allowed: Mask) -> tuple[Rows, Scores]:
        """The `count` chunks most similar to the query among the allowed articles, best first."""
        per_article = np.diff(self.columns.chunk_offsets)
        chunk_allowed = np.repeat(allowed, per_article)
        base_chunks = len(self.vectors)
        rows, scores = self.vectors.search(query, count, chunk_allowed[:base_chunks])
        if len(self.tail.embeddings):
            tail_rows = np.flatnonzero(chunk_allowed[base_chunks:])
            tail_scores = similarities(query, self.tail.embeddings)[tail_rows]
            if len(tail_rows) > count:
                best = np.argpartition(-tail_scores, count)[:count]
                tail_rows, tail_scores = tail_rows[best], tail_scores[best]
            rows = np.concatenate([rows, tail_rows + base_chunks])
            scores = np.concatenate([scores, tail_scores])
        best = np.lexsort((rows, -scores))[:count]
        return rows[best], scores[best]

    def similar_chunks(self, query: Vector, least: float, allowed: Mask) -> Rows:
        """Every chunk of the allowed articles whose similarity is above `least`, in no order."""
        chunk_allowed = np.repeat(allowed, np.diff(self.columns.chunk_offsets))
        base_chunks = len(self.vectors)
        rows = self.vectors.within(query, least, chunk_allowed[:base_chunks])
        tail_rows = np.flatnonzero(chunk_allowed[base_chunks:])
        near = similarities(query, self.tail.embeddings)[tail_rows] > least
        return np.concatenate([rows, tail_rows[near] + base_chunks])

    def chunk_similarities(self, query: Vector, article_rows: Rows) -> tuple[Rows, Rows, Scores]:
        """Every chunk of the articles: its row, the position of its article in `article_rows`, its similarity."""
        rows, owner = self.columns.chunk_rows(article_rows)
        base_chunks = len(self.vectors)
        scores = np.empty(len(rows), dtype=np.float32)
        in_base = rows < base_chunks
        scores[in_base] = similarities(query, self.vectors.embeddings[rows[in_base]])
        scores[~in_base] = similarities(query, self.tail.embeddings[rows[~in_base] - base_chunks])
        return rows, owner, scores

    def article_similarities(self, query: Vector, article_rows: Rows) -> Scores:
        """Cosine similarity of the query to each article's vector."""
        scores: Scores = self.article_vectors(article_rows) @ query
        return scores

    def article_vectors(self, rows: Rows) -> NDArray[np.float32]:
        """Shape (rows, dimension): the vector of each article (see `article_vector`)."""
        vectors = np.empty((len(rows), self.tail.article_vectors.shape[1]), dtype=np.float32)
        in_base = rows < self.base_articles
        vectors[in_base] = self.base_article_vectors[rows[in_base]]
        vectors[~in_base] = self.tail.article_vectors[rows[~in_base] - self.base_articles]
        return vectors

    def article_vector(self, row: int) -> Vector:
        """The mean of the article's chunk embeddings, of unit length (zero for an article without chunks)."""
        if row < self.base_articles:
            return np.asarray(self.base_article_vectors[row], dtype=np.float32)
        return np.asarray(self.tail.article_vectors[row - self.base_articles], dtype=np.float32)


def _without(rows: dict[int, int], gone: Sequence[int]) -> dict[int, int]:
    return {seq: row for seq, row in rows.items() if seq not in gone} if gone else rows


def _stacked(stored: Sequence[Stored], dimension: int = 0) -> NDArray[np.float16]:
    parts = [item.embeddings for item in stored if len(item.embeddings)]
    return np.concatenate(parts) if parts else np.empty((0, dimension), dtype=np.float16)


def article_vectors(embeddings: NDArray[np.float16], offsets: NDArray[Any]) -> NDArray[np.float16]:
    """Shape (articles, dimension): the normalised mean of each article's chunks."""
    count = len(offsets) - 1
    sums = np.zeros((count, embeddings.shape[1]), dtype=np.float32)
    np.add.at(sums, np.repeat(np.arange(count), np.diff(offsets)), embeddings.astype(np.float32))
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    return (sums / np.where(norms == 0, 1, norms)).astype(np.float16)
