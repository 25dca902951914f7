"""Every request seen from outside: its id, its log line, its counts, its trace."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import Any

from fastapi import Request
from fastapi.staticfiles import StaticFiles

from search_api import metrics
from search_api.errors import unforeseen
from search_api.logs import FIELDS
from search_api.request_notes import UNMATCHED, RequestNotes, noting
from search_api.settings import Settings
from search_api.stages import Timings, timed
from search_api.tracing import Traced, Tracing

logger = logging.getLogger("search_api.requests")

GONE_AWAY = 499
"""Counted for a request that ended before its answer began: the reader left, or the service stopped."""

LONGEST_PATH = 500
"""Characters of a path that are logged."""

QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/static", "/widget.js", "/widget.css"})
"""Routes that are asked all the time, which only `debug` logs."""

_NOTES = "dateline.notes"
_SANE_ID = re.compile(rb"[A-Za-z0-9._~:/+=@-]{1,128}")


class Observing:
    """ASGI middleware, the outermost: gives each request an id, and counts, logs and traces it when it is answered.

    An error that nothing else foresaw is logged here, once, and answered with 500.
    """

    def __init__(self, app: Any, settings: Settings, tracing: Tracing | None = None) -> None:
        self._app = app
        self._settings = settings
        self._tracing = tracing

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, started_ns = time.perf_counter(), time.time_ns()
        notes = RequestNotes(_request_id(scope))
        status = 0

        async def answered(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), *self._headers(notes)]}
            await send(message)

        metrics.IN_PROGRESS.inc()
        with noting(notes), timed(notes.timings):
            try:
                await self._app({**scope, _NOTES: notes}, receive, answered)
            except Exception as error:
                if status:  # the answer has begun; the server breaks it off
                    raise
                await unforeseen(Request(scope), error)(scope, receive, answered)
            finally:
                metrics.IN_PROGRESS.dec()
                seconds = time.perf_counter() - started
                status = status or GONE_AWAY
                notes.route = route_of(notes.routed)
                metrics.answered(notes.route, scope["method"], status, seconds, notes.timings)
                if self._tracing and notes.route not in QUIET:
                    traced = Traced(notes, scope, status, started, started_ns, seconds)
                    notes.trace_id = self._tracing.record(traced)
                self._log(notes, scope, status, seconds)

    def _headers(self, notes: RequestNotes) -> list[tuple[bytes, bytes]]:
        """What every answer has beside its own headers."""
        found = [(b"x-request-id", notes.request_id.encode("ascii"))]
        if self._settings.server_timing and notes.timings.spent:
            found.append((b"server-timing", server_timing(notes.timings).encode("ascii")))
        return found

    def _log(self, notes: RequestNotes, scope: dict[str, Any], status: int, seconds: float) -> None:
        level = logging.DEBUG if notes.route in QUIET else logging.WARNING if status >= 500 else logging.INFO
        if not logger.isEnabledFor(level):
            return
        client = scope.get("client")
        fields = {
            "method": scope["method"],
            "route": notes.route,
            "path": scope["path"][:LONGEST_PATH],
            "status": status,
            "duration_ms": round(1000 * seconds, 2),
            "stages_ms": {stage.value: round(1000 * spent, 2) for stage, spent in list(notes.timings.spent.items())}
            or None,
            "key": notes.key,
            "query": notes.query if self._settings.log_queries else None,
            "address": client[0] if client and self._settings.log_addresses else None,
            "trace_id": notes.trace_id,
        }
        logger.log(level, "request", extra={FIELDS: {name: of for name, of in fields.items() if of is not None}})


class Routed:
    """ASGI middleware, the innermost: notes which route took the request, which those before it cannot see."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        notes: RequestNotes | None = scope.get(_NOTES)
        if notes is None:
            await self._app(scope, receive, send)
            return
        notes.routed = scope
        await self._app(scope, receive, send)


def route_of(scope: dict[str, Any]) -> str:
    """The template of the path that a routed request matched; `unmatched` where no endpoint took it."""
    path = getattr(scope.get("route"), "path", None)
    if path is not None:
        return str(path)
    endpoint = scope.get("endpoint")
    if isinstance(endpoint, StaticFiles):
        return "/static"
    if endpoint is None or scope.get("path_params"):
        return UNMATCHED
    return str(scope["path"])  # one without parameters, such as /docs


def server_timing(timings: Timings) -> str:
    """The value of a Server-Timing header."""
    return ", ".join(f"{stage.value};dur={1000 * spent:.1f}" for stage, spent in timings.spent.items())


def _request_id(scope: dict[str, Any]) -> str:
    """The id that the request came with, where it is one that can be logged; else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            return str(value.decode("ascii"))
    return uuid.uuid4().hex
