"""What is measured: for Prometheus, and as one JSON document."""

from __future__ import annotations

import time
from importlib.metadata import version

from fastapi import APIRouter, Request, Response

from search_api.deps import FiguresDep, LibraryDep, NowDep
from search_api.exposition import counted, exposition, figures
from search_api.metrics import observe_worker
from search_api.routes.parameters import NoParametersDep
from search_api.schemas import ProblemDocument
from search_api.stats_schemas import StatsDocument, stats_document

_PROBLEM = {"model": ProblemDocument, "content": {"application/problem+json": {}}}

router = APIRouter(tags=["health"], responses={422: _PROBLEM, 503: _PROBLEM})


@router.get(
    "/metrics",
    summary="Metrics",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus's text form."}
    },
)
def get_metrics(request: Request, index: FiguresDep, library: LibraryDep, now: NowDep) -> Response:
    """Counts, times and the state of the index, for Prometheus; any worker answers for all of them."""
    observe_worker(library)
    text, media_type = exposition(index.facts(now), request.headers.get("accept", ""))
    return Response(text, media_type=media_type)


@router.get("/v1/stats", summary="What the index holds and how the service does")
def get_stats(_: NoParametersDep, index: FiguresDep, library: LibraryDep, now: NowDep) -> StatsDocument:
    """The serving generation, what changed since, requests and times by route and stage, of all workers together."""
    observe_worker(library)
    return stats_document(
        index.facts(now),
        figures(counted()),
        version=version("dateline"),
        at_s=time.time(),
        building=library.index.is_building(),
    )
