"""Articles of the archive with their chunks and embeddings, as generations and tails are made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.archive_connection import Connection
from indexer.archive_places import mean_vector
from indexer.articles import format_time
from indexer.errors import IndexDamaged
from indexer.records import stored_article
from indexer.types import Article

_COLUMNS = "seq, versions.version, change, text_group, story, known_from, record"


_LACKING = (
    "NOT EXISTS (SELECT 1 FROM chunks "
    "WHERE chunks.seq = articles.seq AND chunks.version = articles.version AND recipe = ?)"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A version of an article, the current one unless said otherwise, with its chunks' spans and embeddings (fp16, row by row).

    `change` numbers the change that brought this version, or its place: copies of one text have the same `text_group`, articles
    of one story the same `story` (None when it has not been looked for yet). `known_from` is when the version became known, in
    seconds since 1970.
    """

    seq: int
    version: int
    change: int
    text_group: int
    story: int | None
    article: Article
    spans: list[tuple[int, int]]
    embeddings: NDArray[np.float16]
    known_from: int = 0


class StoredArticles:
    """Reads them from the archive's own database; `recipe` and `model` say whose chunks and embeddings are wanted."""

    def __init__(self, db: Connection, path: Path) -> None:
        self._db = db
        self._path = path

    def in_order(self) -> list[int]:
        """The numbers of all articles in order of publication, those without a date first."""
        return [seq for (seq,) in self._db.execute("SELECT seq FROM articles ORDER BY published, seq")]

    def end_of_portion(self, change: int, most: int) -> int | None:
        """The change up to which `most` articles were changed after `change`, or fewer where there are no more; None for none."""
        question = (
            "SELECT max(change) FROM (SELECT change FROM articles WHERE change > ? ORDER BY change LIMIT ?) AS portion"
        )
        found: int | None = self._db.execute(question, (change, most)).fetchone()[0]
        return found

    def changed_within(self, change: int, last: int, recipe: str, model: str) -> list[Stored]:
        """Current versions of the articles changed after `change` and not after `last`, in order of first arrival."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM articles JOIN versions USING (seq, version) WHERE change > ? AND change <= ? ORDER BY seq",
            (change, last),
        ).fetchall()
        return [self._stored(row, recipe, model) for row in rows]

    def changed_after(self, change: int, recipe: str, model: str) -> Iterator[Stored]:
        """Current versions of the articles changed after `change`, in order of first arrival."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM articles JOIN versions USING (seq, version) WHERE change > ? ORDER BY seq",
            (change,),
        )
        for row in rows:
            yield self._stored(row, recipe, model)

    def withdrawn_after(self, change: int, now: datetime, *, deleted_too: bool = True) -> list[int]:
        """The numbers of the articles that were changed after a change and that readers may not see now, or never again."""
        rows = self._db.execute(
            "SELECT seq FROM articles JOIN versions USING (seq, version) WHERE change > ? AND ("
            "coalesce(json_extract(record, '$.pubstatus'), 'usable') != 'usable' OR json_extract(record, '$.embargoed') > ?) "
            "AND (? OR NOT deleted)",
            (change, format_time(now), deleted_too),
        )
        return [*(seq for (seq,) in rows), *self.gone_after(change)]

    def gone_after(self, change: int) -> list[int]:
        """The numbers of the articles that were taken down after a change."""
        rows = self._db.execute(
            "SELECT DISTINCT seq FROM changes WHERE change > ? AND seq NOT IN (SELECT seq FROM articles)", (change,)
        )
        return [seq for (seq,) in rows]

    def last_arrived(self, change: int) -> int:
        """The highest number of the articles that had come by a change; 0 where none had."""
        question = "SELECT coalesce(max(seq), 0) FROM changes WHERE change <= ?"
        return int(self._db.execute(question, (change,)).fetchone()[0])

    def of(self, seqs: Sequence[int], recipe: str, model: str) -> list[Stored]:
        """The current versions of these articles, in the order asked; those that are not there are left out."""
        question = f"SELECT {_COLUMNS} FROM articles JOIN versions USING (seq, version) WHERE seq = ?"
        rows = (self._db.execute(question, (seq,)).fetchone() for seq in seqs)
        return [self._stored(row, recipe, model) for row in rows if row is not None]

    def of_versions(self, keys: Sequence[tuple[int, int]], recipe: str, model: str) -> list[Stored]:
        """These (seq, version) pairs, in the order asked; those that are not there are left out."""
        question = f"SELECT {_COLUMNS} FROM articles JOIN versions USING (seq) WHERE seq = ? AND versions.version = ?"
        rows = (self._db.execute(question, key).fetchone() for key in keys)
        return [self._stored(row, recipe, model) for row in rows if row is not None]

    def in_order_of_publication(self, recipe: str, model: str) -> Iterator[tuple[int, Article, NDArray[np.float16]]]:
        """(number, current version, mean vector) of each article that has chunks of this recipe, those without a date first."""
        for seq in self.in_order():
            for one in self.of([seq], recipe, model):
                if len(one.embeddings):
                    yield seq, one.article, mean_vector(one.embeddings)

    def without_chunks(self, recipe: str) -> Iterator[tuple[int, int, Article]]:
        """(seq, version, article) of each current version that has no chunks of this recipe yet."""
        last = 0
        while True:
            rows = self._db.execute(
                f"SELECT seq, version, record FROM articles JOIN versions USING (seq, version) WHERE seq > ? AND {_LACKING} "
                "ORDER BY seq LIMIT 500",
                (last, recipe),
            ).fetchall()
            if not rows:
                return
            for seq, version, record in rows:
                yield seq, version, stored_article(record)
            last = rows[-1][0]

    def lacking_chunks(self, recipe: str) -> int:
        """How many articles `without_chunks` would go through."""
        return int(self._db.execute(f"SELECT count(*) FROM articles WHERE {_LACKING}", (recipe,)).fetchone()[0])

    def holds(self, key: tuple[int, int]) -> bool:
        """Whether there is this (seq, version)."""
        return self._db.execute("SELECT 1 FROM versions WHERE seq = ? AND version = ?", key).fetchone() is not None

    def version_keys(self) -> set[tuple[int, int]]:
        """Every (seq, version) there is."""
        return set(self._db.execute("SELECT seq, version FROM versions"))

    def current_keys(self, change: int) -> set[tuple[int, int]]:
        """(seq, version) of every article whose current version came at this change or before."""
        return set(self._db.execute("SELECT seq, version FROM articles WHERE change <= ?", (change,)))

    def unchanged(self, seqs: Sequence[int], change: int) -> int:
        """How many of these articles were not changed after a change."""
        question = "SELECT count(*) FROM articles WHERE seq = ? AND change <= ?"
        return sum(self._db.execute(question, (seq, change)).fetchone()[0] for seq in seqs)

    def count(self) -> int:
        """How many articles there are."""
        return int(self._db.execute("SELECT count(*) FROM articles").fetchone()[0])

    def changed_articles(self, change: int) -> int:
        """How many articles changed after a change: the length of a tail."""
        return int(self._db.execute("SELECT count(*) FROM articles WHERE change > ?", (change,)).fetchone()[0])

    def _stored(self, row: tuple[Any, ...], recipe: str, model: str) -> Stored:
        seq, version, change, group, story, known_from, record = row
        spans, vectors = self._chunks(seq, version, recipe, model)
        return Stored(seq, version, change, group, story, stored_article(record), spans, vectors, known_from)

    def _chunks(
        self, seq: int, version: int, recipe: str, model: str
    ) -> tuple[list[tuple[int, int]], NDArray[np.float16]]:
        rows = self._db.execute(
            "SELECT first, past, vector FROM chunks JOIN embeddings ON embeddings.model = ? "
            "AND embeddings.text_hash = chunks.text_hash WHERE seq = ? AND version = ? AND recipe = ? ORDER BY ordinal",
            (model, seq, version, recipe),
        ).fetchall()
        spans = [(first, past) for first, past, _ in rows]
        if len({len(vector) for _, _, vector in rows}) > 1:
            raise IndexDamaged(f"{self._path} holds a damaged embedding of article {seq}; restore it from a backup")
        vectors = [np.frombuffer(vector, dtype=np.float16) for _, _, vector in rows]
        return spans, np.stack(vectors) if vectors else np.empty((0, 0), dtype=np.float16)
