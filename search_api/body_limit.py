"""Requests whose body is larger than any article are refused before they are read."""

from __future__ import annotations

from typing import Any

from search_api.errors import problem

MOST_BYTES = 20_000_000
"""The largest body; bulk writes have none, since they are read line by line."""

UNBOUNDED = frozenset({"/v1/articles:bulk"})


class BodyTooLarge(Exception):
    """Ends the reading of a body that did not say how long it is."""


class BodyLimit:
    """ASGI middleware: 413 for a body that says it is too large; one that turns out to be is read no further (400)."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] in UNBOUNDED:
            await self._app(scope, receive, send)
            return
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if stated.isdigit() and int(stated[:20]) > MOST_BYTES:
            length = stated[:20].decode()
            detail = (
                f"the body has {length} bytes; the limit is {MOST_BYTES:,}: send many articles to /v1/articles:bulk"
            )
            await problem(413, "Too large", detail)(scope, receive, send)
            return
        read = 0

        async def counted() -> Any:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_BYTES:
                raise BodyTooLarge
            return message

        await self._app(scope, counted, send)
