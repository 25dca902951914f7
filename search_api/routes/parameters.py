"""Query parameters of the HTTP API; a parameter that is not listed is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from indexer.filters import Filters
from search_api.query import (
    DEFAULT_LIMIT,
    FILTER_FIELDS,
    MAX_LIMIT,
    Fallback,
    Mode,
    RelatedMode,
    RelatedQuery,
    SearchQuery,
    clean_query_text,
    make_filters,
)


def _without_blanks(words: list[str]) -> list[str]:
    return [word for word in words if word.strip()]


Words = Annotated[list[str], Field(default_factory=list, max_length=50), AfterValidator(_without_blanks)]
"""Values of a filter; an empty one, as a form sends for a choice not made, asks nothing."""


class NoParameters(BaseModel):
    """An endpoint that takes none."""

    model_config = ConfigDict(extra="forbid")


NoParametersDep = Annotated[NoParameters, Query()]


class SearchParameters(BaseModel):
    """`GET /v1/search`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    q: str = Field(description="A question or words.", examples=["why did the ferry capsize"])
    from_: str | None = Field(default=None, alias="from", description="Published at or after: a date or ISO 8601 time.")
    to: str | None = Field(default=None, description="Published before, or on that day: a date or ISO 8601 time.")
    section: Words = Field(description="Only these sections; repeat for several.")
    source: Words = Field(description="Only these sources.")
    exclude_source: Words = Field(description="None of these sources.")
    author: Words = Field(description="Only these authors.")
    language: Words = Field(description="Only these languages (BCP 47); `en` includes en-GB.")
    tag: Words = Field(description="Only articles with one of these tags.")
    mode: Mode = Field(default=Mode.HYBRID, description="Which arms answer.")
    semantic_ratio: float | None = Field(
        default=None, ge=0, le=1, description="Weight of meaning against words in a hybrid search."
    )
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = Field(default=None, max_length=200, description="`next_cursor` of the page before.")
    explain: bool = Field(default=False, description="Say how each score came about.")

    def query(self, now: datetime) -> SearchQuery:
        return SearchQuery(
            text=clean_query_text(self.q),
            filters=make_filters(
                now, {name: getattr(self, name) for name in FILTER_FIELDS}, ("from", self.from_), ("to", self.to)
            ),
            mode=self.mode,
            semantic_ratio=self.semantic_ratio,
            limit=self.limit,
            cursor=self.cursor,
            explain=self.explain,
        )


class RelatedParameters(BaseModel):
    """`GET /v1/articles/{id}/related`."""

    model_config = ConfigDict(extra="forbid")

    mode: RelatedMode = RelatedMode.RELATED
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    section: Words = Field(description="Only these sections; repeat for several.")
    source: Words = Field(description="Only these sources.")
    exclude: Words = Field(description="Ids of articles to leave out.")
    min_score: float | None = Field(default=None, ge=0, le=1, description="Articles below this are not related enough.")
    fallback: Fallback = Field(default=Fallback.SECTION, description="What fills a list that is too short.")

    def query(self, now: datetime) -> RelatedQuery:
        return RelatedQuery(
            filters=Filters(now=now, sections=tuple(self.section), sources=tuple(self.source)),
            mode=self.mode,
            limit=self.limit,
            exclude=tuple(self.exclude),
            min_score=self.min_score,
            fallback=self.fallback,
        )
