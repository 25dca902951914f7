"""The documents that the HTTP API and `--json` give out, mapped one by one from the domain's values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from indexer.types import Article
from search_api.results import Hit, RelatedAnswer, SearchAnswer


class Document(BaseModel):
    model_config = ConfigDict(frozen=True)


class SnippetDocument(Document):
    text: str = Field(description="The passage that answers best, at most 300 characters or one sentence.")
    chunk: int = Field(description="Which chunk of the article it is from; 0 is the first.")
    spans: list[tuple[int, int]] = Field(description="(start, end) of each matching word in `text`.")


class DuplicatesDocument(Document):
    count: int = Field(description="Copies of this article folded into the hit.")
    sources: list[str]


class StoryDocument(Document):
    id: str
    size: int


class ExplainDocument(Document):
    semantic_ratio: float
    dense: float = Field(description="The dense arm's part, 0 to 1.")
    lexical: float = Field(description="The lexical arm's part, 0 to 1.")
    cosine: float = Field(description="Raw cosine similarity of the best chunk.")
    bm25: float = Field(description="Raw BM25 score.")


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


class SearchDocument(Document):
    query: str
    mode: str
    generation: int | None = Field(description="The generation that answered; null for an empty index.")
    took_ms: float
    total: TotalDocument
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page.")
    facets: dict[str, dict[str, int]]
    hits: list[HitDocument]


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
    published_from: str = Field(description="Where the date was read: record, json-ld, meta, page, url or none.")
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
    errors: list[dict[str, Any]] | None = None


def hit_document(hit: Hit) -> HitDocument:
    article = hit.article
    explain = hit.explain
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
        story=None,
        duplicates=DuplicatesDocument(count=hit.duplicates.count, sources=list(hit.duplicates.sources)),
        explain=ExplainDocument(
            semantic_ratio=explain.semantic_ratio,
            dense=explain.dense,
            lexical=explain.lexical,
            cosine=explain.cosine,
            bm25=explain.bm25,
        )
        if explain
        else None,
    )


def search_document(answer: SearchAnswer) -> SearchDocument:
    return SearchDocument(
        query=answer.query,
        mode=answer.mode,
        generation=answer.generation,
        took_ms=answer.took_ms,
        total=TotalDocument(value=answer.total.value, relation="eq" if answer.total.exact else "gte"),
        next_cursor=answer.next_cursor,
        facets={},
        hits=[hit_document(hit) for hit in answer.hits],
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
        updated_at=article.updated_at,
        version=version,
        correction=article.correction,
        image_url=article.image_url,
        tags=list(article.tags),
        license=article.license,
        extra=dict(article.extra),
    )
