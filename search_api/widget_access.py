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
from search_api.keys import Key, Keys, Scope
from search_api.request_notes import note_key

KEY = "key"

WIDGET_KEY = "widget_key"
"""Where a request's state holds the widget key that it came with, once that was found to open what is asked for."""

_READ = re.compile(r"/v1/related|/v1/articles/[^/]+/related|/widget/related(?:/[^/]+)?|/articles/[^/]+/related\.rss")


def takes_widget_key(scope: dict[str, Any]) -> bool:
    """Whether a request asks for a list of related articles, which a widget key opens."""
    return scope["type"] == "http" and scope["method"] == "GET" and bool(_READ.fullmatch(scope["path"]))


def sends_widget_key(scope: dict[str, Any]) -> bool:
    """Whether a request comes with a widget key, known or not."""
    return takes_widget_key(scope) and any(name == KEY for name, _ in _asked(scope))


def _asked(scope: dict[str, Any]) -> list[tuple[str, str]]:
    """The parameters of a request, as they are."""
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, encoding="latin-1")


class WidgetAccess:
    """ASGI middleware: takes the key off the address, and answers its origins' pages with leave to read.

    401 for a key that is not known, 403 for another page's or another kind of key; no cache keeps either.
    """

    def __init__(self, app: Any, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if not takes_widget_key(scope):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = _asked(scope)
        key = next((value for name, value in asked if name == KEY), None)
        app = self._app
        if key is not None:
            rest = [(name, value) for name, value in asked if name != KEY]
            scope = {**scope, "query_string": urlencode(rest, encoding="latin-1").encode("latin-1")}
            try:
                held = self._checked(key, headers.get("origin") or _origin(headers.get("referer", "")))
                scope.setdefault("state", {})[WIDGET_KEY] = held
            except DatelineError as error:
                app = refusal(Request(scope), error)
                key = None

        async def answered(message: Any) -> None:
            if message["type"] == "http.response.start" and key is not None and headers.get("origin"):
                MutableHeaders(scope=message)["Access-Control-Allow-Origin"] = headers["origin"]
            await send(message)

        await app(scope, receive, answered)

    def _checked(self, key: str, origin: str) -> Key:
        """What is known of the key; raises AccessDenied where the key does not open what a page of this origin asks for."""
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
        return held


def _origin(address: str) -> str:
    """The origin of a page's address; empty for none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""
