"""What filters and ranking ask of one article: a row of `columns.Columns`."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.archive_stored import Stored
from indexer.engines.columns import NO_STORY, seconds
from indexer.types import PubStatus


@dataclass(frozen=True, slots=True)
class Facts:
    """What filters and ranking ask of one article, as `columns.Columns` has it row by row; `spans` are of its chunks."""

    seq: int
    version: int
    change: int
    text_group: int
    story: int
    length: int
    published: int
    embargoed: int
    known_from: int
    usable: bool
    section: str | None
    source: str | None
    language: str
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


def facts_of(stored: Stored) -> Facts:
    """Those of an article of the archive."""
    article = stored.article
    return Facts(
        seq=stored.seq,
        version=stored.version,
        change=stored.change,
        text_group=stored.text_group,
        story=stored.story or NO_STORY,
        length=len(article.body),
        published=seconds(article.published_at),
        embargoed=seconds(article.embargoed),
        known_from=stored.known_from,
        usable=article.pubstatus is PubStatus.USABLE,
        section=article.section,
        source=article.source,
        language=article.language,
        authors=article.authors,
        tags=article.tags,
        spans=tuple(stored.spans),
    )
