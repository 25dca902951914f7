"""Which pages may read related articles from another origin: those that a widget key was made for.

A widget key stands in the page for all to see (`?key=`), so it opens nothing by itself: it reads lists of related articles
only, and only for pages of its own origins.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request

from indexer.errors import AccessDenied, DatelineError
from search_api.errors import refusal
from search_api.keys import Keys, Scope
from search_api.request_notes import note_key

KEY = "key"

_READ = re.compile(r"/v1/related|/v1/articles/[^/]+/related|/widget/related(?:/[^/]+)?|/articles/[^/]+/related\.rss")


class WidgetAccess:
    """ASGI middleware: takes the key off the address, and answers its origins' pages with leave to read.

    401 for a key that is not known, 403 for another page's or another kind of key; no cache keeps either.
    """

    def __init__(self, app: Any, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not _READ.fullmatch(scope["path"]) or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, encoding="latin-1")
        key = next((value for name, value in asked if name == KEY), None)
        app = self._app
        if key is not None:
            rest = [(name, value) for name, value in asked if name != KEY]
            scope = {**scope, "query_string": urlencode(rest, encoding="latin-1").encode("latin-1")}
            try:
                self._check(key, headers.get("origin") or _origin(headers.get("referer", "")))
            except DatelineError as error:
                app = refusal(Request(scope), error)
                key = None
                app.headers["Cache-Control"] = "no-store"

        async def answered(message: Any) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                if "origin" not in sent.get("vary", "").lower():
                    sent.add_vary_header("Origin")
                if key is not None and headers.get("origin"):
                    sent["Access-Control-Allow-Origin"] = headers["origin"]
            await send(message)

        await app(scope, receive, answered)

    def _check(self, key: str, origin: str) -> None:
        """Raises AccessDenied where the key does not open what a page of this origin asks for."""
        held = self._keys.holder(key)
        if held is None:
            raise AccessDenied("the widget key is not known here, or was revoked", known=False)
        if held.scope is not Scope.WIDGET:
            raise AccessDenied(
                f"key {held.name!r} is for {held.scope}: never put it into an address or a page, and revoke it now; make one "
                "for pages by dateline keys --new NAME --scope widget --origin https://news.example",
                known=True,
            )
        if origin.lower() not in held.origins:
            shown = f"this request is from {origin}" if origin else "this request does not say which page it is from"
            raise AccessDenied(f"key {held.name!r} is for pages of {', '.join(held.origins)}; {shown}", known=True)
        note_key(held.name)


def _origin(address: str) -> str:
    """The origin of a page's address; empty for none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""
