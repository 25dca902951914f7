"""Requests whose body is larger than any article, or compressed, are refused before they are read."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request

from indexer.errors import BodyAmbiguous, BodyEncoded, BodyTooLarge, DatelineError
from search_api.errors import refusal

MOST_BYTES = 20_000_000
"""The largest body; bulk writes have none, since they are read line by line."""

UNBOUNDED = frozenset({"/v1/articles:bulk"})


class BodyLimit:
    """ASGI middleware: 400 for a body whose end is in doubt (the connection is closed), 415 for a compressed one, 413 for one
    that says it is too large and for one that turns out to be, which is read no further.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bounded = scope["path"] not in UNBOUNDED
        error = _refused(Headers(scope=scope), bounded=bounded)
        if error:
            answer = refusal(Request(scope), error)
            if isinstance(error, BodyAmbiguous):
                answer.headers["Connection"] = "close"
            await answer(scope, receive, send)
            return
        read = 0

        async def counted() -> Any:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if bounded and read > MOST_BYTES:
                raise _too_large(f"more than {MOST_BYTES:,} bytes")
            return message

        await self._app(scope, counted, send)


def _refused(headers: Headers, *, bounded: bool) -> DatelineError | None:
    """What is wrong with a body, as the head of its request tells of it."""
    stated = headers.get("content-length", "0")
    if "content-length" in headers and "transfer-encoding" in headers:
        return BodyAmbiguous("Content-Length and Transfer-Encoding are both given; send one of them")
    encoding = headers.get("content-encoding", "").strip()
    if encoding.lower() not in ("", "identity"):
        return BodyEncoded(f"Content-Encoding is {encoding!r}; send the body as it is")
    if bounded and stated.isdecimal() and int(stated[:20]) > MOST_BYTES:
        return _too_large(f"{stated[:20]} bytes")
    return None


def _too_large(size: str) -> BodyTooLarge:
    return BodyTooLarge(f"the body has {size}; the limit is {MOST_BYTES:,}: send many articles to /v1/articles:bulk")
