"""Articles on their way into the archive: batches that are stored at once, windows that are embedded together."""

from __future__ import annotations

from dataclasses import dataclass, field

from indexer.preparing import is_window
from indexer.types import Article, Vector

BATCH_ARTICLES = 64
"""Articles stored per transaction: what readers wait for, against the price of a sync."""


@dataclass(slots=True)
class Batch:
    """Articles that are stored in one transaction. It ends at a size, or before a second version of one of its articles.

    So what it holds depends only on where the one before ended: a run taken up again has the batches of one that was not killed.
    """

    articles: dict[str, Article] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    follows: dict[str, int] = field(default_factory=dict)
    """The version that each article was compared with, 0 for a new one."""
    brought: dict[bytes, Vector] = field(default_factory=dict)
    """Embeddings that the articles brought along, checked, by the hashes of their texts."""


@dataclass(frozen=True, slots=True)
class Page:
    """Of an article that was read from a page: its site, and the lines left out of it (None: its text is not the page's)."""

    site: str
    left_out: frozenset[int] | None


@dataclass(slots=True)
class Window:
    """Batches that are embedded together."""

    batches: list[Batch] = field(default_factory=list)

    @property
    def articles(self) -> list[Article]:
        return [article for batch in self.batches for article in batch.articles.values()]

    @property
    def brought(self) -> dict[bytes, Vector]:
        return {text_hash: vector for batch in self.batches for text_hash, vector in batch.brought.items()}

    @property
    def is_full(self) -> bool:
        return is_window(self.articles)
