"""A problem as its reader can use it: a page in a browser, nothing that shows where a fragment was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from search_api.schemas import ProblemDocument
from search_api.web.pages import page

MEDIA_TYPE = "application/problem+json"

_FRAGMENTS = "/widget/related"
_FOR_PROGRAMS = ("/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/widget")


def told(request: Request, document: ProblemDocument, headers: Mapping[str, str]) -> Response:
    """The problem by RFC 9457; as a page for a browser that went to a page; as a comment for what includes a fragment."""
    path = request.url.path
    if path.startswith(_FRAGMENTS):
        said = f"dateline: {document.status} {document.title}: {document.detail}"
        answer: Response = HTMLResponse(f"<!-- {re.sub('[<>-]+', ' ', said)} -->", document.status)
    elif (
        not path.startswith(_FOR_PROGRAMS)
        and not path.endswith(".rss")
        and "text/html" in request.headers.get("accept", "")
    ):
        context = {"problem": document, "asked": request.query_params.get("q")}
        answer = page(request.app.state.templates, request, "problem.html", context, document.status)
    else:
        answer = as_json(document)
    answer.headers.update(headers)
    return answer


def as_json(document: ProblemDocument) -> JSONResponse:
    return JSONResponse(document.model_dump(exclude_none=True), status_code=document.status, media_type=MEDIA_TYPE)
