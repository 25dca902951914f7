"""What a run over sources must remember besides the archive: in memory while it is little, else in a temporary database."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from indexer.archive_connection import Connection
from indexer.records import record_from_article, stored_article
from indexer.types import Article
from indexer.urls import url_key

MOST_IN_MEMORY = 100_000
"""Ids remembered in memory; a hundred thousand take some 30 MB."""

_TABLES = """
CREATE TEMP TABLE IF NOT EXISTS seen (article_id TEXT PRIMARY KEY, seen TEXT NOT NULL) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS rehearsed (number INTEGER PRIMARY KEY, article_id TEXT NOT NULL, record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS temp.rehearsed_by_id ON rehearsed (article_id, number);
CREATE TEMP TABLE IF NOT EXISTS rehearsed_urls (number INTEGER PRIMARY KEY, url_key TEXT NOT NULL, article_id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS temp.rehearsed_by_url ON rehearsed_urls (url_key, number);
CREATE TEMP TABLE IF NOT EXISTS rehearsed_texts (text_key INTEGER PRIMARY KEY, article_id TEXT NOT NULL);
DELETE FROM seen; DELETE FROM rehearsed; DELETE FROM rehearsed_urls; DELETE FROM rehearsed_texts;
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """The source in which an id was read last in this run, and where in it first."""

    source: str
    place: str


class SeenIds:
    """Where each id was read, however many there are."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._recent: dict[str, Seen] = {}
        self._spilled = False

    def get(self, article_id: str) -> Seen | None:
        if article_id in self._recent or not self._spilled:
            return self._recent.get(article_id)
        row = self._db.execute("SELECT seen FROM seen WHERE article_id = ?", (article_id,)).fetchone()
        return Seen(*json.loads(row[0])) if row else None

    def put(self, article_id: str, seen: Seen) -> None:
        self._recent[article_id] = seen
        if len(self._recent) >= MOST_IN_MEMORY:
            rows = [(known, json.dumps([at.source, at.place])) for known, at in self._recent.items()]
            self._db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?)", rows)
            self._recent.clear()
            self._spilled = True


class Unstored(Protocol):
    """Articles that were taken and are not in the archive yet."""

    @property
    def waiting(self) -> int:
        """How many will be stored later."""

    def article(self, article_id: str) -> Article | None:
        """The latest of an id."""

    def versions(self, article_id: str) -> Iterable[Article]:
        """Every one of an id."""

    def with_url(self, key: str) -> list[str]:
        """The ids whose latest has an address of this key, in order of arrival."""

    def put(self, article: Article) -> None: ...


class InFlight:
    """Those of the windows on their way into the archive: one an id."""

    def __init__(self) -> None:
        self._articles: dict[str, Article] = {}
        self._urls: dict[str, dict[str, None]] = {}

    @property
    def waiting(self) -> int:
        return len(self._articles)

    def article(self, article_id: str) -> Article | None:
        return self._articles.get(article_id)

    def versions(self, article_id: str) -> Iterable[Article]:
        return [article] if (article := self._articles.get(article_id)) else []

    def with_url(self, key: str) -> list[str]:
        return list(self._urls.get(key, ()))

    def put(self, article: Article) -> None:
        self._articles[article.id] = article
        if article.url:
            self._urls.setdefault(url_key(article.url), {})[article.id] = None

    def stored(self, article_id: str) -> None:
        """This one is in the archive now."""
        article = self._articles.pop(article_id)
        if article.url:
            key = url_key(article.url)
            del self._urls[key][article_id]
            if not self._urls[key]:
                del self._urls[key]


class Rehearsal:
    """Those of a dry run, which never get there."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    @property
    def waiting(self) -> int:
        return 0

    def article(self, article_id: str) -> Article | None:
        question = "SELECT record FROM rehearsed WHERE article_id = ? ORDER BY number DESC LIMIT 1"
        row = self._db.execute(question, (article_id,)).fetchone()
        return stored_article(row[0]) if row else None

    def versions(self, article_id: str) -> Iterable[Article]:
        rows = self._db.execute("SELECT record FROM rehearsed WHERE article_id = ?", (article_id,)).fetchall()
        return [stored_article(record) for (record,) in rows]

    def with_url(self, key: str) -> list[str]:
        rows = self._db.execute(
            "SELECT article_id FROM rehearsed_urls WHERE url_key = ? ORDER BY number", (key,)
        ).fetchall()
        latest = {article_id: self.article(article_id) for (article_id,) in rows}
        return [article_id for article_id, one in latest.items() if one and one.url and url_key(one.url) == key]

    def put(self, article: Article) -> None:
        record = json.dumps(record_from_article(article), ensure_ascii=False)
        self._db.execute("INSERT INTO rehearsed (article_id, record) VALUES (?, ?)", (article.id, record))
        if article.url:
            self._db.execute(
                "INSERT INTO rehearsed_urls (url_key, article_id) VALUES (?, ?)", (url_key(article.url), article.id)
            )

    def first_with_text(self, key: int, article_id: str) -> str:
        """The id of the first article of a text, which is this one when there was none."""
        self._db.execute("INSERT OR IGNORE INTO rehearsed_texts VALUES (?, ?)", (key, article_id))
        row = self._db.execute("SELECT article_id FROM rehearsed_texts WHERE text_key = ?", (key,)).fetchone()
        return str(row[0])


class Scratch:
    """The temporary tables of one connection, empty for each run."""

    def __init__(self, db: Connection) -> None:
        db.executescript(_TABLES)
        self.seen = SeenIds(db)
        self.rehearsal = Rehearsal(db)
