"""What calls take beside their first argument, by the names of docs/openapi.json (`from_` for `from`).

What is left out is the service's default. docs/search.md, docs/related.md and docs/stories.md say what each does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, TypeAlias, TypedDict

Moment: TypeAlias = str | date | datetime
"""A day, or a time with its zone; as text in ISO 8601."""

Words: TypeAlias = str | Sequence[str]
"""One value or several."""

RelatedMode: TypeAlias = Literal["related", "latest", "background", "same_story"]
Fallback: TypeAlias = Literal["section", "recent", "none"]
Facet: TypeAlias = Literal["section", "source", "language", "date"]


class SearchOptions(TypedDict, total=False):
    """`GET` and `POST /v1/search`, beside `q`."""

    from_: Moment
    to: Moment
    as_of: Moment
    section: Words
    source: Words
    exclude_source: Words
    author: Words
    language: Words
    tag: Words
    mode: Literal["hybrid", "semantic", "keyword"]
    semantic_ratio: float
    sort: Literal["relevance", "newest", "oldest"]
    recency: str
    dates: Literal["auto", "off"]
    collapse: Literal["none", "duplicates", "story"]
    max_per_source: int
    diversity: float
    min_score: float
    facets: Facet | Sequence[Facet]
    highlight: bool
    limit: int
    cursor: str
    explain: bool


class ListOptions(TypedDict, total=False):
    """What every list of related articles takes."""

    mode: RelatedMode
    limit: int
    window: str
    source: Words
    exclude: Words
    max_per_source: int
    diversity: float
    min_score: float
    fallback: Fallback


class RelatedOptions(ListOptions, total=False):
    """`GET /v1/articles/{id}/related` and `GET /v1/related`."""

    section: Words


class DraftOptions(ListOptions, total=False):
    """`POST /v1/related`: a draft, ids of articles that are liked, or both. `section` is the draft's own, `sections` filters."""

    title: str
    body: str
    published_at: Moment
    section: str
    sections: Words
    language: str
    url: str
    like: Words
    unlike: Words


class StoriesOptions(TypedDict, total=False):
    """`GET /v1/stories`."""

    window: str
    as_of: Moment
    section: Words
    source: Words
    language: Words
    limit: int


class BuildOptions(TypedDict, total=False):
    """`POST /v1/generations`."""

    model: str
    gate: str
    gate_step: float
    activate: bool


class ArticleRecord(TypedDict, total=False):
    """An article as it is sent (docs/articles.md); `title` or `body` is needed. Fields with other names are kept too: send a
    plain dict where there are some."""

    id: str
    url: str
    title: str
    body: str
    published_at: Moment
    updated_at: Moment
    source: str
    section: str
    authors: Sequence[str]
    language: str
    summary: str
    image_url: str
    tags: Sequence[str]
    license: str
    pubstatus: Literal["usable", "withheld", "canceled"]
    embargoed: Moment
    correction: str
    version: int
