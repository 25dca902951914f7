"""The documents about stories that the HTTP API gives out, mapped from the domain's values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from pydantic import Field

from search_api.results import MovingStory, StoryArticle, StoryPage
from search_api.schemas import Document, DuplicatesDocument

NAMED = 5
"""How many of its sources a moving story names."""


class StoryArticleDocument(Document):
    id: str
    url: str | None
    title: str
    source: str | None
    section: str | None
    published_at: datetime | None
    correction: str | None
    duplicates: DuplicatesDocument


class StorySourceDocument(Document):
    name: str
    articles: int = Field(description="Its articles in the story; each copy counts for the source that ran it.")


class StoryPageDocument(Document):
    id: str = Field(description="The story's present id, also when it was asked for by one that was merged into it.")
    size: int = Field(description="Articles that readers may see, copies of one text counted once.")
    title: str = Field(description="Headline of the most central article.")
    first: StoryArticleDocument
    latest: StoryArticleDocument
    first_at: datetime | None
    latest_at: datetime | None
    sources: list[StorySourceDocument] = Field(description="Most articles first.")
    sections: list[str] = Field(description="Most articles first.")
    timeline: list[StoryArticleDocument] = Field(
        description="Its texts, oldest first, those without a date last; `limit` of them after `offset`."
    )


class SourcesDocument(Document):
    count: int
    names: list[str] = Field(description=f"At most {NAMED}, most articles first.")


class MovingStoryDocument(Document):
    id: str
    size: int = Field(description="All its articles that readers may see, copies of one text counted once.")
    title: str = Field(description="Headline of the most central article.")
    score: float = Field(description="Sum of 2^(-4 * age / window) over the recent texts, times 1 + ln(their sources).")
    recent: int = Field(description="Texts published within the window.")
    sources: SourcesDocument
    sections: list[str] = Field(description="Most articles first.")
    first_at: datetime
    latest_at: datetime | None
    latest: StoryArticleDocument
    articles: list[StoryArticleDocument] = Field(description="The newest three, `latest` among them.")


class StoriesDocument(Document):
    window: str
    stories: list[MovingStoryDocument]


def story_document(page: StoryPage) -> StoryPageDocument:
    return StoryPageDocument(
        id=page.story.id,
        size=page.story.size,
        title=page.central.title if page.central else "",
        first=_article_document(page.first),
        latest=_article_document(page.latest),
        first_at=page.first.article.published_at,
        latest_at=page.latest.article.published_at,
        sources=[StorySourceDocument(name=name, articles=count) for name, count in page.sources.items()],
        sections=list(page.sections),
        timeline=[_article_document(article) for article in page.timeline],
    )


def stories_document(window: str, stories: Sequence[MovingStory]) -> StoriesDocument:
    return StoriesDocument(window=window, stories=[_moving_document(story) for story in stories])


def _moving_document(moving: MovingStory) -> MovingStoryDocument:
    latest = moving.newest[0]
    return MovingStoryDocument(
        id=moving.story.id,
        size=moving.story.size,
        title=moving.central.title if moving.central else "",
        score=round(moving.score, 3),
        recent=moving.recent,
        sources=SourcesDocument(count=len(moving.sources), names=list(islice(moving.sources, NAMED))),
        sections=list(moving.sections),
        first_at=moving.first_at,
        latest_at=latest.article.published_at,
        latest=_article_document(latest),
        articles=[_article_document(article) for article in moving.newest],
    )


def _article_document(told: StoryArticle) -> StoryArticleDocument:
    article = told.article
    return StoryArticleDocument(
        id=article.id,
        url=article.url,
        title=article.title,
        source=article.source,
        section=article.section,
        published_at=article.published_at,
        correction=article.correction,
        duplicates=DuplicatesDocument(count=told.duplicates.count, sources=list(told.duplicates.sources)),
    )
