"""The JSON endpoints for related articles: of a stored article, of an address, of a draft or liked articles."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import APIKeyQuery

from search_api.deps import LibraryDep, NowDep
from search_api.metrics import listed
from search_api.related import related, related_to_several, related_to_url
from search_api.results import RelatedAnswer
from search_api.routes.api import cached
from search_api.routes.misses import brief_misses
from search_api.routes.related_parameters import RelatedQueryDep, RelatedToDraftParameters, RelatedToUrlDep
from search_api.schemas import ProblemDocument, RelatedDocument, related_document

_PROBLEM = {"model": ProblemDocument, "content": {"application/problem+json": {}}}
_NOT_CHANGED = {"description": "Not changed since the ETag given."}

WidgetKey = Depends(
    APIKeyQuery(
        name="key",
        scheme_name="WidgetKey",
        description="A key that `dateline keys --new NAME --scope widget --origin https://news.example` made: with it pages of "
        "that origin may read this from their readers' browsers. It is looked at by `widget_access`.",
        auto_error=False,
    )
)

router = APIRouter(prefix="/v1", tags=["related"], responses={422: _PROBLEM, 503: _PROBLEM})


@router.get(
    "/articles/{article_id}/related",
    summary="Related articles",
    response_model=RelatedDocument,
    responses={304: _NOT_CHANGED, 401: _PROBLEM, 403: _PROBLEM, 404: _PROBLEM},
    dependencies=[Depends(brief_misses), WidgetKey],
)
def get_related(
    article_id: str, parameters: RelatedQueryDep, request: Request, library: LibraryDep, now: NowDep
) -> Response:
    """Articles related to this one, best first; never itself or a copy of it."""
    return _cached(listed(related(library, article_id, parameters.query(now))), request)


@router.get(
    "/related",
    summary="Related articles by address",
    response_model=RelatedDocument,
    responses={304: _NOT_CHANGED, 401: _PROBLEM, 403: _PROBLEM},
    dependencies=[WidgetKey],
)
def get_related_to_url(parameters: RelatedToUrlDep, request: Request, library: LibraryDep, now: NowDep) -> Response:
    """Articles related to the one at an address. One that is not known gets the fallback, and `seed` is null."""
    return _cached(listed(related_to_url(library, parameters.url, parameters.query(now))), request)


@router.post("/related", summary="Related articles of a draft or of liked articles", responses={404: _PROBLEM})
def post_related(parameters: RelatedToDraftParameters, library: LibraryDep, now: NowDep) -> RelatedDocument:
    """Articles related to a draft, which is not stored, to several liked articles, or to both, and unlike others."""
    draft = parameters.draft(now)
    found = related_to_several(library, draft, parameters.like, parameters.unlike, parameters.query(now))
    return related_document(listed(found))


def named_in(answer: RelatedAnswer) -> list[str]:
    """The ids that an answer tells of: its seed's and its hits'."""
    seed = [answer.seed] if answer.seed is not None else []
    return [*seed, *(hit.article.id for hit in answer.hits)]


def _cached(answer: RelatedAnswer, request: Request) -> Response:
    return cached(related_document(answer).model_dump_json(), "application/json", request, named_in(answer))
