"""Answers compressed for readers who take it: pages and scripts are read on slow lines, too."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware

LEAST_BYTES = 1000
LEVEL = 5

_AS_THEY_ARE = ("/widget/related", "/v1/articles:bulk")
"""Fragments go into a page that its server puts together, often for a reader's Accept-Encoding; bulk results are streamed."""


class Compression(GZipMiddleware):
    """ASGI middleware: gzip, but for what is included or streamed."""

    def __init__(self, app: Any) -> None:
        super().__init__(app, minimum_size=LEAST_BYTES, compresslevel=LEVEL)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_AS_THEY_ARE):
            await self.app(scope, receive, send)
            return

        async def varying(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "accept-encoding" not in headers.get("vary", "").lower():  # a 304 too
                    headers.add_vary_header("Accept-Encoding")
            await send(message)

        await super().__call__(scope, receive, varying)
