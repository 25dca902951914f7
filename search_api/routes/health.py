"""Liveness and readiness."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from search_api.deps import LibraryDep
from search_api.errors import problem

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="The process is alive")
def healthz() -> dict[str, str]:
    """Always `ok` while the process answers at all."""
    return {"status": "ok"}


@router.get("/readyz", summary="Searches can be answered")
def readyz(library: LibraryDep) -> JSONResponse:
    """200 with the serving generation (null for an empty index); 503 while the index cannot be read."""
    view = library.view
    if view is None and library.trouble:
        return problem(503, "Not ready", "The index cannot be read; the service's log says why.")
    body = {
        "status": "ready",
        "generation": view.manifest.number if view else None,
        "articles": len(view.snapshot) if view else 0,
        "change": view.change if view else 0,
    }
    return JSONResponse(body)
