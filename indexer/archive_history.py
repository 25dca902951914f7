"""What was known of articles, and when: every version with its times, and what has been taken down."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from indexer.archive_connection import Connection
from indexer.articles import epoch_seconds
from indexer.records import stored_article
from indexer.types import Article
from indexer.urls import url_key


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an article; `known_from` is when it was published as such, `received_at` when it was stored.

    A deletion is a version, with the text that was deleted.
    """

    number: int
    received_at: datetime
    known_from: datetime
    deleted: bool
    article: Article


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of an article that was taken down; not `purged` yet while other files of the index may still tell of it."""

    article_id: str
    at: str
    reason: str
    seq: int
    purged: bool


_TOMBSTONE = "article_id, at, reason, seq, purged"


class History:
    """Versions and tombstones in the archive's own database; writes are part of the archive's transaction."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def versions(self, article_id: str) -> list[Version]:
        """Every version of an article, the first one first."""
        rows = self._db.execute(
            "SELECT versions.version, received_at, known_from, deleted, record FROM versions JOIN articles USING (seq) "
            "WHERE article_id = ? ORDER BY versions.version",
            (article_id,),
        ).fetchall()
        return [
            Version(
                number,
                datetime.fromisoformat(received_at),
                datetime.fromtimestamp(known_from, UTC),
                bool(deleted),
                stored_article(record),
            )
            for number, received_at, known_from, deleted, record in rows
        ]

    def before_deletion(self, seq: int, deletion: int) -> Article | None:
        """The version that a deletion deleted; None where it was taken down meanwhile."""
        row = self._db.execute(
            "SELECT record FROM versions WHERE seq = ? AND version < ? ORDER BY version DESC LIMIT 1", (seq, deletion)
        ).fetchone()
        return stored_article(row[0]) if row else None

    def changed_since(self, moment: datetime) -> list[tuple[int, int]]:
        """(seq, version then current) of each article that had another version, or was not deleted yet, at a moment."""
        seconds = epoch_seconds(moment)
        rows = self._db.execute(
            "SELECT seq, max(version), deleted FROM versions WHERE known_from <= ? "
            "AND seq IN (SELECT seq FROM versions WHERE version > 1 AND known_from > ?) GROUP BY seq",
            (seconds, seconds),
        )
        return [(seq, version) for seq, version, deleted in rows if not deleted]

    def received_at(self, article_id: str) -> str | None:
        """When the current version of an article was stored."""
        row = self._db.execute(
            "SELECT received_at FROM articles JOIN versions USING (seq, version) WHERE article_id = ?", (article_id,)
        ).fetchone()
        return row[0] if row else None

    def is_said(self, text: str, *, but: str) -> bool:
        """Whether a stored version of another article holds a text, written as it is in JSON."""
        row = self._db.execute(
            "SELECT 1 FROM versions JOIN articles USING (seq) WHERE instr(record, ?) AND article_id != ? LIMIT 1",
            (text, but),
        ).fetchone()
        return row is not None

    def tombstone(self, article: Article) -> Tombstone | None:
        """Why an article may not be stored: its id, or its address, was taken down."""
        row = self._db.execute(
            f"SELECT {_TOMBSTONE} FROM tombstones WHERE article_id = ? "
            "OR article_id IN (SELECT article_id FROM tombstone_urls WHERE url_hash = ?)",
            (article.id, url_hash(article.url)),
        ).fetchone()
        return Tombstone(*row) if row else None

    def tombstone_of(self, article_id: str) -> Tombstone | None:
        """What is left of the article that had this id."""
        question = f"SELECT {_TOMBSTONE} FROM tombstones WHERE article_id = ?"
        row = self._db.execute(question, (article_id,)).fetchone()
        return Tombstone(*row) if row else None

    def unpurged(self) -> list[str]:
        """The ids of articles whose takedown was not finished."""
        return [article_id for (article_id,) in self._db.execute("SELECT article_id FROM tombstones WHERE NOT purged")]

    def set_purged(self, article_id: str) -> None:
        """Nothing in the index tells of the article any more."""
        self._db.execute("UPDATE tombstones SET purged = 1 WHERE article_id = ?", (article_id,))


def url_hash(url: str | None) -> bytes | None:
    """What a tombstone keeps of an address, which may hold the words of a headline."""
    return hashlib.sha256(url_key(url).encode()).digest() if url else None
