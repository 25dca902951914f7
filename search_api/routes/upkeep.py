"""The endpoints that keep an index in order: takedowns, and generations built, activated and gone back to."""

from __future__ import annotations

from fastapi import APIRouter

from search_api.access import AdminDep
from search_api.deps import LibraryDep, MaintenanceDep
from search_api.generation_jobs import activate, generations_of
from search_api.routes.parameters import NoParametersDep
from search_api.schemas import ProblemDocument
from search_api.write_schemas import (
    ActivatedDocument,
    BuildDocument,
    BuildParameters,
    GenerationDocument,
    GenerationsDocument,
    ReceiptDocument,
    TakedownParameters,
)

_PROBLEM = {"model": ProblemDocument, "content": {"application/problem+json": {}}}

router = APIRouter(prefix="/v1", responses={401: _PROBLEM, 403: _PROBLEM, 422: _PROBLEM, 503: _PROBLEM})


@router.post(
    "/articles/{article_id}/takedown",
    summary="Erase an article",
    tags=["articles"],
    responses={404: _PROBLEM, 410: _PROBLEM},
)
def post_takedown(
    article_id: str, parameters: TakedownParameters, maintenance: MaintenanceDep, _: AdminDep
) -> ReceiptDocument:
    """Remove an article from the archive and from every generation, and keep it out. Cannot be undone.

    Readers find it no more at once; the answer comes when its last traces are gone, which takes about as long as building each
    generation that is kept.
    """
    return ReceiptDocument(**maintenance.take_down(article_id, parameters.reason))


@router.get("/generations", summary="Generations", tags=["generations"])
def get_generations(_: NoParametersDep, library: LibraryDep) -> GenerationsDocument:
    """The generations that there are, the serving one among them, and whether another is being built."""
    documents = [GenerationDocument(**facts) for facts in generations_of(library.index)]
    return GenerationsDocument(building=library.index.is_building(), generations=documents)


@router.post(
    "/generations", summary="Build a generation", tags=["generations"], status_code=202, responses={409: _PROBLEM}
)
def post_generation(parameters: BuildParameters, maintenance: MaintenanceDep, _: AdminDep) -> BuildDocument:
    """Begin to build the next generation, as `dateline reindex` does; `GET /v1/generations` says when it is there."""
    maintenance.build(parameters.arguments())
    return BuildDocument(building=True)


@router.post(
    "/generations/{number}:activate",
    summary="Let a generation serve",
    tags=["generations"],
    responses={404: _PROBLEM, 409: _PROBLEM},
)
def post_activate(number: int, _: NoParametersDep, library: LibraryDep, __: AdminDep) -> ActivatedDocument:
    """Let a generation that is there serve, to go back or forward. Every process moves to it by itself."""
    done = activate(library.index, number)
    return ActivatedDocument(generation=done.number, before=done.before, model=done.model)
