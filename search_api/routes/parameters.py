"""Query parameters of the HTTP API; a parameter that is not listed is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from indexer.errors import QueryError
from search_api import value_forms as forms
from search_api.moving import asked_window
from search_api.query import (
    DEFAULT_LIMIT,
    FILTER_FIELDS,
    MAX_LIMIT,
    MAX_QUERY_CHARS,
    Collapse,
    Dates,
    Facet,
    Mode,
    SearchQuery,
    Sort,
    clean_query_text,
    make_filters,
    whole_text,
)
from search_api.recency import asked_recency
from search_api.schemas import Body
from search_api.stories import StoriesQuery

MAX_CURSOR = 8000
"""A cursor grows with the articles shown before it."""

SUGGESTIONS = 8
"""How many completions are offered unless asked otherwise."""

MOVING = 20
"""How many stories are listed unless asked otherwise."""

TIMELINE = 50
"""How many texts of a story's timeline are given unless asked otherwise."""


def _without_blanks(words: list[str]) -> list[str]:
    return [word for word in words if word.strip()]


def _known_recency(setting: str) -> str:
    try:
        asked_recency(setting)
    except QueryError as error:
        raise ValueError(str(error)) from None
    return setting


def _split(values: object) -> object:
    """`a,b` as two values."""
    many = values if isinstance(values, list) else [values]
    return [part.strip() for value in many for part in str(value).split(",") if part.strip()]


def _listed(value: object) -> object:
    """One text as a list of one, as an address would give it."""
    return [value] if isinstance(value, str) else value


def readable(given: Any) -> Any:
    """Halves of a character, which JSON can spell and no text can hold, become the replacement character.

    In the texts and lists of texts that parameters are; what is nested deeper is none, and refused as it is.
    """
    return {name: _whole(value) for name, value in given.items()} if isinstance(given, dict) else given


def _whole(value: Any) -> Any:
    if isinstance(value, list):
        return [whole_text(item) if isinstance(item, str) else item for item in value]
    return whole_text(value) if isinstance(value, str) else value


Words = Annotated[
    list[str], Field(default_factory=list, max_length=50), BeforeValidator(_listed), AfterValidator(_without_blanks)
]
"""Values of a filter; an empty one, as a form sends for a choice not made, asks nothing."""


class NoParameters(BaseModel):
    """An endpoint that takes none."""

    model_config = ConfigDict(extra="forbid")


NoParametersDep = Annotated[NoParameters, Query()]


class SearchParameters(BaseModel):
    """`GET` and `POST /v1/search`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    q: str = Field(
        description='A question or words. Operators: "exact phrase", -excluded, field:value (title, section, source, author, '
        "tag, language, date, from, to), OR.",
        examples=["why did the ferry capsize"],
        json_schema_extra={**forms.WITH_TEXT, "maxLength": MAX_QUERY_CHARS},
    )
    from_: str | None = Field(
        default=None,
        alias="from",
        description="Published at or after: a date or ISO 8601 time.",
        json_schema_extra=forms.day_or_moment,
    )
    to: str | None = Field(
        default=None,
        description="Published before, or on that day: a date or ISO 8601 time.",
        json_schema_extra=forms.day_or_moment,
    )
    as_of: str | None = Field(
        default=None,
        description="Answer as if it were then: nothing published later, time words and recency count from it.",
        json_schema_extra=forms.day_or_moment,
    )
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
    sort: Sort = Field(
        default=Sort.RELEVANCE, description="What comes first; a query of filters only begins with the newest."
    )
    recency: Annotated[str, AfterValidator(_known_recency)] = Field(
        default="auto",
        description="How age lowers a score: `auto` when the question is about current events, `off`, or a half-life (7d).",
        json_schema_extra=forms.RECENCY,
    )
    dates: Dates = Field(
        default=Dates.AUTO, description="Whether time words (last week, since March) become a date filter."
    )
    collapse: Collapse = Field(
        default=Collapse.DUPLICATES,
        description="What is folded into one hit: copies of one text, with `story` also the other articles of its story.",
    )
    max_per_source: int | None = Field(default=None, ge=1, description="How many results each source may have.")
    diversity: float = Field(default=0.0, ge=0, le=1, description="How far apart results that are alike are set.")
    min_score: float | None = Field(default=None, ge=0, le=1, description="Results below this are left out.")
    facets: Annotated[list[Facet], BeforeValidator(_split)] = Field(
        default_factory=list, description="What all results are counted by; repeat, or separate by commas."
    )
    highlight: bool = Field(default=True, description="Mark what matches in each passage.")
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = Field(default=None, max_length=MAX_CURSOR, description="`next_cursor` of the page before.")
    explain: bool = Field(default=False, description="Say how each score came about.")

    @model_validator(mode="before")
    @classmethod
    def _of_whole_characters(cls, given: Any) -> Any:
        return readable(given)

    def text(self) -> str:
        return clean_query_text(self.q)

    def query(self, now: datetime) -> SearchQuery:
        dates = {"from": self.from_, "to": self.to, "as_of": self.as_of}
        return SearchQuery(
            text=self.text(),
            filters=make_filters(now, {name: getattr(self, name) for name in FILTER_FIELDS}, dates),
            mode=self.mode,
            semantic_ratio=self.semantic_ratio,
            sort=self.sort,
            recency=self.recency,
            dates=self.dates,
            collapse=self.collapse,
            max_per_source=self.max_per_source,
            diversity=self.diversity,
            min_score=self.min_score,
            facets=tuple(dict.fromkeys(self.facets)),
            highlight=self.highlight,
            limit=self.limit,
            cursor=self.cursor,
            explain=self.explain,
        )


def _lists_may_be_one(form: forms.Form) -> None:
    forms.one_or_several(form, *FILTER_FIELDS, "facets")


class SearchBody(Body, SearchParameters):
    """`POST /v1/search`."""

    model_config = ConfigDict(json_schema_extra=_lists_may_be_one)


class VersionParameters(BaseModel):
    """`GET /v1/articles/{id}`."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(
        default=None, ge=1, le=2**62, description="Which version; the current one unless given."
    )


class FollowingParameters(BaseModel):
    """`PUT` and `DELETE /v1/articles/{id}`."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(
        default=None,
        ge=0,
        le=2**53,
        description="The version that the write follows, or its own number where the sender counts; "
        "409 when a later one is stored.",
    )


class SuggestParameters(BaseModel):
    """`GET /v1/suggest`."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(max_length=MAX_QUERY_CHARS, description="What is typed so far; the last word may be unfinished.")
    limit: int = Field(default=SUGGESTIONS, ge=1, le=20)


class StoriesParameters(BaseModel):
    """`GET /v1/stories`."""

    model_config = ConfigDict(extra="forbid")

    window: str = Field(
        default="7d",
        description="How far back articles are new: 24h, 7d, 4w or 1y (hours, days, weeks, years).",
        json_schema_extra=forms.SPAN,
    )
    as_of: str | None = Field(
        default=None,
        description="Answer as if it were then: a date or ISO 8601 time.",
        json_schema_extra=forms.day_or_moment,
    )
    section: Words = Field(description="Only articles of these sections move a story or are shown; repeat for several.")
    source: Words = Field(description="Only those of these sources.")
    language: Words = Field(description="Only those in these languages (BCP 47); `en` includes en-GB.")
    limit: int = Field(default=MOVING, ge=1, le=MAX_LIMIT)

    def query(self, now: datetime) -> StoriesQuery:
        words = {"section": self.section, "source": self.source, "language": self.language}
        return StoriesQuery(make_filters(now, words, {"as_of": self.as_of}), asked_window(self.window), self.limit)


class StoryParameters(BaseModel):
    """`GET /v1/stories/{id}`."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=TIMELINE, ge=1, le=200, description="How many texts of the timeline.")
    offset: int = Field(default=0, ge=0, description="How many of its first ones are passed over.")
