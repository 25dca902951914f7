"""Liveness and readiness."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from indexer.errors import IndexOpening
from search_api.deps import LibraryDep
from search_api.errors import problem
from search_api.routes.parameters import NoParametersDep
from search_api.schemas import ProblemDocument

_PROBLEM = {"model": ProblemDocument, "content": {"application/problem+json": {}}}

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", summary="The process is alive")
async def healthz(_: NoParametersDep) -> dict[str, str]:
    """Always `ok` while the process answers at all."""
    return {"status": "ok"}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", summary="Searches can be answered", responses={503: _PROBLEM})
def readyz(_: NoParametersDep, library: LibraryDep) -> JSONResponse:
    """200 with the serving generation (null for an empty index); 503 while there is nothing to answer from, or a first answer
    would take long because the index is just being opened.

    `stale` means that changes cannot be taken up: answers come from before them, and the service's log says why.
    """
    if library.is_opening:
        raise IndexOpening("the index is being read; ask again in a second")
    view = library.view
    if view is None and library.trouble:
        return problem(503, "Not ready", "The index cannot be read; the service's log says why.")
    body = {
        "status": "stale" if library.trouble else "ready",
        "generation": view.manifest.number if view else None,
        "articles": len(view.snapshot) if view else 0,
        "change": view.change if view else 0,
    }
    return JSONResponse(body)
