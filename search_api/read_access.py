"""Where reads need a key: one rule for all addresses of the service."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request

from indexer.errors import DatelineError
from search_api.admission import admitted
from search_api.callers import bearer_of
from search_api.errors import refusal
from search_api.keys import Keys, Scope
from search_api.reads import is_always_open
from search_api.widget_access import WIDGET_KEY


class ReadAccess:
    """ASGI middleware: where reads need a key, nothing else than what is always open is answered without one.

    It does not tell reads from writes, so that an address that is added one day is not open by oversight: a key for writing
    may read, and what writes asks for more by itself (`access`). No shared cache keeps what was answered.
    """

    def __init__(self, app: Any, *, keys: Keys, needs_key: bool) -> None:
        self._app = app
        self._keys = keys
        self._needs_key = needs_key

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not self._needs_key or is_always_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        app = self._app
        try:
            if scope.get("state", {}).get(WIDGET_KEY) is None:
                admitted(self._keys, bearer_of(Headers(scope=scope)), Scope.READ)
        except DatelineError as error:
            app = refusal(Request(scope), error)

        async def privately(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = _private(headers.get("cache-control", ""))
                headers.add_vary_header("Authorization")
            await send(message)

        await app(scope, receive, privately)


def _private(stated: str) -> str:
    """The directives, for the asker's own cache alone."""
    directives = [one.strip() for one in stated.split(",") if one.strip()]
    kept = [one for one in directives if one.lower() != "public" and not one.lower().startswith("s-maxage")]
    return ", ".join(kept if {"no-store", "private"} & {one.lower() for one in kept} else ["private", *kept])
