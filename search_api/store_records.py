"""Articles as Milvus has them, for a process that has no archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from indexer.archive_history import Version
from indexer.articles import is_visible
from indexer.engines.milvus.keys import Key
from indexer.engines.milvus.store import MilvusStore
from indexer.records import stored_article
from indexer.types import Article
from indexer.urls import url_key


class StoreRecords:
    """Reads one generation of a store."""

    def __init__(self, store: MilvusStore, generation: int) -> None:
        self._store = store
        self._generation = generation

    def seq_of(self, article_id: str) -> int | None:
        return self._first(Key.ID, article_id)

    def id_of_url(self, url: str) -> str | None:
        seq = self._first(Key.URL_KEY, url_key(url))
        found = self._articles([seq]) if seq is not None else {}
        return next((article.id for article, _ in found.values()), None)

    def article(self, article_id: str) -> tuple[Article, int] | None:
        seq = self.seq_of(article_id)
        found = self._articles([seq]) if seq is not None else {}
        return next(iter(found.values()), None)

    def versions(self, article_id: str) -> Sequence[Version]:
        """The current version alone: earlier ones are in the archive."""
        found = self.article(article_id)
        if found is None:
            return []
        article, number = found
        known = article.updated_at or article.published_at or datetime.fromtimestamp(0, UTC)
        return [Version(number, known, known, False, article)]

    def shown_at(self, keys: Sequence[tuple[int, int]], now: datetime) -> Sequence[Article | None]:
        """Always the current versions."""
        found = self._articles([seq for seq, _ in keys])
        shown = (found.get(seq) for seq, _ in keys)
        return [one[0] if one and is_visible(one[0], now) else None for one in shown]

    def with_text(self, key: int) -> Sequence[int]:
        found: list[int] = self._store.find(self._generation, Key.TEXT_KEY, [key]).tolist()
        return found

    def story_ids(self, numbers: Sequence[int]) -> dict[int, str]:
        members = self._store.find(self._generation, Key.STORY, list(numbers)).tolist() if numbers else []
        seen = self._store.glances(self._generation, members, with_terms=False)
        return {one.facts.story: one.story_id for one in seen if one.story_id}

    def story_numbers(self, story_id: str) -> Sequence[int]:
        member = self._first(Key.STORY_ID, story_id)
        seen = self._store.glances(self._generation, [member], with_terms=False) if member is not None else []
        return [one.facts.story for one in seen]

    def _first(self, key: Key, value: str | int) -> int | None:
        found = self._store.find(self._generation, key, [value])
        return int(found[0]) if len(found) else None

    def _articles(self, seqs: Sequence[int]) -> Mapping[int, tuple[Article, int]]:
        records = self._store.records(self._generation, seqs, fresh=False)
        return {seq: (stored_article(record), version) for seq, (version, record) in records.items()}
