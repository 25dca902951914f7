"""Requests whose body is larger than any article are refused before they are read."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from indexer.errors import BodyTooLarge
from search_api.errors import refusal

MOST_BYTES = 20_000_000
"""The largest body; bulk writes have none, since they are read line by line."""

UNBOUNDED = frozenset({"/v1/articles:bulk"})


class BodyLimit:
    """ASGI middleware: 413 for a body that says it is too large; one that turns out to be is read no further."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] in UNBOUNDED:
            await self._app(scope, receive, send)
            return
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if stated.isdigit() and int(stated[:20]) > MOST_BYTES:
            await refusal(Request(scope), _too_large(f"{stated[:20].decode()} bytes"))(scope, receive, send)
            return
        read = 0

        async def counted() -> Any:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_BYTES:
                raise _too_large(f"more than {MOST_BYTES:,} bytes")
            return message

        await self._app(scope, counted, send)


def _too_large(size: str) -> BodyTooLarge:
    return BodyTooLarge(f"the body has {size}; the limit is {MOST_BYTES:,}: send many articles to /v1/articles:bulk")
