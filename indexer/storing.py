"""Articles put into the archive with their chunks, embeddings and places, by any number of writing processes.

Each transaction begins by looking whether another process wrote since the last one: what this one remembers of the
articles around is then brought up to date, and what was decided before must be decided again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from indexer.archive import Archive, Known
from indexer.archive_places import mean_vector
from indexer.placer import IngestPlacer
from indexer.recipe import Cut, Recipe, keep_recipe
from indexer.types import Article, Vector

MOST_CAUGHT_UP = 2000
"""Articles that others wrote are read one by one up to so many; past it, what was remembered is read anew."""


class Store:
    """What one writer puts into an archive, a transaction at a time."""

    def __init__(self, archive: Archive, recipe: Recipe) -> None:
        self._archive = archive
        self._recipe = recipe
        self._placer: IngestPlacer | None = None
        self._left_at: int | None = None
        self.others_wrote = True
        """Whether another process may have written between the last transaction and this one."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is put inside is stored, durably, or nothing is; raises ModelError when the index has another model by now."""
        try:
            with self._archive.transaction():
                keep_recipe(self._archive, self._recipe)
                self.others_wrote = self._archive.last_change() != self._left_at
                if self.others_wrote:
                    self._catch_up()
                yield
                reached = self._archive.last_change()
        except BaseException:
            self._placer = self._left_at = None  # it may remember what was not stored
            raise
        self._left_at = reached

    def put_embeddings(self, vectors: Mapping[bytes, Vector]) -> None:
        self._archive.embeddings.put(self._recipe.model, vectors)

    def put(self, article: Article, made: Cut, *, at: datetime, version: int = 1) -> Known:
        """Store the next version of an article, cut so; its texts have embeddings."""
        known = self._archive.put(article, received_at=at, version=version)
        self._archive.put_chunks(known.seq, known.version, self._recipe.key, *made)
        return known

    def place(self, stored: Sequence[tuple[int, Article, Sequence[bytes]]]) -> int:
        """Give the articles put (number, article, hashes of its texts) their places; returns how many are copies."""
        if not stored:
            return 0
        self._placer = self._placer or IngestPlacer(self._archive, self._recipe)
        vectors = [mean_vector(self._archive.embeddings.of(self._recipe.model, hashes)) for _, _, hashes in stored]
        return self._placer.place(
            [(seq, article, vector) for (seq, article, _), vector in zip(stored, vectors, strict=True)]
        )

    def _catch_up(self) -> None:
        """Take in what others placed; forget all when that is much."""
        if self._placer is None or self._left_at is None:
            return
        written = self._archive.places.changed_after(self._left_at, MOST_CAUGHT_UP + 1)
        if len(written) > MOST_CAUGHT_UP:
            self._placer = None
        else:
            self._placer.take_in(written)
