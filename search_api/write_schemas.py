"""The documents of writing: an article as it is sent, what became of it, its versions, generations, takedowns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from indexer.archive_history import Version
from indexer.articles import is_visible
from indexer.errors import DatelineError, TakenDown, VersionConflict
from indexer.writing import Written
from search_api import value_forms as forms
from search_api.schemas import Body, Document


def _with_title_or_body(form: forms.Form) -> None:
    forms.one_of_with(form, {"title": forms.WITH_TEXT}, {"body": forms.WITH_TEXT})


class ArticleRecord(Body):
    """An article to be stored; `title` or `body` is required. Fields that are not listed are kept in `extra`."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_with_title_or_body)

    id: str | None = Field(
        default=None, description="The same as in the address, or left out.", json_schema_extra={"readOnly": True}
    )
    url: str | None = Field(default=None, json_schema_extra=forms.address)
    title: str | None = None
    body: str | None = Field(default=None, description="Paragraphs separated by an empty line.")
    published_at: str | None = Field(default=None, description="ISO 8601.", json_schema_extra=forms.moment)
    updated_at: str | None = Field(
        default=None, description="ISO 8601: when this version was published.", json_schema_extra=forms.moment
    )
    source: str | None = None
    section: str | None = None
    authors: list[str] | None = None
    language: str | None = Field(
        default=None, description="BCP 47; found out when left out.", json_schema_extra=forms.LANGUAGE
    )
    summary: str | None = None
    image_url: str | None = None
    tags: list[str] | None = None
    license: str | None = None
    pubstatus: str | None = Field(
        default=None, description="usable, withheld or canceled.", json_schema_extra=forms.PUBSTATUS
    )
    embargoed: str | None = Field(
        default=None, description="ISO 8601: hidden from readers until then.", json_schema_extra=forms.moment
    )
    correction: str | None = Field(default=None, description="What was corrected, shown with the article.")
    version: int | None = Field(default=None, ge=0, le=2**53, description="As the parameter `version`.")


class WrittenDocument(Document):
    """A write that is durable."""

    id: str
    status: str = Field(description="created, updated, unchanged or deleted.")
    version: int = Field(description="The version that is current now.")
    change: int = Field(description="Searches see the write from this change on; `/readyz` says how far a process is.")


class VersionDocument(Document):
    version: int
    current: bool
    deleted: bool = Field(description="Readers could not find the article from then on.")
    known_from: datetime = Field(description="When this version was published; `as_of` answers with it from then on.")
    received_at: datetime
    title: str
    summary: str | None
    published_at: datetime | None
    updated_at: datetime | None
    correction: str | None


class VersionsDocument(Document):
    id: str
    versions: list[VersionDocument] = Field(
        description="The newest first; those that readers may not see are left out."
    )


class TakedownParameters(Body):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(
        min_length=1,
        max_length=500,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="Kept with the tombstone; readers do not see it.",
    )


class RewrittenDocument(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)

    from_: int = Field(alias="from")
    to: int


class ReceiptDocument(Document):
    """What was purged, and what was found when every file of the index was looked through afterwards."""

    article_id: str
    taken_down_at: datetime
    reason: str
    url: str | None
    versions: int
    chunks: int
    embeddings: int
    generations_rewritten: list[RewrittenDocument]
    quarantine_entries: int = Field(description="Rejected items that held its text.")
    copies: list[str] = Field(description="Articles with the same text, which stay.")
    files_searched: int
    bytes_searched: int
    traces: list[str] = Field(description="Files of the index that still hold a passage of it; empty when it is gone.")
    surrogate_key: str = Field(description="What caches know its answers by: drop them there.")
    seconds: float


def without_folder(name: str | None) -> str | None:
    """The name of a model that lies in a folder, without telling where that is."""
    return PurePath(name).name if name and name.startswith(("/", ".", "~")) else name


class GenerationDocument(Document):
    number: int
    serving: bool
    served: bool = Field(description="It served before, so that one can go back to it.")
    damaged: bool
    built_at: str | None = None
    change: int | None = None
    model_name: Annotated[str | None, AfterValidator(without_folder)] = None
    articles: int | None = None
    chunks: int | None = None
    bytes: int | None = None


class GenerationsDocument(Document):
    building: bool = Field(description="Whether one is being built now.")
    generations: list[GenerationDocument] = Field(description="Oldest first.")


class BuildParameters(Body):
    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(default=None, description="Embed with this model from now on: a name, or a folder there.")
    gate: str | None = Field(default=None, description="A folder of judged queries on the service's machine.")
    gate_step: float | None = Field(default=None, ge=0, le=1, description="How much nDCG@10 may fall.")
    activate: bool = Field(default=True, description="Let it serve once it is built and has passed.")

    def arguments(self) -> list[str]:
        """As `dateline reindex` takes them."""
        given = {"--model": self.model, "--gate": self.gate, "--gate-step": self.gate_step}
        options = [f"{name}={value}" for name, value in given.items() if value is not None]
        return [*options, *([] if self.activate else ["--no-activate"])]


class BuildDocument(Document):
    building: bool


class ActivatedDocument(Document):
    generation: int
    before: int | None
    model: str


def written_document(written: Written) -> WrittenDocument:
    return WrittenDocument(id=written.article_id, status=written.result, version=written.version, change=written.change)


def outcome_of(outcome: Written | DatelineError) -> str:
    """What became of a write, in one word."""
    if isinstance(outcome, Written):
        return outcome.result
    return {VersionConflict: "conflict", TakenDown: "taken_down"}.get(type(outcome), "rejected")


def line_document(line: int, article_id: str | None, outcome: Written | DatelineError) -> dict[str, Any]:
    """What is answered for one line of a bulk write."""
    if isinstance(outcome, Written):
        return {"line": line, **written_document(outcome).model_dump(exclude={"change"})}
    return {"line": line, "id": article_id, "status": outcome_of(outcome), "problem": str(outcome)}


def versions_document(article_id: str, versions: Sequence[Version], now: datetime) -> VersionsDocument:
    newest = versions[-1].number
    return VersionsDocument(
        id=article_id,
        versions=[
            VersionDocument(
                version=one.number,
                current=one.number == newest,
                deleted=one.deleted,
                known_from=one.known_from,
                received_at=one.received_at,
                title=one.article.title,
                summary=one.article.summary,
                published_at=one.article.published_at,
                updated_at=one.article.updated_at,
                correction=one.article.correction,
            )
            for before, one in reversed(list(zip([None, *versions], versions, strict=False)))
            if is_visible(before.article if one.deleted and before else one.article, now)
        ],
    )
