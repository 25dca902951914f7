"""One table from exceptions to RFC 9457 problem documents."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from indexer.errors import (
    AccessDenied,
    ArticleNotFound,
    CursorExpired,
    DatelineError,
    DiskFull,
    GenerationMissing,
    IndexBusy,
    IndexDamaged,
    IndexMissing,
    ModelError,
    QueryError,
    StoryNotFound,
    TakenDown,
    VersionConflict,
)
from search_api.schemas import ProblemDocument

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[DatelineError], tuple[int, str]] = {
    QueryError: (422, "The question cannot be answered as asked"),
    CursorExpired: (410, "These results are no longer held"),
    ArticleNotFound: (404, "No such article"),
    StoryNotFound: (404, "No such story"),
    GenerationMissing: (404, "No such generation"),
    VersionConflict: (409, "The write does not follow the stored version"),
    TakenDown: (410, "The article was taken down"),
    AccessDenied: (403, "Not allowed"),
    DiskFull: (507, "There is no room to store this"),
    IndexMissing: (503, "There is no index yet"),
    IndexDamaged: (503, "The index is damaged"),
    IndexBusy: (503, "The index is locked"),
    ModelError: (503, "The embedding model does not fit the index"),
}

_OPERATORS_PROBLEMS = (IndexMissing, IndexDamaged, IndexBusy, ModelError, DiskFull)

RETRY_AFTER_S = 5


def problem(status: int, title: str, detail: str, errors: list[dict[str, Any]] | None = None) -> JSONResponse:
    document = ProblemDocument(type="about:blank", title=title, status=status, detail=detail, errors=errors)
    return JSONResponse(document.model_dump(exclude_none=True), status_code=status, media_type=MEDIA_TYPE)


def _foreseen(_: Request, error: Exception) -> JSONResponse:
    status, title = next((entry for kind, entry in STATUS.items() if isinstance(error, kind)), (500, "Internal error"))
    if isinstance(error, _OPERATORS_PROBLEMS):
        logger.error("%s", error)
        answer = problem(status, title, "The service cannot do this now; its log says why.")
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
        return answer
    if isinstance(error, AccessDenied) and not error.known:
        answer = problem(401, "A key is needed", str(error))
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    return problem(status, title, str(error))


def _invalid(_: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [{"parameter": ".".join(map(str, item["loc"][1:])) or "body", "problem": _told(item)} for item in found]
    for item, raw in zip(errors, found, strict=True):
        if raw["type"] == "extra_forbidden":
            item["problem"] = "unknown parameter; /docs lists the known ones"
    named = "; ".join(f"{item['parameter']}: {item['problem']}" for item in errors)
    return problem(422, "Invalid request", named, errors)


def _told(problem: dict[str, Any]) -> str:
    """What is wrong and, where it is not said yet, with which value."""
    message = str(problem["msg"]).removeprefix("Value error, ")
    given = problem.get("input")
    return (
        message if not isinstance(given, str | int | float) or str(given) in message else f"{message}; given {given!r}"
    )


def _http(_: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else "Internal error"
    answer = problem(status, detail, {404: "No such address; /docs lists the endpoints."}.get(status, detail))
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def _unforeseen(_: Request, error: Exception) -> JSONResponse:
    logger.error("unforeseen error", exc_info=error)
    return problem(500, "Internal error", "Something unforeseen went wrong; the service's log says what.")


def describe_problems(description: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI description with every failure as the media type that is sent, where FastAPI adds plain JSON."""
    for operations in description["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                content = response.get("content", {})
                if MEDIA_TYPE in content and "application/json" in content:
                    content[MEDIA_TYPE] = content.pop("application/json")
    return description


def register_errors(app: FastAPI) -> None:
    """Answer every failure with a problem document."""
    app.add_exception_handler(DatelineError, _foreseen)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)
