"""The truth: one SQLite database of articles with every version, chunks, embeddings and a numbered change log.

Everything else in an index is derived from it. Writes need `Archive.writing()`, which holds the index's lock for the
process and commits as one transaction; reads never wait for writes (write-ahead log).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from indexer.archive_check import problems
from indexer.archive_connection import connect
from indexer.archive_embeddings import EmbeddingStore
from indexer.archive_erasing import Erased, erase
from indexer.archive_history import History
from indexer.archive_lines import SiteLines
from indexer.archive_places import Places
from indexer.archive_schema import SCHEMA, SCHEMA_VERSION
from indexer.archive_stored import StoredArticles
from indexer.archive_upgrade import OLDER_VERSIONS, execute_each, upgrade
from indexer.articles import epoch_seconds, format_time, is_visible
from indexer.duplicates import text_key
from indexer.errors import IndexBusy, IndexDamaged, IndexMissing
from indexer.records import content_hash, record_from_article, stored_article
from indexer.scratch import Scratch
from indexer.types import Article, Chunk
from indexer.urls import url_key


@dataclass(frozen=True, slots=True)
class Known:
    """What the archive holds of one article id."""

    seq: int
    article_id: str
    version: int
    content_hash: bytes
    deleted: bool


class Archive:
    """One open connection to an archive. Not shared between threads: each opens its own."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        if not create and not path.is_file():
            raise IndexMissing(
                f"no archive at {path}; ingest articles first: dateline ingest FOLDER --index {path.parent}"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._db = connect(path)
        self._inode = path.stat().st_ino
        self._prepare()
        self.embeddings = EmbeddingStore(self._db)
        self.places = Places(self._db)
        self.lines = SiteLines(self._db)
        self.stored = StoredArticles(self._db, path)
        self.history = History(self._db)

    def _prepare(self) -> None:
        if self._is_empty():
            with self.transaction():
                if self._is_empty():  # else another process was faster
                    execute_each(self._db, SCHEMA)
                    self.set_meta("schema", SCHEMA_VERSION)
        if self.meta("schema") in OLDER_VERSIONS:
            with self.transaction():
                upgrade(self._db)
        found = self.meta("schema")
        if found != SCHEMA_VERSION:
            raise IndexDamaged(
                f"{self.path} has schema {found}, this Dateline reads {SCHEMA_VERSION}; use a matching version"
            )

    def _is_empty(self) -> bool:
        return bool(self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0)

    def close(self) -> None:
        self._db.close()

    def was_replaced(self) -> bool:
        """Whether another file has this one's place by now, as after a restore."""
        try:
            return self.path.stat().st_ino != self._inode
        except FileNotFoundError:
            return True

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is stored, durably, or nothing is."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Everything read inside is of one moment."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    def scratch(self) -> Scratch:
        """Room for what one run has to remember, gone with this connection."""
        return Scratch(self._db)

    # What it knows -------------------------------------------------------------------------------------------------

    def meta(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_meta(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def last_change(self) -> int:
        """The number of the newest change; 0 for an empty archive."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").fetchone()
        return int(row[0]) if row else 0

    def counts(self, recipe: str | None = None) -> dict[str, int]:
        """Articles, versions, embeddings, duplicates, and the current versions' chunks of a recipe (of all, if none is named)."""
        one = self._db.execute
        chunks = (
            "SELECT count(*) FROM chunks JOIN articles USING (seq, version) WHERE ? IS NULL OR recipe = ?",
            (recipe, recipe),
        )
        return {
            "articles": one("SELECT count(*) FROM articles").fetchone()[0],
            "versions": one("SELECT count(*) FROM versions").fetchone()[0],
            "chunks": one(*chunks).fetchone()[0],
            "embeddings": one("SELECT count(*) FROM embeddings").fetchone()[0],
            "duplicates": one("SELECT count(*) - count(DISTINCT text_group) FROM articles").fetchone()[0],
        }

    def known(self, article_id: str) -> Known | None:
        row = self._db.execute(
            "SELECT seq, article_id, version, content_hash, deleted FROM articles JOIN versions USING (seq, version) "
            "WHERE article_id = ?",
            (article_id,),
        ).fetchone()
        if row is None:
            return None
        seq, found_id, version, hashed, deleted = row
        return Known(seq, found_id, version, hashed, bool(deleted))

    def versions(self, article_id: str) -> list[Article]:
        """Every version of an article, in no particular order."""
        rows = self._db.execute(
            "SELECT record FROM versions JOIN articles USING (seq) WHERE article_id = ?", (article_id,)
        )
        return [stored_article(record) for (record,) in rows]

    def id_of_url(self, url: str) -> str | None:
        """The id of the first article that has this address."""
        found = self.with_url(url_key(url))
        return found[0][1] if found else None

    def with_url(self, key: str) -> list[tuple[int, str]]:
        """(seq, id) of the articles whose current address has this key, in order of arrival."""
        rows = self._db.execute("SELECT seq, article_id FROM articles WHERE url_key = ? ORDER BY seq", (key,))
        return rows.fetchall()

    def article(self, article_id: str) -> tuple[Article, int] | None:
        """The current version of an article and its number."""
        row = self._db.execute(
            "SELECT record, version FROM articles JOIN versions USING (seq, version) WHERE article_id = ?",
            (article_id,),
        ).fetchone()
        return (stored_article(row[0]), row[1]) if row else None

    def current(self, seq: int) -> Article:
        """The current version of the article of a number."""
        row = self._db.execute("SELECT record FROM articles JOIN versions USING (seq, version) WHERE seq = ?", (seq,))
        return stored_article(row.fetchone()[0])

    def current_articles(self) -> Iterator[Article]:
        """The current version of every article that is not deleted, in order of arrival."""
        rows = self._db.execute(
            "SELECT record FROM articles JOIN versions USING (seq, version) WHERE NOT deleted ORDER BY seq"
        )
        for (record,) in rows:
            yield stored_article(record)

    def shown_at(
        self, keys: Sequence[tuple[int, int]], now: datetime, *, as_of: datetime | None = None
    ) -> list[Article | None]:
        """The articles of these (seq, version) pairs, in the order given; None where readers may not see the article now.

        A deleted article is shown to those who ask `as_of` a moment before it was deleted.
        """
        return [self._shown(seq, version, now, as_of) for seq, version in keys]

    def _shown(self, seq: int, version: int, now: datetime, as_of: datetime | None) -> Article | None:
        row = self._db.execute(
            "SELECT record, version, deleted, known_from FROM articles JOIN versions USING (seq, version) WHERE seq = ?",
            (seq,),
        ).fetchone()
        if row is None:
            return None
        record, newest, deleted, known_from = row
        if deleted and (as_of is None or known_from <= epoch_seconds(as_of) or version == newest):
            return None
        current = stored_article(record)
        judged = self.history.before_deletion(seq, newest) if deleted else current
        if judged is None or not is_visible(judged, now):
            return None
        if version == newest:
            return current
        row = self._db.execute("SELECT record FROM versions WHERE seq = ? AND version = ?", (seq, version)).fetchone()
        if row is None:
            raise IndexDamaged(f"{self.path} has no version {version} of article {seq}; restore it from a backup")
        then = stored_article(row[0])
        return then if is_visible(then, now) else None

    # Reading all of it ---------------------------------------------------------------------------------------------

    def check(self) -> list[str]:
        """What is wrong with the database, in words; empty when nothing is."""
        return list(problems(self._db))

    # Writing -------------------------------------------------------------------------------------------------------

    def put(self, article: Article, *, received_at: datetime, version: int = 1, deleted: bool = False) -> Known:
        """Store the article as the current version, which has the number `version` or the next one, and log the change.

        A version is known from its publication, or its update where it says when that was, and from now on otherwise.
        """
        known = self.known(article.id)
        number = max(version, known.version + 1) if known else version
        hashed = content_hash(article)
        values = {
            "url_key": url_key(article.url) if article.url else None,
            "version": number,
            "content_hash": hashed,
            "text_key": text_key(article),
            "published": epoch_seconds(article.published_at) if article.published_at else None,
        }
        if known:
            seq = known.seq
            self._db.execute(
                f"UPDATE articles SET {', '.join(f'{name} = :{name}' for name in values)}, "
                "text_group = iif(text_key = :text_key, text_group, :text_key) WHERE seq = :seq",
                {**values, "seq": seq},
            )
        else:
            values |= {"article_id": article.id, "change": 0, "text_group": values["text_key"]}
            cursor = self._db.execute(
                f"INSERT INTO articles ({', '.join(values)}) VALUES ({', '.join(f':{name}' for name in values)})",
                values,
            )
            seq = int(cursor.lastrowid or 0)
        said = article.updated_at if known else article.published_at
        earliest = self._known_from(known) if known else 0
        now = epoch_seconds(received_at)
        stated = epoch_seconds(said) if said and not deleted else now
        known_from = max(earliest, stated if earliest <= stated <= now else now)
        record = json.dumps(record_from_article(article), ensure_ascii=False)
        row = (seq, number, format_time(received_at), record, known_from, int(deleted))
        self._db.execute("INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?)", row)
        self.touch(seq, at=received_at)
        return Known(seq, article.id, number, hashed, deleted)

    def _known_from(self, known: Known) -> int:
        question = "SELECT known_from FROM versions WHERE seq = ? AND version = ?"
        return int(self._db.execute(question, (known.seq, known.version)).fetchone()[0])

    def erase(self, article_id: str, reason: str, at: datetime) -> Erased | None:
        """Take every version of an article out for good and leave a tombstone; None for an unknown id."""
        return erase(self._db, self.places, article_id, reason, at)

    def empty_log(self) -> bool:
        """Empty the write-ahead log into the database, so that it holds no earlier page; False while readers are in the way."""
        busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def compact(self) -> None:
        """Write the database anew, without what earlier writes left in its unused room."""
        with suppress(IndexBusy):
            self._db.execute("VACUUM")
        self.empty_log()

    def touch(self, seq: int, *, at: datetime) -> None:
        """Log a change of an article that is not one of its text, so that a generation from before is known to be old."""
        change = self._db.execute("INSERT INTO changes (seq, at) VALUES (?, ?)", (seq, format_time(at))).lastrowid
        self._db.execute("UPDATE articles SET change = ? WHERE seq = ?", (change, seq))

    def repeat_chunks(self, seq: int, version: int, later: int) -> None:
        """Give a later version that has the same text the chunks of an earlier one."""
        self._db.execute(
            "INSERT INTO chunks SELECT seq, ?, recipe, ordinal, first, past, text_hash FROM chunks WHERE seq = ? AND version = ?",
            (later, seq, version),
        )

    def put_chunks(self, seq: int, version: int, recipe: str, chunks: Sequence[Chunk], hashes: Sequence[bytes]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (seq, version, recipe, ordinal, chunk.start, chunk.end, text_hash)
                for ordinal, (chunk, text_hash) in enumerate(zip(chunks, hashes, strict=True))
            ],
        )
