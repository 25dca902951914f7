"""The JSON endpoints: search, articles, related."""

from __future__ import annotations

import hashlib
import time
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from search_api.deps import LibraryDep, NowDep
from search_api.related import related
from search_api.routes.parameters import (
    NoParametersDep,
    RelatedParameters,
    SearchParameters,
    SuggestParameters,
)
from search_api.schemas import (
    ArticleDocument,
    ProblemDocument,
    RelatedDocument,
    SearchDocument,
    SuggestDocument,
    article_document,
    related_document,
    search_document,
    suggest_document,
)
from search_api.searcher import search
from search_api.suggestions import suggest

CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400"

_PROBLEM = {"model": ProblemDocument, "content": {"application/problem+json": {}}}

router = APIRouter(prefix="/v1", responses={422: _PROBLEM, 503: _PROBLEM})


@router.get("/search", summary="Search articles", tags=["search"], responses={410: _PROBLEM})
def get_search(parameters: Annotated[SearchParameters, Query()], library: LibraryDep, now: NowDep) -> SearchDocument:
    """Articles that answer a question or hold its words, best first."""
    return search_document(search(library, parameters.query(now)))


@router.post("/search", summary="Search articles", tags=["search"], responses={410: _PROBLEM})
def post_search(parameters: SearchParameters, library: LibraryDep, now: NowDep) -> SearchDocument:
    """The same search, asked in a JSON body."""
    return search_document(search(library, parameters.query(now)))


@router.get("/suggest", summary="Complete a query", tags=["search"])
def get_suggest(parameters: Annotated[SuggestParameters, Query()], library: LibraryDep, now: NowDep) -> SuggestDocument:
    """Names, sections, sources, authors, tags and headlines that begin with what is typed."""
    started = time.perf_counter()
    found = suggest(library, parameters.q, now, parameters.limit)
    return suggest_document(parameters.q, found, round((time.perf_counter() - started) * 1000, 2))


@router.get("/articles/{article_id}", summary="One article", tags=["articles"], responses={404: _PROBLEM})
def get_article(article_id: str, _: NoParametersDep, library: LibraryDep, now: NowDep) -> ArticleDocument:
    """The current version of an article."""
    return article_document(*library.visible_article(article_id, now))


@router.get(
    "/articles/{article_id}/related",
    summary="Related articles",
    tags=["related"],
    response_model=RelatedDocument,
    responses={304: {"description": "Not changed since the ETag given."}, 404: _PROBLEM},
)
def get_related(
    article_id: str,
    parameters: Annotated[RelatedParameters, Query()],
    request: Request,
    library: LibraryDep,
    now: NowDep,
) -> Response:
    """Articles related to this one, best first; never itself or a copy of it."""
    document = related_document(related(library, article_id, parameters.query(now)))
    return cached(document.model_dump_json(), "application/json", request)


def cached(body: str, media_type: str, request: Request) -> Response:
    """The body with its ETag and Cache-Control, or 304 when the reader has it already."""
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:24]}"'
    headers = {"ETag": etag, "Cache-Control": CACHE_CONTROL}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)
