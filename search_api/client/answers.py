"""What the service answers with, field by field as in docs/openapi.json.

A class is the schema of its name, without `Document` at the end. A field with a default may be missing in an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Snippet:
    """The passage that answers best. `spans` are (start, end) in `text` of what matches; `chunk` 0 is the article's first."""

    text: str
    chunk: int
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The other copies of an article's text, folded into it."""

    count: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """The unfolding story of an article, and how many articles it has."""

    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Explain:
    """How a score came about: `blend` of `dense` and `lexical`, times `recency`."""

    semantic_ratio: float
    article_share: float
    cosine: float
    article_cosine: float
    dense: float
    dense_rank: int
    bm25: float
    full_marks: float
    lexical: float
    lexical_rank: int
    blend: float
    recency: float
    folded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that was found. `score` is 0 to 1, 0 for articles of a fallback."""

    id: str
    url: str | None
    title: str
    section: str | None
    source: str | None
    authors: tuple[str, ...]
    language: str
    published_at: datetime | None
    updated_at: datetime | None
    version: int
    correction: str | None
    image_url: str | None
    score: float
    snippet: Snippet
    story: Story | None
    duplicates: Duplicates
    explain: Explain | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """`relation` is `eq` where the count is exact, `gte` where there are at least so many."""

    value: int
    relation: str


@dataclass(frozen=True, slots=True)
class Dates:
    """The date filter that time words gave: published from `start` on and before `past`."""

    words: str
    start: datetime | None
    past: datetime | None
    applied: bool


@dataclass(frozen=True, slots=True)
class Understood:
    """How a query was read. `suggestion` is the query in another spelling, where a word of it is unknown."""

    text: str
    dates: Dates | None
    recency: float
    suggestion: str | None


@dataclass(frozen=True, slots=True)
class Search:
    """One page of results. `next_cursor` asks for the next one; `facets` count all results by value."""

    query: str
    mode: str
    generation: int | None
    took_ms: float
    total: Total
    next_cursor: str | None
    facets: Mapping[str, Mapping[str, int]]
    understood: Understood
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`kind` is name, section, source, author, tag or title; a title has the id of its article."""

    text: str
    kind: str
    article_id: str | None


@dataclass(frozen=True, slots=True)
class Suggest:
    """Completions of what is typed."""

    query: str
    took_ms: float
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """How many articles a list of related ones leaves out, and why."""

    seed_duplicates: int
    below_min_score: int


@dataclass(frozen=True, slots=True)
class Related:
    """Related articles. `seed` is None for an unknown address; `fallback_used` says what filled a list that was too short."""

    seed: str | None
    mode: str
    fallback_used: str | None
    removed: Removed
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """One version of an article. `published_from` says where its date was read, `published_confidence` (0 to 1) how far to
    trust it; `extra` holds the fields that Dateline has no name for."""

    id: str
    url: str | None
    title: str
    body: str
    summary: str | None
    source: str | None
    section: str | None
    authors: tuple[str, ...]
    language: str
    published_at: datetime | None
    published_from: str
    published_confidence: float
    updated_at: datetime | None
    version: int
    correction: str | None
    image_url: str | None
    tags: tuple[str, ...]
    license: str | None
    extra: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoryArticle:
    """An article of a story."""

    id: str
    url: str | None
    title: str
    source: str | None
    section: str | None
    published_at: datetime | None
    correction: str | None
    duplicates: Duplicates


@dataclass(frozen=True, slots=True)
class StorySource:
    """How many articles of a story a source ran."""

    name: str
    articles: int


@dataclass(frozen=True, slots=True)
class StoryPage:
    """A story from its beginning: `timeline` is oldest first. `id` is the present one, also of a story that was merged."""

    id: str
    size: int
    title: str
    first: StoryArticle
    latest: StoryArticle
    first_at: datetime | None
    latest_at: datetime | None
    sources: tuple[StorySource, ...]
    sections: tuple[str, ...]
    timeline: tuple[StoryArticle, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """How many sources tell of a story, and the first of them by number of articles."""

    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MovingStory:
    """A story with new articles: `recent` of them within the window, the newest three in `articles`."""

    id: str
    size: int
    title: str
    score: float
    recent: int
    sources: Sources
    sections: tuple[str, ...]
    first_at: datetime
    latest_at: datetime | None
    latest: StoryArticle
    articles: tuple[StoryArticle, ...]


@dataclass(frozen=True, slots=True)
class Stories:
    """The stories that are moving, those that move most first."""

    window: str
    stories: tuple[MovingStory, ...]
