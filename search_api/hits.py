"""Ranked rows made into hits: the stored article, its best passage, its copies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from indexer.archive import Archive
from indexer.engines.embedded import Snapshot
from indexer.engines.lexical import WeightedTerms, matching_spans
from indexer.types import Article, Vector
from search_api.ranking import Candidates, Group, Ranked
from search_api.results import Duplicates, Explanation, Hit
from search_api.snippets import best_snippet


class HitMaker:
    """Makes the hits of one answer; with `explained_ratio` each hit says how its score came about."""

    def __init__(
        self,
        archive: Archive,
        snapshot: Snapshot,
        terms: WeightedTerms,
        vector: Vector | None,
        now: datetime,
        explained_ratio: float | None = None,
    ) -> None:
        self._archive = archive
        self._snapshot = snapshot
        self._terms = terms
        self._vector = vector
        self._now = now
        self._explained_ratio = explained_ratio

    def make(self, ranked: Ranked, candidates: Candidates, groups: Sequence[Group]) -> tuple[Hit, ...]:
        """One hit for each group, in order; none for an article withdrawn since the snapshot was taken."""
        rows = ranked.rows[[group.position for group in groups]]
        return tuple(
            Hit(
                article=article,
                version=int(self._snapshot.columns.version[row]),
                score=float(ranked.score[group.position]),
                snippet=best_snippet(article, *self._passage(row, article), self._terms),
                duplicates=self._duplicates(ranked, group),
                explain=self._explanation(ranked, group.position, candidates),
            )
            for group, row, article in zip(groups, rows.tolist(), self._articles(rows.tolist()), strict=True)
            if article is not None
        )

    def _articles(self, rows: Sequence[int]) -> list[Article | None]:
        columns = self._snapshot.columns
        return self._archive.shown_at([(int(columns.seq[row]), int(columns.version[row])) for row in rows], self._now)

    def _passage(self, row: int, article: Article) -> tuple[int, tuple[int, int]]:
        """The article's best chunk: its likeness to the query and the query's words in it count alike."""
        columns = self._snapshot.columns
        first, past = int(columns.chunk_offsets[row]), int(columns.chunk_offsets[row + 1])
        if first == past:
            return 0, (0, 0)
        spans = list(zip(columns.chunk_start[first:past].tolist(), columns.chunk_end[first:past].tolist(), strict=True))
        held = [matching_spans(article.body[start:end], article.language, self._terms) for start, end in spans]
        words = np.array([len({term for _, _, term in found}) for found in held], dtype=np.float32)
        score = words / max(1.0, float(words.max()))
        if self._vector is not None:
            score += self._snapshot.chunk_similarities(self._vector, np.array([row]))[2]
        chunk = int(score.argmax())
        return chunk, spans[chunk]

    def _duplicates(self, ranked: Ranked, group: Group) -> Duplicates:
        columns = self._snapshot.columns
        names = (columns.words("source", int(ranked.rows[position])) for position in group.copies)
        return Duplicates(len(group.copies), tuple(dict.fromkeys(name for name in names if name)))

    def _explanation(self, ranked: Ranked, position: int, candidates: Candidates) -> Explanation | None:
        if self._explained_ratio is None:
            return None
        raw = int(np.flatnonzero(candidates.rows == ranked.rows[position])[0])
        return Explanation(
            semantic_ratio=self._explained_ratio,
            dense=float(ranked.dense[position]),
            lexical=float(ranked.lexical[position]),
            cosine=float(candidates.dense[raw]),
            bm25=float(candidates.lexical[raw]),
        )
