"""Where articles stand in the archive: which are copies of one text, and which are of one story."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.archive_connection import Connection


class Places:
    """Text groups and stories, in the archive's own database; writes are part of the archive's transaction."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def has_text(self, key: int, *, other_than: str) -> bool:
        """Whether another article has the same text key."""
        row = self._db.execute(
            "SELECT 1 FROM articles WHERE text_key = ? AND article_id != ? LIMIT 1", (key, other_than)
        ).fetchone()
        return row is not None

    def group_of_text(self, key: int) -> int | None:
        """The group of the articles that have a text key; None when there are none."""
        row = self._db.execute(
            "SELECT text_group FROM articles WHERE text_key = ? ORDER BY seq LIMIT 1", (key,)
        ).fetchone()
        return row[0] if row else None

    # Stories -------------------------------------------------------------------------------------------------------

    def new_story(self, story_id: str) -> int:
        """The number of a story that begins; an id that stood for a merged one stands for itself again."""
        self._db.execute("INSERT OR IGNORE INTO stories (story_id) VALUES (?)", (story_id,))
        self._db.execute("UPDATE stories SET merged_into = NULL WHERE story_id = ?", (story_id,))
        number: int = self._db.execute("SELECT story FROM stories WHERE story_id = ?", (story_id,)).fetchone()[0]
        return number

    def story_numbered(self, story_id: str) -> int | None:
        """The number of the story that an id stands for now, after any merges; None for an id never given."""
        row = self._db.execute(
            "SELECT coalesce(merged_into, story) FROM stories WHERE story_id = ?", (story_id,)
        ).fetchone()
        return row[0] if row else None

    def story_ids(self, numbers: Sequence[int]) -> dict[int, str]:
        """The public id of each story."""
        marks = ", ".join("?" * len(numbers))
        rows = self._db.execute(f"SELECT story, story_id FROM stories WHERE story IN ({marks})", tuple(numbers))
        return dict(rows.fetchall())
