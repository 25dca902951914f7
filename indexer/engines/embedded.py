"""The embedded engine: one generation's files, and the articles changed since, searched as one snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.archive_stored import Stored
from indexer.engines.analysis import QueryTerms
from indexer.engines.columns import Columns, Mask, ordered_by_date, read_array
from indexer.engines.facts import facts_of
from indexer.engines.half_precision import widened
from indexer.engines.lexical import LexicalIndex
from indexer.engines.row_lookup import RowOfSeq, Sorted, StoryRows
from indexer.engines.stored_columns import GrowingColumns, columns_with
from indexer.engines.tail import Tail, article_vectors, stacked
from indexer.engines.vector_choice import load_vectors
from indexer.engines.vectors import VectorIndex, best, similarities
from indexer.engines.visible_rows import LatestMasks, VisibleRows
from indexer.filters import Condition, Fact, Filters, Is, Published
from indexer.types import Rows, Scores, Vector

COLUMNS = "columns"
VECTORS = "vectors"
LEXICAL = "lexical"
ARTICLE_VECTORS = "article_vectors.npy"

MOST_ALLOWED = 0.5
"""From this share of allowed articles on, the lexical arm walks without filters."""

SPARE = 20
"""How many more it takes then than should be needed."""

MANY_STORIES = 100
"""The members of more stories than this are found by one walk over all articles."""


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
    row_of_seq: RowOfSeq = field(repr=False)
    stories: Sorted = field(repr=False)
    visible_rows: VisibleRows = field(repr=False)
    masks: LatestMasks = field(default_factory=LatestMasks, repr=False)
    growth: GrowingColumns = field(default_factory=GrowingColumns, repr=False)
    """What the columns of the views that follow this one are appended to."""

    @classmethod
    def open(cls, folder: Path) -> Snapshot:
        """A generation as it was built, without any tail."""
        columns = Columns.load(folder / COLUMNS)
        vectors = load_vectors(folder / VECTORS)
        dimension = vectors.embeddings.shape[1]
        nothing = np.empty((0, dimension), dtype=np.float16)
        return cls(
            columns=columns,
            base_articles=len(columns),
            vectors=vectors,
            base_article_vectors=read_array(folder / VECTORS / ARTICLE_VECTORS),
            lexical=LexicalIndex.open(folder / LEXICAL),
            tail=Tail(
                nothing.astype(np.float32), nothing, np.empty(0, dtype=np.int64), np.zeros(len(columns), dtype=np.bool_)
            ),
            row_of_seq=RowOfSeq(Sorted(columns.seq)),
            stories=Sorted(columns.story),
            visible_rows=VisibleRows(
                np.repeat(np.arange(len(columns), dtype=np.int32), np.diff(columns.chunk_offsets))
            ),
        )

    def with_changes(
        self,
        stored: Sequence[Stored],
        lexical: Path,
        workspace: Path,
        gone: Sequence[int] = (),
        *,
        aside: bool = False,
    ) -> Snapshot:
        """This snapshot with new and changed articles, and without those `gone` (archive numbers).

        `workspace` is a folder of this process's own; where it is missing it begins as a copy of the words at `lexical`. A view
        that is not followed by others is made `aside`.
        """
        columns = (
            columns_with(self.columns, stored)
            if aside
            else self.growth.with_more(self.columns, [facts_of(item) for item in stored])
        )
        new_rows = range(len(self.columns), len(columns))
        changed = [*(item.seq for item in stored), *gone]
        dead_rows = self.row_of_seq.of(changed).tolist()
        dead = np.concatenate([self.tail.dead, np.zeros(len(stored), dtype=np.bool_)])
        dead[dead_rows] = True
        embeddings = stacked(stored, self.tail.embeddings.shape[1])
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
            row_of_seq=self.row_of_seq.with_changes(
                {item.seq: row for item, row in zip(stored, new_rows, strict=True)}, gone
            ),
            stories=self.stories,
            visible_rows=self.visible_rows.fresh(),
            growth=self.growth,
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
        rows = self.row_of_seq.of(seqs)
        return self._hiding(rows) if len(rows) else self

    def _hiding(self, rows: Rows) -> Snapshot:
        dead = self.tail.dead.copy()
        dead[rows] = True
        tail = replace(self.tail, dead=dead, hidden=np.union1d(self.tail.hidden, rows))
        return replace(self, tail=tail, visible_rows=self.visible_rows.fresh(), masks=LatestMasks())

    @property
    def words_missing(self) -> None:
        """Nothing: tantivy has all."""
        return None

    def __len__(self) -> int:
        return len(self.columns) - int(np.count_nonzero(self.tail.dead))

    def allowed(self, filters: Filters) -> Mask:
        """The live articles that the filters let through; not to be written to."""
        visible = self.visible_rows.mask(self.columns, self.tail.dead, int(filters.now.timestamp()))
        if filters == Filters(filters.now):
            return visible
        return self.masks.of(filters, lambda: self._narrowed(visible, filters))

    def _narrowed(self, visible: Mask, filters: Filters) -> Mask:
        mask: Mask = visible & self.columns.mask(filters)
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

    def prepare(self, filters: Filters) -> None:
        self.allowed(filters)

    def allows(self, filters: Filters, rows: Rows) -> Mask:
        return self.allowed(filters)[rows]

    def count(self, filters: Filters) -> int:
        return int(np.count_nonzero(self.allowed(filters)))

    def by_date(self, filters: Filters, count: int | None, *, newest: bool) -> tuple[Rows, bool]:
        """A generation's rows are in order of publication, so that only the last of them are looked at for the newest few."""
        rows = np.flatnonzero(self.allowed(filters))
        found = len(rows)
        if count is not None and newest:
            own = rows[rows < self.base_articles][-count:]
            rows = np.concatenate([own, rows[rows >= self.base_articles]])
        ordered = ordered_by_date(rows, self.columns.published, newest=newest)[:count]
        return ordered, len(ordered) == found

    def published_since(self, filters: Filters, start_s: float) -> Rows:
        return np.flatnonzero(self.allowed(filters) & (self.columns.published >= start_s))

    def rows_of_groups(self, groups: Rows) -> Rows:
        return np.flatnonzero(np.isin(self.columns.text_group, groups))

    def story_members(self, stories: Sequence[int], now: datetime) -> Rows:
        if len(stories) > MANY_STORIES:
            return self.visible(np.flatnonzero(np.isin(self.columns.story, stories)), now)
        since = self.columns.story[self.base_articles :]
        known = StoryRows(self.stories, since, self.base_articles)
        found = [known.of(story) for story in stories]
        return self.visible(np.concatenate([np.empty(0, dtype=np.int64), *found]), now)

    def visible(self, rows: Rows, now: datetime) -> Rows:
        columns = self.columns
        seen = columns.usable[rows] & (columns.embargoed[rows] <= int(now.timestamp())) & ~self.tail.dead[rows]
        return rows[seen]

    def row_of(self, seq: int) -> int | None:
        return self.row_of_seq.get(seq)

    def rows_of(self, seqs: Iterable[int]) -> Rows:
        return self.row_of_seq.of(seqs)

    def sections(self, filters: Filters) -> list[str]:
        codes = np.unique(self.columns.section[self.allowed(filters)])
        words = (self.columns.vocabulary["section"][code] for code in codes.tolist() if code >= 0)
        return sorted({word.casefold(): word for word in words}.values(), key=str.casefold)

    def spelled(self, fact: Fact, value: str, filters: Filters) -> str | None:
        return self.columns.spelled(fact, value, self.allowed(filters))

    def by_words(self, terms: QueryTerms, count: int, filters: Filters, *, titles: bool = True) -> tuple[Rows, Scores]:
        """Where the filters let most articles through, more are taken without them, which is faster, and what is not allowed is
        left out."""
        allowed = self.allowed(filters)
        share = np.count_nonzero(allowed) / max(1, len(allowed))
        if share >= MOST_ALLOWED:
            wanted = ceil(count / share) + SPARE
            rows, scores = self.lexical.search(terms, wanted, None, titles=titles)
            kept = np.flatnonzero(allowed[rows])[:count]
            if len(rows) < wanted or len(kept) == count:
                return rows[kept], scores[kept]
        rows, scores = self.lexical.search(terms, count, filters, self.tail.hidden, titles=titles)
        return rows[allowed[rows]], scores[allowed[rows]]

    def dated_by_words(self, terms: QueryTerms, count: int, filters: Filters, *, newest: bool) -> tuple[Rows, bool]:
        rows = self.lexical.dated(terms, count, filters, self.tail.hidden, newest=newest)
        return rows[self.allowed(filters)[rows]], True

    def nearest(self, vector: Vector, count: int, filters: Filters) -> tuple[Rows, int]:
        chunk_rows, _ = self.nearest_chunks(vector, count, self.allowed(filters))
        return np.unique(self.columns.article_of_chunk(chunk_rows)), len(chunk_rows)

    def alike(self, vector: Vector, least: float, filters: Filters) -> tuple[Rows, bool]:
        chunk_rows = self.similar_chunks(vector, least, self.allowed(filters))
        return np.unique(self.columns.article_of_chunk(chunk_rows)), self.vectors.is_exact

    def nearest_chunks(self, query: Vector, count: int, allowed: Mask) -> tuple[Rows, Scores]:
        """The `count` chunks most similar to the query among the allowed articles, best first."""
        rows, scores = self.vectors.search(query, count, self.visible_rows.chunks(allowed))
        if len(self.tail.embeddings):
            tail_rows = self._tail_chunks(allowed)
            tail_scores = self._tail_similarities(query)[tail_rows]
            rows = np.concatenate([rows, tail_rows + len(self.vectors)])
            scores = np.concatenate([scores, tail_scores])
        return best(rows, scores, count)

    def similar_chunks(self, query: Vector, least: float, allowed: Mask) -> Rows:
        """Every chunk of the allowed articles whose similarity is above `least`, in no order."""
        rows = self.vectors.within(query, least, self.visible_rows.chunks(allowed))
        tail_rows = self._tail_chunks(allowed)
        near = self._tail_similarities(query)[tail_rows] > least
        return np.concatenate([rows, tail_rows[near] + len(self.vectors)])

    def _tail_similarities(self, query: Vector) -> Scores:
        scores: Scores = self.tail.embeddings @ query
        return scores

    def _tail_chunks(self, allowed: Mask) -> Rows:
        """The tail's chunks of the allowed articles, counted from the tail's first."""
        per_article = np.diff(self.columns.chunk_offsets[self.base_articles :])
        return np.flatnonzero(np.repeat(allowed[self.base_articles :], per_article))

    def chunk_similarities(self, query: Vector, article_rows: Rows) -> tuple[Rows, Rows, Scores]:
        rows, owner = self.columns.chunk_rows(article_rows)
        base_chunks = len(self.vectors)
        scores = np.empty(len(rows), dtype=np.float32)
        in_base = rows < base_chunks
        scores[in_base] = similarities(query, self.vectors.embeddings, rows[in_base])
        scores[~in_base] = self.tail.embeddings[rows[~in_base] - base_chunks] @ query
        return rows, owner, scores

    def article_similarities(self, query: Vector, article_rows: Rows) -> Scores:
        scores: Scores = self.article_vectors(article_rows) @ query
        return scores

    def article_vectors(self, rows: Rows) -> NDArray[np.float32]:
        vectors = np.empty((len(rows), self.tail.article_vectors.shape[1]), dtype=np.float32)
        in_base = rows < self.base_articles
        vectors[in_base] = widened(self.base_article_vectors[rows[in_base]])
        vectors[~in_base] = widened(self.tail.article_vectors[rows[~in_base] - self.base_articles])
        return vectors
