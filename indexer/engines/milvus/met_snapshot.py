"""An index in Milvus as one question sees it: rows are the articles that it met so far.

Milvus proposes articles under filters; what they score is worked out here, from their terms and embeddings, as for any engine.
Answers to one question are remembered, so that its next page is cut from the same ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import repeat
from typing import Any, TypeVar

import numpy as np

from indexer.engines.analysis import QueryTerms
from indexer.engines.columns import Columns, Mask, ordered_by_date
from indexer.engines.milvus.collections import Part
from indexer.engines.milvus.keys import Key, Kind
from indexer.engines.milvus.met_lexical import MetLexical
from indexer.engines.milvus.met_rows import MetRows
from indexer.engines.milvus.rows import ORDINAL_BITS
from indexer.engines.milvus.serving import Serving
from indexer.filters import Condition, Fact, Filters, Holds, Is
from indexer.types import Embeddings, Rows, Scores, Vector

LISTED = 2_000
"""How many articles an order by date lists where no number is asked for."""

ALIKE_CHUNKS = 2_000
"""How many chunks are looked at for those above a likeness."""

DATED_PROPOSALS = 2_000
"""How many articles words propose for an order by date."""

INEXACT_CHUNKS = 2_000
"""How many chunks are looked at where filters ask for words, which Milvus does not tell."""

SECTIONS = 100
"""How many sections are told of, the most common first."""

MOVING = 4_000
"""How many of the newest articles are looked at for stories that move."""

MOST = 16_384
"""Milvus gives no more results to one question."""

STEPS = 4
"""How often a term of weight 1 is repeated in what Milvus is asked."""

_KINDS = {Fact.SECTION: Kind.SECTION, Fact.SOURCE: Kind.SOURCE, Fact.AUTHOR: Kind.AUTHOR, Fact.TAG: Kind.TAG}

T = TypeVar("T")


@dataclass(slots=True)
class _Likeness:
    """The cosines of a vector with chunks or articles, by their ids, and the articles (seqs) that were asked for."""

    scores: dict[int, float] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)


class MetSnapshot:
    """A `searchable.Searchable` over one generation in Milvus."""

    def __init__(
        self,
        serving: Serving,
        *,
        until: int | None = None,
        last_seq: int | None = None,
        without: Collection[int] = (),
    ) -> None:
        """The articles `without` (seqs) are as if they were not there.

        With `until`, articles that came after that change are left out; those changed since stay, as they are now. `last_seq`
        is the last number that was given to an article up to that change, where it is known.
        """
        self._serving = serving
        self._store = serving.store
        self._generation = serving.generation
        self._until = until
        self._last_seq = last_seq
        self._answers: dict[Hashable, Any] = {}
        self._turn = threading.Lock()
        self.rows = MetRows(self._store, self._generation, without)
        self.shown: dict[int, str | None] = {}
        """The records of the articles (seqs) that an answer showed, as they were then."""
        self._lexical = MetLexical(serving, self.rows, self._proposed)

    @property
    def columns(self) -> Columns:
        return self.rows.columns

    @property
    def lexical(self) -> MetLexical:
        return self._lexical

    @property
    def words_missing(self) -> str | None:
        return self._store.capabilities.missing

    def __len__(self) -> int:
        return self._once(("articles",), lambda: self._store.count(self._generation))

    def prepare(self, filters: Filters) -> None:
        """Nothing to do: filters are compiled with each question."""

    def allows(self, filters: Filters, rows: Rows) -> Mask:
        taken = self.rows.view.at(rows)
        mask: Mask = taken.usable & (taken.embargoed <= int(filters.now.timestamp())) & taken.mask(filters)
        for group in filters.require:
            mask &= np.logical_or.reduce([self._meets(condition, taken, rows) for condition in group])
        for condition in filters.exclude:
            mask &= ~self._meets(condition, taken, rows)
        return mask & self._is_early(taken)

    def _meets(self, condition: Condition, taken: Columns, rows: Rows) -> Mask:
        if isinstance(condition, Holds):
            return self._lexical.holding(condition, rows)
        if isinstance(condition, Is):
            return taken.having(condition.field, [condition.value])
        return taken.published_within(condition.start, condition.past)

    def _is_early(self, taken: Columns) -> Mask:
        """Which of these were there at the change until which this shows. Numbers are given in order of arrival: what has a lower
        one than an article that was there was there. Where the last of them is not known, a later version counts as early."""
        if self._until is None:
            return np.ones(len(taken), dtype=np.bool_)
        if self._last_seq is not None:
            return np.asarray(taken.seq <= self._last_seq)
        changes = np.array([self.rows.change(seq) for seq in taken.seq.tolist()], dtype=np.int64)
        last = int(taken.seq[changes <= self._until].max(initial=0))
        return (taken.seq <= last) | (taken.version > 1)

    def _kept(self, rows: Rows, filters: Filters) -> Rows:
        """Those of proposed rows that the filters let through, as far as Milvus could not tell."""
        if self._store.is_exact(filters) and self._until is None:
            return rows
        return rows[self.allows(filters, rows)]

    def count(self, filters: Filters) -> int:
        if self._store.is_exact(filters):
            return self._once(("count", filters), lambda: self._store.count(self._generation, filters))
        return len(self.by_date(filters, None, newest=True)[0])

    def by_date(self, filters: Filters, count: int | None, *, newest: bool) -> tuple[Rows, bool]:
        wanted = LISTED if count is None else count
        seqs, all_there = self._once(
            ("by_date", filters, wanted, newest),
            lambda: self._store.within(self._generation, filters, wanted, newest=newest),
        )
        rows = self._kept(self.rows.meet(seqs.tolist()), filters)
        return ordered_by_date(rows, self.columns.published, newest=newest), all_there

    def published_since(self, filters: Filters, start_s: float) -> Rows:
        start = datetime.fromtimestamp(max(0.0, start_s), UTC)
        since = replace(filters, published_from=max(start, filters.published_from or start))
        seqs, _ = self._once(("since", since), lambda: self._store.within(self._generation, since, MOVING, newest=True))
        return self._kept(self.rows.meet(seqs.tolist()), filters)

    def nearest(self, vector: Vector, count: int, filters: Filters) -> tuple[Rows, int]:
        """Where filters ask for words, which Milvus does not tell, it is asked once, and deep."""
        asked = min(count, MOST) if self._store.is_exact(filters) else INEXACT_CHUNKS
        seqs, _ = self._near(vector, asked, filters)
        rows = self._kept(self.rows.meet(seqs.tolist(), with_terms=True), filters)
        return np.unique(rows), min(len(seqs), count - 1) if len(seqs) < asked else count

    def alike(self, vector: Vector, least: float, filters: Filters) -> tuple[Rows, bool]:
        seqs, scores = self._near(vector, ALIKE_CHUNKS, filters)
        near = seqs[scores > least]
        rows = self._kept(self.rows.meet(near.tolist(), with_terms=True), filters)
        return np.unique(rows), len(near) < ALIKE_CHUNKS

    def _near(self, vector: Vector, count: int, filters: Filters) -> tuple[Rows, Scores]:
        asked = min(count, MOST)
        return self._once(
            ("near", vector.tobytes(), asked, filters),
            lambda: self._store.nearest(self._generation, vector, asked, filters),
        )

    def by_words(self, terms: QueryTerms, count: int, filters: Filters, *, titles: bool = True) -> tuple[Rows, Scores]:
        if self.words_missing or not terms:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        rows = self._proposed(terms, count, filters)
        scores = self._lexical.score(replace(terms, neighbours=()), rows, titles=titles)
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] > 0]
        return rows[order], scores[order]

    def _proposed(self, terms: QueryTerms, count: int, filters: Filters) -> Rows:
        """The articles that Milvus ranks first by these words, best first."""
        asked = tuple(_repeated(terms))
        most = min(count, MOST)
        seqs = self._once(
            ("words", asked, most, filters),
            lambda: self._store.by_words(self._generation, asked, most, filters),
        )
        return self._kept(self.rows.meet(seqs.tolist(), with_terms=True), filters)

    def dated_by_words(self, terms: QueryTerms, count: int, filters: Filters, *, newest: bool) -> tuple[Rows, bool]:
        if self.words_missing or not terms:
            return np.empty(0, dtype=np.int64), True
        rows = self._proposed(terms, DATED_PROPOSALS, filters)
        all_seen = len(rows) < DATED_PROPOSALS
        rows = rows[self._lexical.holding_enough(terms, rows, filters.now)]
        return ordered_by_date(rows, self.columns.published, newest=newest)[:count], all_seen

    def chunk_similarities(self, query: Vector, article_rows: Rows) -> tuple[Rows, Rows, Scores]:
        view = self.rows.view
        chunk_rows, owner = view.chunk_rows(article_rows)
        ids = (view.seq[article_rows][owner] << ORDINAL_BITS) | (chunk_rows - view.chunk_offsets[article_rows][owner])
        return chunk_rows, owner, self._likeness(Part.CHUNKS, query, article_rows, ids)

    def article_similarities(self, query: Vector, article_rows: Rows) -> Scores:
        return self._likeness(Part.ARTICLES, query, article_rows, self.rows.view.seq[article_rows])

    def _likeness(self, part: Part, query: Vector, article_rows: Rows, ids: Rows) -> Scores:
        """The cosine of each of the ids; 0 of what is there no more. What was asked of the same vector before is remembered."""
        known: _Likeness = self._once(("likeness", part, query.tobytes()), _Likeness)
        lacking = sorted(set(self.rows.view.seq[article_rows].tolist()) - known.asked)
        if lacking:
            ask = self._store.chunk_scores if part is Part.CHUNKS else self._store.article_scores
            found, scores = ask(self._generation, query, lacking)
            known.scores |= dict(zip(found.tolist(), scores.tolist(), strict=True))
            known.asked |= set(lacking)
        return np.array([known.scores.get(one, 0.0) for one in ids.tolist()], dtype=np.float32)

    def article_vectors(self, rows: Rows) -> Embeddings:
        vectors = np.zeros((len(rows), self._serving.dimension), dtype=np.float32)
        for position, found in enumerate(self.rows.vectors(rows)):
            if found is not None:
                vectors[position] = found
        return vectors

    def row_of(self, seq: int) -> int | None:
        return next(iter(self.rows.meet([seq]).tolist()), None)

    def rows_of(self, seqs: Iterable[int]) -> Rows:
        return self.rows.meet(seqs)

    def rows_of_groups(self, groups: Rows) -> Rows:
        return self._found(Key.TEXT_GROUP, groups.tolist())

    def story_members(self, stories: Sequence[int], now: datetime) -> Rows:
        return self.visible(self._found(Key.STORY, list(stories)), now)

    def _found(self, key: Key, values: Sequence[int]) -> Rows:
        seqs = self._once(("find", key, tuple(values)), lambda: self._store.find(self._generation, key, values))
        return self.rows.meet(seqs.tolist())

    def visible(self, rows: Rows, now: datetime) -> Rows:
        columns = self.rows.view
        return rows[columns.usable[rows] & (columns.embargoed[rows] <= int(now.timestamp()))]

    def sections(self, filters: Filters) -> list[str]:
        known = self._store.names(self._generation, Kind.SECTION, "", SECTIONS)
        shown = (spelled for name, spelled in known.items() if self._has(Fact.SECTION, name, filters))
        return sorted(shown, key=str.casefold)

    def _has(self, fact: Fact, value: str, filters: Filters) -> bool:
        return self.count(replace(filters, require=(*filters.require, (Is(fact, value),)))) > 0

    def spelled(self, fact: Fact, value: str, filters: Filters) -> str | None:
        if not self._has(fact, value, filters):
            return None
        names = self._store.names(self._generation, _KINDS[fact], value.casefold(), LISTED)
        return names.get(value.casefold(), value)

    def _once(self, asked: Hashable, ask: Callable[[], T]) -> T:
        """What was answered to the same question before, else what is answered now."""
        with self._turn:
            if asked in self._answers:
                found: T = self._answers[asked]
                return found
        answer = ask()
        with self._turn:
            self._answers.setdefault(asked, answer)
        return answer


def _repeated(terms: QueryTerms) -> Iterator[str]:
    """The terms of a query, each as often as it weighs: Milvus knows no other weights."""
    for word in terms.words:
        for term in word.terms:
            yield from repeat(term, max(1, round(STEPS * word.weight)))
