"""What browsers are told not to do with an answer, whatever answered."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders

NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""The policy of what is no page: were it opened as one, it would load and run nothing, and no page may frame it."""

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000"

_SHARED = ("/widget.js", "/widget.css", "/widget/related")
_PICTURES = (".svg", ".png", ".webp", ".jpg", ".ico")


class SecurityHeaders:
    """ASGI middleware, around all others: sets on every answer what it does not say itself.

    Pages have policies of their own (`web/pages`). `secure_origin`: readers reach the service by https, and shall keep to it.
    """

    def __init__(self, app: Any, *, secure_origin: bool) -> None:
        self._app = app
        self._secure = {"Strict-Transport-Security": HSTS} if secure_origin else {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def secured(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._unsaid(scope["path"]).items():
                    headers.setdefault(name, value)
                if "frame-ancestors 'none'" in headers["content-security-policy"]:
                    headers.setdefault("X-Frame-Options", "DENY")
            await send(message)

        await self._app(scope, receive, secured)

    def _unsaid(self, path: str) -> dict[str, str]:
        return {
            **EVERYWHERE,
            **self._secure,
            "Content-Security-Policy": NOTHING,
            "Cross-Origin-Resource-Policy": "cross-origin" if _is_for_other_sites(path) else "same-origin",
        }


def _is_for_other_sites(path: str) -> bool:
    """What other sites' pages include. What they read by fetch is a matter of CORS, which this policy does not touch."""
    return path.startswith(_SHARED) or (path.startswith("/static/") and path.endswith(_PICTURES))
