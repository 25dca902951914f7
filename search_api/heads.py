"""HEAD for everything that GET is for: link checkers, feed readers and caches ask so."""

from __future__ import annotations

from typing import Any


class Heads:
    """ASGI middleware: a HEAD is answered as the GET would be, without the body."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Any) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, without_body)
