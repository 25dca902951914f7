"""The documents that the HTTP API and `--json` give out, mapped one by one from the domain's values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from indexer.types import Article
from search_api.results import Hit, RelatedAnswer, SearchAnswer, Understood
from search_api.suggestions import Suggestion


class Document(BaseModel):
    model_config = ConfigDict(frozen=True)


class Body(BaseModel):
    """A JSON body, where values have types: no text stands for a number, and no number for true or false."""

    @field_validator("*", mode="before")
    @classmethod
    def _as_it_is_spelled(cls, value: Any, field: ValidationInfo) -> Any:
        annotation = cls.model_fields[field.field_name or ""].annotation
        kinds = {annotation, *get_args(annotation)}
        if bool in kinds and isinstance(value, str | int | float) and not isinstance(value, bool):
            raise ValueError("expected true or false")
        if kinds & {int, float} and isinstance(value, str | bool):
            raise ValueError("expected a number")
        return value


class SnippetDocument(Document):
    text: str = Field(description="The passage that answers best, at most 300 characters or one sentence.")
    chunk: int = Field(description="Which chunk of the article it is from; 0 is the first.")
    spans: list[tuple[int, int]] = Field(
        description="(start, end) in `text` of each matching word, or of the sentence that matches by meaning."
    )


class DuplicatesDocument(Document):
    count: int = Field(description="Other copies of this article's text, folded into it.")
    sources: list[str]


class StoryDocument(Document):
    id: str
    size: int = Field(description="Articles of the story that readers may see, copies of one text counted once.")


class ExplainDocument(Document):
    """score = blend * recency; blend = semantic_ratio * dense + (1 - semantic_ratio) * lexical.

    All are of the best ranked copy of the text, whichever copy is shown.
    """

    semantic_ratio: float = Field(description="Weight of the dense arm.")
    article_share: float = Field(description="Share of `article_cosine` in `dense`; `cosine` has the rest.")
    cosine: float = Field(description="Cosine similarity of the best chunk.")
    article_cosine: float = Field(description="Cosine similarity of the article's own vector.")
    dense: float = Field(description="The dense arm's part, 0 to 1.")
    dense_rank: int = Field(description="Its rank among the results by that part, 1 the best.")
    bm25: float = Field(description="BM25 score.")
    full_marks: float = Field(description="The BM25 score that counts as 1 for this query and language.")
    lexical: float = Field(description="The lexical arm's part, 0 to 1: bm25 / full_marks.")
    lexical_rank: int
    blend: float
    recency: float = Field(description="What age left of the score, 0 to 1; 1 takes nothing.")
    folded: list[str] = Field(description="Ids of the other copies, folded into this hit.")


class HitDocument(Document):
    id: str
    url: str | None
    title: str
    section: str | None
    source: str | None
    authors: list[str]
    language: str
    published_at: datetime | None
    updated_at: datetime | None
    version: int
    correction: str | None
    image_url: str | None
    score: float = Field(ge=0, le=1, description="Higher is better; 0 for articles of a fallback.")
    snippet: SnippetDocument
    story: StoryDocument | None = Field(description="The unfolding story it belongs to, when known.")
    duplicates: DuplicatesDocument
    explain: ExplainDocument | None = None


class TotalDocument(Document):
    value: int
    relation: str = Field(description="`eq` when the count is exact, `gte` when there are at least that many.")


class DatesDocument(Document):
    words: str = Field(description="The time words, as typed.")
    start: datetime | None = Field(description="Published at or after.")
    past: datetime | None = Field(description="Published before.")
    applied: bool = Field(description="False when no answer would have been left; the words were searched instead.")


class UnderstoodDocument(Document):
    """How the query was read."""

    text: str = Field(description="The words that were searched for; empty when only filters were asked for.")
    dates: DatesDocument | None = Field(description="The date filter that time words gave; `dates=off` takes it away.")
    recency: float = Field(description="The most that age could take from a score, 0 to 1.")
    suggestion: str | None = Field(description="The query in another spelling, when a word of it is unknown.")


class SearchDocument(Document):
    query: str
    mode: str
    generation: int | None = Field(description="The generation that answered; null for an empty index.")
    took_ms: float
    total: TotalDocument
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page.")
    facets: dict[str, dict[str, int]] = Field(description="For each facet asked for, how many results have each value.")
    understood: UnderstoodDocument
    hits: list[HitDocument]


class SuggestionDocument(Document):
    text: str
    kind: str = Field(description="name, section, source, author, tag or title.")
    article_id: str | None = Field(description="The article of a title; null otherwise.")


class SuggestDocument(Document):
    query: str
    took_ms: float
    suggestions: list[SuggestionDocument]


class RemovedDocument(Document):
    seed_duplicates: int
    below_min_score: int


class RelatedDocument(Document):
    seed: str | None
    mode: str
    fallback_used: str | None = Field(
        description="`section` or `recent` when the list was filled with articles not related."
    )
    removed: RemovedDocument
    hits: list[HitDocument]


class ArticleDocument(Document):
    id: str
    url: str | None
    title: str
    body: str
    summary: str | None
    source: str | None
    section: str | None
    authors: list[str]
    language: str
    published_at: datetime | None
    published_from: str = Field(
        description="Where the date was read: record, json-ld, meta, page, url, update or none."
    )
    published_confidence: float = Field(description="How far to trust the date, 0 to 1, by where it was read.")
    updated_at: datetime | None
    version: int
    correction: str | None
    image_url: str | None
    tags: list[str]
    license: str | None
    extra: dict[str, Any]


class ProblemDocument(Document):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = Field(default=None, description="As in X-Request-ID; the service's log has it too.")
    errors: list[dict[str, Any]] | None = None


def hit_document(hit: Hit) -> HitDocument:
    article = hit.article
    return HitDocument(
        id=article.id,
        url=article.url,
        title=article.title,
        section=article.section,
        source=article.source,
        authors=list(article.authors),
        language=article.language,
        published_at=article.published_at,
        updated_at=article.updated_at,
        version=hit.version,
        correction=article.correction,
        image_url=article.image_url,
        score=round(hit.score, 6),
        snippet=SnippetDocument(text=hit.snippet.text, chunk=hit.snippet.chunk, spans=list(hit.snippet.spans)),
        story=StoryDocument(id=hit.story.id, size=hit.story.size) if hit.story else None,
        duplicates=DuplicatesDocument(count=hit.duplicates.count, sources=list(hit.duplicates.sources)),
        explain=ExplainDocument(**asdict(hit.explain)) if hit.explain else None,
    )


def search_document(answer: SearchAnswer) -> SearchDocument:
    return SearchDocument(
        query=answer.query,
        mode=answer.mode,
        generation=answer.generation,
        took_ms=answer.took_ms,
        total=TotalDocument(value=answer.total.value, relation="eq" if answer.total.exact else "gte"),
        next_cursor=answer.next_cursor,
        facets={name: dict(counts) for name, counts in answer.facets.items()},
        understood=_understood_document(answer.understood),
        hits=[hit_document(hit) for hit in answer.hits],
    )


def _understood_document(understood: Understood) -> UnderstoodDocument:
    dates = understood.dates
    return UnderstoodDocument(
        text=understood.text,
        dates=DatesDocument(words=dates.words, start=dates.start, past=dates.past, applied=dates.applied)
        if dates
        else None,
        recency=understood.recency,
        suggestion=understood.suggestion,
    )


def suggest_document(query: str, suggestions: Sequence[Suggestion], took_ms: float) -> SuggestDocument:
    return SuggestDocument(
        query=query,
        took_ms=took_ms,
        suggestions=[
            SuggestionDocument(text=one.text, kind=one.kind, article_id=one.article_id) for one in suggestions
        ],
    )


def related_document(answer: RelatedAnswer) -> RelatedDocument:
    return RelatedDocument(
        seed=answer.seed,
        mode=answer.mode,
        fallback_used=answer.fallback_used,
        removed=RemovedDocument(seed_duplicates=answer.seed_duplicates, below_min_score=answer.below_min_score),
        hits=[hit_document(hit) for hit in answer.hits],
    )


def article_document(article: Article, version: int) -> ArticleDocument:
    return ArticleDocument(
        id=article.id,
        url=article.url,
        title=article.title,
        body=article.body,
        summary=article.summary,
        source=article.source,
        section=article.section,
        authors=list(article.authors),
        language=article.language,
        published_at=article.published_at,
        published_from=article.published_from,
        published_confidence=article.published_from.confidence,
        updated_at=article.updated_at,
        version=version,
        correction=article.correction,
        image_url=article.image_url,
        tags=list(article.tags),
        license=article.license,
        extra=dict(article.extra),
    )
