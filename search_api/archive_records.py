"""Articles as the archive of this machine has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from indexer.archive import Archive
from indexer.archive_history import Version
from indexer.types import Article


class ArchiveRecords:
    """Reads one thread's connection to the archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def seq_of(self, article_id: str) -> int | None:
        known = self._archive.known(article_id)
        return known.seq if known else None

    def id_of_url(self, url: str) -> str | None:
        return self._archive.id_of_url(url)

    def article(self, article_id: str) -> tuple[Article, int] | None:
        return self._archive.article(article_id)

    def versions(self, article_id: str) -> Sequence[Version]:
        return self._archive.history.versions(article_id)

    def shown_at(self, keys: Sequence[tuple[int, int]], now: datetime) -> Sequence[Article | None]:
        return self._archive.shown_at(keys, now)

    def with_text(self, key: int) -> Sequence[int]:
        return self._archive.places.with_text(key)

    def story_ids(self, numbers: Sequence[int]) -> dict[int, str]:
        return self._archive.places.story_ids(numbers)

    def story_numbers(self, story_id: str) -> Sequence[int]:
        return self._archive.places.story_numbers(story_id)
