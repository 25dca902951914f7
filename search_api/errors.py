"""One table from exceptions to RFC 9457 problem documents."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeAlias

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from indexer.errors import (
    AccessDenied,
    ArticleNotFound,
    BodyAmbiguous,
    BodyEncoded,
    BodyTooLarge,
    BuildUnderWay,
    CursorExpired,
    DatelineError,
    DiskFull,
    EngineError,
    EngineLacks,
    EngineUnavailable,
    GenerationMissing,
    IndexBusy,
    IndexDamaged,
    IndexMissing,
    IndexOpening,
    ModelError,
    QueryError,
    StoryNotFound,
    TakenDown,
    VersionConflict,
)
from search_api.logs import Seldom
from search_api.refusals import TookTooLong, TooManyRequests, TryLater
from search_api.request_notes import current_request_id
from search_api.schemas import ProblemDocument
from search_api.web.problems import as_json, told

logger = logging.getLogger(__name__)

_complaints = Seldom()

STATUS: dict[type[DatelineError], tuple[int, str]] = {
    QueryError: (422, "The question cannot be answered as asked"),
    CursorExpired: (410, "These results are no longer held"),
    ArticleNotFound: (404, "No such article"),
    StoryNotFound: (404, "No such story"),
    GenerationMissing: (404, "No such generation"),
    VersionConflict: (409, "The write does not follow the stored version"),
    TakenDown: (410, "The article was taken down"),
    AccessDenied: (403, "Not allowed"),
    TooManyRequests: (429, "Too many requests"),
    TookTooLong: (503, "The answer took too long"),
    BodyTooLarge: (413, "Too large"),
    BodyAmbiguous: (400, "The request ends in two places"),
    BodyEncoded: (415, "Compressed bodies are not taken"),
    BuildUnderWay: (409, "A generation is being built"),
    DiskFull: (507, "There is no room to store this"),
    IndexMissing: (503, "There is no index yet"),
    IndexOpening: (503, "The index is being opened"),
    EngineUnavailable: (503, "The search engine cannot be reached"),
    EngineLacks: (501, "The search engine cannot do this"),
    EngineError: (502, "The search engine refused this"),
    IndexDamaged: (503, "The index is damaged"),
    IndexBusy: (503, "The index is locked"),
    ModelError: (503, "The embedding model cannot be used with this index"),
}

_OPERATORS_PROBLEMS = (IndexMissing, IndexDamaged, IndexBusy, ModelError, DiskFull, EngineError)

RETRY_AFTER_S = 5

NO_STORE = {"Cache-Control": "no-store"}
"""Of refusals that have another answer for another asker, or later."""


Told: TypeAlias = tuple[ProblemDocument, dict[str, str]]
"""A problem, and the headers that go with it."""


def _document(status: int, title: str, detail: str, errors: list[dict[str, Any]] | None = None) -> ProblemDocument:
    return ProblemDocument(
        type="about:blank", title=title, status=status, detail=detail, request_id=current_request_id(), errors=errors
    )


def problem(status: int, title: str, detail: str) -> JSONResponse:
    """A problem document, for what refuses a request before it reaches an endpoint."""
    return as_json(_document(status, title, detail))


def refusal(request: Request, error: DatelineError) -> Response:
    """The same as an endpoint that raised this would answer."""
    return told(request, *_foreseen(request, error))


def unforeseen(request: Request, error: Exception) -> Response:
    """The answer to a request that failed in a way that nothing foresaw, which is logged."""
    return told(request, *_unforeseen(request, error))


def _foreseen(request: Request, error: Exception) -> Told:
    known = next((entry for kind, entry in STATUS.items() if isinstance(error, kind)), None)
    if known is None:
        return _unforeseen(request, error)
    status, title = known
    if isinstance(error, BuildUnderWay):
        wait = "one is being built or activated; GET /v1/generations says when it is there, then ask again"
        return _document(status, title, wait), {"Retry-After": str(RETRY_AFTER_S)}
    if isinstance(error, _OPERATORS_PROBLEMS) and not isinstance(error, EngineLacks):
        left_out = _complaints.due((type(error), str(error)))
        if left_out is not None:
            logger.error("%s%s", error, f" ({left_out:,} more requests were refused for it)" if left_out else "")
        detail = "The service cannot do this now; its log says why."
        wait_s = error.retry_after_s if isinstance(error, EngineUnavailable) else RETRY_AFTER_S
        return _document(status, title, detail), {"Retry-After": str(wait_s), **NO_STORE}
    if isinstance(error, IndexOpening):
        return _document(status, title, str(error)), {"Retry-After": "1", **NO_STORE}
    if isinstance(error, TryLater):
        return _document(status, title, str(error)), {"Retry-After": str(error.retry_after_s), **NO_STORE}
    if isinstance(error, AccessDenied):
        if error.known:
            return _document(status, title, str(error)), NO_STORE
        return _document(401, "A key is needed", str(error)), {"WWW-Authenticate": "Bearer", **NO_STORE}
    misses = getattr(request.state, "misses", None) if status == 404 else None
    return _document(status, title, str(error)), {"Cache-Control": misses} if misses else {}


def _invalid(_: Request, error: Exception) -> Told:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [{"parameter": ".".join(map(str, item["loc"][1:])) or "body", "problem": _told(item)} for item in found]
    for item, raw in zip(errors, found, strict=True):
        if raw["type"] == "extra_forbidden":
            item["problem"] = "unknown parameter; /docs lists the known ones"
    named = "; ".join(f"{item['parameter']}: {item['problem']}" for item in errors)
    return _document(422, "Invalid request", named, errors), {}


def _told(problem: dict[str, Any]) -> str:
    """What is wrong and, where it is not said yet, with which value."""
    message = str(problem["msg"]).removeprefix("Value error, ")
    given = problem.get("input")
    return (
        message if not isinstance(given, str | int | float) or str(given) in message else f"{message}; given {given!r}"
    )


def _http(request: Request, error: Exception) -> Told:
    cause = error.__cause__
    if isinstance(cause, DatelineError):  # met while the body was read
        return _foreseen(request, cause)
    if isinstance(cause, ValueError | RecursionError):
        said = "it is nested too deep" if isinstance(cause, RecursionError) else f"it cannot be read ({cause})"
        return _document(422, "Invalid request", f"body: {said}; send one JSON object in UTF-8"), {}
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        said = f"{request.method} is not for this address; it takes {(allowed := _allowed(request))}."
        return _document(status, "Method Not Allowed", said), {"Allow": allowed}
    detail = str(error.detail) if isinstance(error, HTTPException) else "Internal error"
    said = {404: "No such address; /docs lists the endpoints."}.get(status, detail)
    return _document(status, detail, said), dict(getattr(error, "headers", None) or {})


def _allowed(request: Request) -> str:
    """The methods that this address takes, of whichever route; HEAD is answered wherever GET is."""
    routes = request.app.router.routes
    fitting = [
        method
        for method in ("GET", "POST", "PUT", "DELETE")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    read_only = not fitting or isinstance(request.scope.get("endpoint"), StaticFiles)
    allowed = ["GET"] if read_only else fitting
    return ", ".join(["GET, HEAD" if method == "GET" else method for method in allowed])


def _broken_off(_: Request, __: Exception) -> Told:
    """Nobody reads it: the sender has gone."""
    return _document(400, "The request broke off", "The connection was closed before the body came to its end."), {}


def _unforeseen(_: Request, error: Exception) -> Told:
    logger.error("unforeseen error", exc_info=error)
    return _document(500, "Internal error", "Something unforeseen went wrong; the service's log says what."), {}


def register_errors(app: FastAPI) -> None:
    """Answer every failure with a problem document, or as a page where a reader came upon it."""
    table: dict[type[Exception], Callable[[Request, Exception], Told]] = {
        DatelineError: _foreseen,
        RequestValidationError: _invalid,
        HTTPException: _http,
        ClientDisconnect: _broken_off,
        Exception: _unforeseen,
    }
    for kind, describe in table.items():
        app.add_exception_handler(kind, _answering(describe))


def _answering(describe: Callable[[Request, Exception], Told]) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        return told(request, *describe(request, error))

    return answer
