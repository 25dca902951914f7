"""An article taken out of the archive for good, in the archive's own database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from indexer.archive_connection import Connection
from indexer.archive_history import url_hash
from indexer.archive_places import Places
from indexer.articles import format_time
from indexer.records import stored_article
from indexer.term_prints import buckets_of
from indexer.types import Article


@dataclass(frozen=True, slots=True)
class Erased:
    """What was taken out: the versions themselves, how many chunks and embeddings, and which copies of its text stay."""

    seq: int
    versions: tuple[Article, ...]
    chunks: int
    embeddings: int
    copies: tuple[str, ...]


def erase(db: Connection, places: Places, article_id: str, reason: str, at: datetime) -> Erased | None:
    """Erase every version of an article and leave a tombstone, within the caller's transaction; None for an unknown id."""
    row = db.execute("SELECT seq, text_group FROM articles WHERE article_id = ?", (article_id,)).fetchone()
    if row is None:
        return None
    seq, group = row
    records = db.execute("SELECT record FROM versions WHERE seq = ? ORDER BY version", (seq,)).fetchall()
    versions = tuple(stored_article(record) for (record,) in records)
    copies = db.execute(
        "SELECT article_id FROM articles WHERE text_group = ? AND seq != ? ORDER BY seq", (group, seq)
    ).fetchall()
    embeddings = _erase_embeddings(db, seq)
    _forget_terms(db, places, seq)
    chunks = db.execute("DELETE FROM chunks WHERE seq = ?", (seq,)).rowcount
    for table in ("versions", "site_pages", "articles"):
        db.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))
    when = format_time(at)
    db.execute("INSERT INTO changes (seq, at) VALUES (?, ?)", (seq, when))
    db.execute("INSERT INTO tombstones VALUES (?, ?, ?, ?, 0)", (article_id, when, reason, seq))
    hashes = {url_hash(version.url) for version in versions if version.url}
    db.executemany("INSERT OR IGNORE INTO tombstone_urls VALUES (?, ?)", [(one, article_id) for one in hashes])
    return Erased(seq, versions, chunks, embeddings, tuple(copy for (copy,) in copies))


def _erase_embeddings(db: Connection, seq: int) -> int:
    """Those of texts that no other article has."""
    own = {text_hash for (text_hash,) in db.execute("SELECT text_hash FROM chunks WHERE seq = ?", (seq,))}
    db.execute("CREATE TEMP TABLE IF NOT EXISTS erased (text_hash BLOB PRIMARY KEY) WITHOUT ROWID")
    db.execute("DELETE FROM erased")
    db.executemany("INSERT INTO erased VALUES (?)", [(text_hash,) for text_hash in own])
    db.execute(
        "DELETE FROM erased WHERE text_hash IN "
        "(SELECT text_hash FROM chunks WHERE seq != ? AND text_hash IN (SELECT text_hash FROM erased))",
        (seq,),
    )
    models = [model for (model,) in db.execute("SELECT DISTINCT model FROM embeddings").fetchall()]
    gone = [text_hash for (text_hash,) in db.execute("SELECT text_hash FROM erased").fetchall()]
    return sum(
        db.execute("DELETE FROM embeddings WHERE model = ? AND text_hash = ?", (model, text_hash)).rowcount
        for model in models
        for text_hash in gone
    )


def _forget_terms(db: Connection, places: Places, seq: int) -> None:
    row = db.execute("DELETE FROM term_prints WHERE seq = ? RETURNING terms", (seq,)).fetchone()
    if row:
        places.count_terms(buckets_of(np.frombuffer(row[0], dtype="<u4")), 1, taken=True)
