"""What can be wrong with an archive, asked of the database itself."""

from __future__ import annotations

from collections.abc import Iterator

from indexer.archive_connection import Connection
from indexer.archive_schema import CROSS_REFERENCES
from indexer.errors import IndexDamaged
from indexer.records import content_hash, stored_article


def problems(db: Connection) -> Iterator[str]:
    """What is wrong, in words; nothing when all is well."""
    yield from (row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok")
    for what, question in CROSS_REFERENCES.items():
        count = db.execute(question).fetchone()[0]
        if count:
            yield f"{count} {what}"
    yield from _changed_contents(db)


def _changed_contents(db: Connection) -> Iterator[str]:
    """The current versions that are not what was stored."""
    rows = db.execute("SELECT article_id, content_hash, record FROM articles JOIN versions USING (seq, version)")
    for article_id, expected, record in rows:
        try:
            found = content_hash(stored_article(record))
        except IndexDamaged as error:
            found = str(error).encode()
        if found != expected:
            yield f"article {article_id!r} is not what was stored"
