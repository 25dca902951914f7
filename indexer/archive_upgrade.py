"""An archive that an earlier Dateline wrote, brought to the present schema."""

from __future__ import annotations

from contextlib import suppress

from indexer.archive_connection import Connection
from indexer.archive_schema import CHUNKS, HISTORY, LINES, PLACES, SCHEMA_VERSION
from indexer.errors import ArticleError
from indexer.urls import url_key

OLDER_VERSIONS = ("1", "2", "3")

_FROM_VERSION_1 = f"""
ALTER TABLE articles ADD COLUMN published INTEGER;
ALTER TABLE articles ADD COLUMN text_group INTEGER NOT NULL DEFAULT 0;
ALTER TABLE articles ADD COLUMN story INTEGER REFERENCES stories;
{PLACES}
UPDATE articles SET text_group = text_key, published = (
    SELECT unixepoch(CASE WHEN json_valid(record) THEN json_extract(record, '$.published_at') END) FROM versions
    WHERE versions.seq = articles.seq AND versions.version = articles.version);
"""
"""To version 2; near-copies and stories are found by the next `dateline reindex`."""

_TO_VERSION_4 = f"""
ALTER TABLE versions ADD COLUMN known_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE versions ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
UPDATE versions SET known_from = min(unixepoch(received_at), coalesce(unixepoch(
    CASE WHEN json_valid(record) THEN json_extract(record, iif(version = 1, '$.published_at', '$.updated_at')) END),
    unixepoch(received_at)));
ALTER TABLE chunks RENAME TO unversioned_chunks;
{CHUNKS}
INSERT INTO chunks SELECT seq, version, recipe, ordinal, first, past, text_hash FROM unversioned_chunks JOIN articles USING (seq);
DROP TABLE unversioned_chunks;
{HISTORY}
DELETE FROM embeddings WHERE text_hash NOT IN (SELECT text_hash FROM chunks)"""
"""The chunks of earlier versions were not kept; without them nobody could tell whose embeddings the others are."""


def upgrade(db: Connection) -> None:
    """Do what the archive's version lacks, within the caller's transaction; nothing when another process has done it."""
    (version,) = db.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
    if version not in OLDER_VERSIONS:
        return
    if version == "1":
        execute_each(db, _FROM_VERSION_1)
    if version in ("1", "2"):
        execute_each(db, LINES)
        _renew_url_keys(db)
    execute_each(db, _TO_VERSION_4)
    db.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (SCHEMA_VERSION,))


def execute_each(db: Connection, statements: str) -> None:
    """Run statements that are separated by semicolons, within the caller's transaction."""
    for statement in statements.split(";"):
        db.execute(statement)


def _renew_url_keys(db: Connection) -> None:
    """Make the keys of addresses by the present rules: version 3 folds the twins of one page."""
    rows = db.execute(
        "SELECT seq, CASE WHEN json_valid(record) THEN json_extract(record, '$.url') END FROM articles "
        "JOIN versions USING (seq, version) WHERE url_key IS NOT NULL"
    ).fetchall()
    keys = []
    for seq, url in rows:
        with suppress(ArticleError, TypeError, AttributeError):  # a damaged record keeps its key; verify names it
            keys.append((url_key(url), seq))
    db.executemany("UPDATE articles SET url_key = ? WHERE seq = ?", keys)
