"""The articles that one question met, as rows: what filters and ranking ask of each, fetched when it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields

import numpy as np

from indexer.engines.columns import Columns
from indexer.engines.documents import Glance
from indexer.engines.milvus.store import MilvusStore
from indexer.engines.stored_columns import GrowingColumns, columns_of
from indexer.engines.terms import Terms
from indexer.types import Rows, Vector


class MetColumns(Columns):
    """Columns that follow the articles met: who holds them sees those that were met later, too.

    A row never changes its meaning; more are only appended.
    """

    __slots__ = ()

    def follow(self, view: Columns) -> None:
        """Show the rows of a later view of the same growing arrays."""
        for field in fields(Columns):
            object.__setattr__(self, field.name, getattr(view, field.name))


class MetRows:
    """Rows in the order in which articles were met, those met at once by seq; for any number of threads."""

    def __init__(self, store: MilvusStore, generation: int, without: Collection[int] = ()) -> None:
        """The articles `without` (seqs) are as if they were not there."""
        self._store = store
        self._generation = generation
        self._turn = threading.Lock()
        self._growth = GrowingColumns()
        self._view = columns_of(())
        self._row_of: dict[int, int | None] = dict.fromkeys(without)
        self._seen: dict[int, Glance] = {}
        self._terms: dict[int, Terms] = {}
        self._records: dict[int, str | None] = {}
        self._vectors: dict[int, Vector | None] = {}
        self.columns = MetColumns(**{field.name: getattr(self._view, field.name) for field in fields(Columns)})

    @property
    def view(self) -> Columns:
        """The rows met so far, all of whose arrays end with the same one."""
        return self._view

    def change(self, seq: int) -> int:
        """The change that brought the present version of an article that was met."""
        row = self._row_of[seq]
        assert row is not None
        return self._seen[row].facts.change

    def meet(self, seqs: Iterable[int], *, with_terms: bool = False) -> Rows:
        """The rows of those of the articles that are there, in the order given; those not met before are fetched."""
        wanted = list(seqs)
        with self._turn:
            unknown = sorted({seq for seq in wanted if seq not in self._row_of})
            if unknown:
                self._take(unknown, with_terms=with_terms)
            found = (self._row_of[seq] for seq in wanted)
            return np.array([row for row in found if row is not None], dtype=np.int64)

    def _take(self, seqs: Sequence[int], *, with_terms: bool) -> None:
        seen = self._store.glances(self._generation, seqs, with_terms=with_terms)
        first = len(self._view)
        self._view = self._growth.with_more(self._view, [one.facts for one in seen])
        self.columns.follow(self._view)
        self._row_of |= dict.fromkeys(seqs)
        for row, one in enumerate(seen, first):
            self._row_of[one.facts.seq] = row
            self._seen[row] = one
            if one.terms is not None:
                self._terms[row] = one.terms

    def terms(self, rows: Rows) -> list[Terms]:
        """The terms of each row; none of an article that is gone by now."""
        with self._turn:
            lacking = self._lacking(rows, self._terms)
            if lacking:
                seqs = [self._seen[row].facts.seq for row in lacking]
                seen = self._store.glances(self._generation, seqs, with_terms=True)
                found = {one.facts.seq: one.terms for one in seen}
                self._terms |= {row: found.get(seq) or NO_TERMS for row, seq in zip(lacking, seqs, strict=True)}
            return [self._terms[row] for row in rows.tolist()]

    def vectors(self, rows: Rows) -> Sequence[Vector | None]:
        """The mean vector of each row; None of an article that is gone by now."""
        with self._turn:
            lacking = self._lacking(rows, self._vectors)
            if lacking:
                seqs = [self._seen[row].facts.seq for row in lacking]
                found = self._store.vectors(self._generation, seqs)
                self._vectors |= {row: found.get(seq) for row, seq in zip(lacking, seqs, strict=True)}
            return [self._vectors[row] for row in rows.tolist()]

    def records(self, rows: Rows) -> list[str | None]:
        """The record of each row as it is now; None where the article is gone."""
        with self._turn:
            lacking = self._lacking(rows, self._records)
            if lacking:
                seqs = [self._seen[row].facts.seq for row in lacking]
                found = self._store.records(self._generation, seqs, fresh=False)
                kept = (found.get(seq) for seq in seqs)
                self._records |= {row: one[1] if one else None for row, one in zip(lacking, kept, strict=True)}
            return [self._records[row] for row in rows.tolist()]

    @staticmethod
    def _lacking(rows: Rows, known: Collection[int]) -> list[int]:
        return [row for row in dict.fromkeys(rows.tolist()) if row not in known]


NO_TERMS = Terms("")
