"""The JSON endpoints for search and articles, and what makes an answer cacheable."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from search_api.deps import LibraryDep, NowDep
from search_api.library import Library
from search_api.metrics import searched
from search_api.query import SearchQuery
from search_api.routes.parameters import SearchBody, SearchParameters, SuggestParameters, VersionParameters
from search_api.schemas import (
    ArticleDocument,
    ProblemDocument,
    SearchDocument,
    SuggestDocument,
    article_document,
    search_document,
    suggest_document,
)
from search_api.searcher import search
from search_api.suggestions import suggest

MOST_KEY_BYTES = 2048
"""Proxies take headers of four kilobytes or so in all."""

MANY = "dateline/many"
"""No article's id: those have no slash."""

CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400"

_PROBLEM = {"model": ProblemDocument, "content": {"application/problem+json": {}}}

router = APIRouter(prefix="/v1", responses={422: _PROBLEM, 503: _PROBLEM})


@router.get(
    "/search", summary="Search articles", tags=["search"], response_model=SearchDocument, responses={410: _PROBLEM}
)
def get_search(parameters: Annotated[SearchParameters, Query()], library: LibraryDep, now: NowDep) -> Response:
    """Articles that answer a question or hold its words, best first."""
    return _answer(library, parameters.query(now))


@router.post(
    "/search", summary="Search articles", tags=["search"], response_model=SearchDocument, responses={410: _PROBLEM}
)
def post_search(parameters: SearchBody, library: LibraryDep, now: NowDep) -> Response:
    """The same search, asked in a JSON body."""
    return _answer(library, parameters.query(now))


def _answer(library: Library, query: SearchQuery) -> Response:
    """With its JSON, written by the thread that searched: FastAPI would check a document in another, and write it in the event
    loop."""
    document = search_document(searched(search(library, query)))
    return Response(document.model_dump_json(), media_type="application/json")


@router.get("/suggest", summary="Complete a query", tags=["search"])
def get_suggest(parameters: Annotated[SuggestParameters, Query()], library: LibraryDep, now: NowDep) -> SuggestDocument:
    """Names, sections, sources, authors, tags and headlines that begin with what is typed."""
    started = time.perf_counter()
    found = suggest(library, parameters.q, now, parameters.limit)
    return suggest_document(parameters.q, found, round((time.perf_counter() - started) * 1000, 2))


@router.get(
    "/articles/{article_id}",
    summary="One article",
    tags=["articles"],
    response_model=ArticleDocument,
    responses={304: {"description": "Not changed since the ETag given."}, 404: _PROBLEM},
)
def get_article(
    article_id: str,
    parameters: Annotated[VersionParameters, Query()],
    request: Request,
    library: LibraryDep,
    now: NowDep,
) -> Response:
    """The current version of an article, or the one asked for. Its ETag is the version, as `If-Match` takes it."""
    article, version = library.visible_article(article_id, now, parameters.version)
    headers = {"ETag": etag_of(version), "Cache-Control": "no-cache"}
    if etag_of(version) in known_tags(request):
        return Response(status_code=304, headers=headers)
    document = article_document(article, version).model_dump_json()
    return Response(document, media_type="application/json", headers=headers)


def etag_of(version: int) -> str:
    return f'"{version}"'


def known_tags(request: Request) -> list[str]:
    """The ETags of what the reader has already."""
    return [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]


def cached(body: str, media_type: str, request: Request, named: Sequence[str] = ()) -> Response:
    """The body with its ETag and Cache-Control, or 304 when the reader has it already.

    `named` are the ids of the articles that the body tells of: a cache may drop what names one by Surrogate-Key, where
    each is percent-encoded. Too many for a header are the one key MANY, to be dropped whenever any article is.
    """
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:24]}"'
    headers = {"ETag": etag, "Cache-Control": CACHE_CONTROL}
    if named:
        keys = " ".join(quote(name, safe="") for name in named)
        headers["Surrogate-Key"] = keys if len(keys) <= MOST_KEY_BYTES else MANY
    known = known_tags(request)
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)
