"""What the endpoints for related articles take; a parameter that is not listed is refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from indexer.filters import Filters
from indexer.types import Article
from search_api import value_forms as forms
from search_api.moving import asked_window
from search_api.query import DEFAULT_LIMIT, MAX_LIMIT, Fallback, RelatedMode, RelatedQuery
from search_api.routes.parameters import Words, readable
from search_api.schemas import Body
from search_api.seeds import draft_article

MAX_TITLE = 1_000
MAX_BODY = 50_000
"""Characters of a draft's body: about eight thousand words, which take seconds to embed."""

MAX_LIKED = 20
MAX_URL = 2_000

Ids = Annotated[list[str], Field(default_factory=list, max_length=MAX_LIKED)]


class ListParameters(BaseModel):
    """What every list of related articles can be asked with; `sections` of a query are named by each endpoint's own."""

    model_config = ConfigDict(extra="forbid")

    mode: RelatedMode = Field(
        default=RelatedMode.RELATED,
        description="`related`: what is closest. `latest`: newer developments, newest first. `background`: older articles "
        "with room to explain. `same_story`: only the seed's unfolding story.",
    )
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    window: str | None = Field(
        default=None,
        description="How far from the seed's date: 12h, 7d, 4w or 1y (hours, days, weeks, years); a seed without a date "
        "counts as published now.",
        json_schema_extra=forms.OPTIONAL_SPAN,
    )
    source: Words = Field(description="Only these sources.")
    exclude: Words = Field(description="Ids of articles to leave out, with their copies.")
    max_per_source: int | None = Field(default=None, ge=1, description="How many articles each source may have.")
    diversity: float = Field(default=0.0, ge=0, le=1, description="How far apart articles that are alike are set.")
    min_score: float | None = Field(
        default=None, ge=0, le=1, description="Articles below this are not related enough; by default the mode decides."
    )
    fallback: Fallback | None = Field(
        default=None,
        description="What fills a list that is too short: `section` (then recent), `recent` or `none`. The default is "
        "`section`, for `same_story` `none`.",
    )

    @model_validator(mode="before")
    @classmethod
    def _of_whole_characters(cls, given: Any) -> Any:
        return readable(given)

    def asked(self, now: datetime, sections: Sequence[str]) -> RelatedQuery:
        return RelatedQuery(
            filters=Filters(now=now, sections=tuple(sections), sources=tuple(self.source)),
            mode=self.mode,
            limit=self.limit,
            window=asked_window(self.window) if self.window else None,
            exclude=tuple(self.exclude),
            max_per_source=self.max_per_source,
            diversity=self.diversity,
            min_score=self.min_score,
            fallback=self.fallback,
        )


class RelatedParameters(ListParameters):
    """`GET /v1/articles/{id}/related`."""

    section: Words = Field(description="Only these sections; repeat for several.")

    def query(self, now: datetime) -> RelatedQuery:
        return self.asked(now, self.section)


class RelatedToUrlParameters(RelatedParameters):
    """`GET /v1/related`."""

    url: str = Field(
        min_length=1,
        max_length=MAX_URL,
        description="The address of an article; it is never fetched.",
        json_schema_extra={"format": "uri"},
    )


def _with_something(form: forms.Form) -> None:
    forms.one_or_several(form, "source", "exclude", "sections")
    liked = {"type": "array", "minItems": 1}
    forms.one_of_with(form, {"title": forms.WITH_TEXT}, {"body": forms.WITH_TEXT}, {"like": liked})


class RelatedToDraftParameters(Body, ListParameters):
    """`POST /v1/related`: a draft, articles that are liked, or both."""

    model_config = ConfigDict(json_schema_extra=_with_something)

    title: str = Field(default="", max_length=MAX_TITLE, description="The draft's headline.")
    body: str = Field(default="", max_length=MAX_BODY, description="The draft's text. Nothing of a draft is stored.")
    published_at: str | None = Field(
        default=None, description="ISO 8601; without it, the draft is of now.", json_schema_extra=forms.moment
    )
    section: str | None = Field(default=None, max_length=200, description="The section that the draft will appear in.")
    sections: Words = Field(description="Only articles of these sections.")
    language: str | None = Field(
        default=None,
        max_length=35,
        description="BCP 47; found from the text when missing.",
        json_schema_extra=forms.LANGUAGE,
    )
    url: str | None = Field(
        default=None,
        max_length=MAX_URL,
        description="Its address: an article that came with it is the draft's own.",
        json_schema_extra=forms.address,
    )
    like: Ids = Field(description="Ids of articles that related ones shall be like; these are not shown again.")
    unlike: Ids = Field(description="Ids of articles that they shall not be like; nor are these shown.")

    @model_validator(mode="after")
    def _of_something(self) -> RelatedToDraftParameters:
        if not (self.title.strip() or self.body.strip() or self.like):
            raise ValueError("nothing is given to look from; give title, body or like")
        return self

    def query(self, now: datetime) -> RelatedQuery:
        return self.asked(now, self.sections)

    def draft(self, now: datetime) -> Article | None:
        """None when only liked articles are given. Raises QueryError for what cannot be read."""
        if not (self.title.strip() or self.body.strip()):
            return None
        fields = {
            "title": self.title,
            "body": self.body,
            "section": self.section,
            "published_at": self.published_at,
            "language": self.language,
            "url": self.url,
        }
        return draft_article({name: value for name, value in fields.items() if value}, now)


RelatedQueryDep = Annotated[RelatedParameters, Query()]
RelatedToUrlDep = Annotated[RelatedToUrlParameters, Query()]
