"""How many requests an address, or the holder of a key, may make in a while."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request

from indexer.errors import IndexDamaged
from search_api.callers import bearer_of, counted_address
from search_api.errors import refusal
from search_api.keys import Keys, Scope
from search_api.rates import Count, Policy, Rates
from search_api.reads import is_always_open
from search_api.refusals import TooManyRequests
from search_api.widget_access import sends_widget_key

HEADERS = ("RateLimit", "RateLimit-Policy", "Retry-After")
"""What a page of another origin may read of an answer, beside what it may always read."""

_WHO = {
    Policy.ADDRESS: "this address made",
    Policy.KEY: "this key was used for",
    Policy.WRONG_KEYS: "this address sent keys that are not known here in",
}


class RateLimits:
    """ASGI middleware: 429 past a limit, and the `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers) on what counts.

    A known key has a count of its own, whatever addresses it is used from; but a widget key, which all readers of a site
    have, counts as none. This machine's own requests without a key are not counted, nor what is always open.
    """

    def __init__(self, app: Any, *, rates: Rates, keys: Keys) -> None:
        self._app = app
        self._rates = rates
        self._keys = keys

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or is_always_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        bearer, address = bearer_of(Headers(scope=scope)), counted_address(scope)
        sends_key = bearer is not None or sends_widget_key(scope)
        name = self._name(bearer) if bearer else None
        guesses = sends_key and name is None  # a known key is let through, whatever others behind its address try
        count = await self._rates.reached(Policy.WRONG_KEYS, address) if guesses and address else None
        if count is None:
            count = await self._counted(name, address)
        app = refusal(Request(scope), _too_many(count)) if count and count.exceeded else self._app

        async def counted(message: Any) -> None:
            if message["type"] == "http.response.start":
                if message["status"] == 401 and sends_key and address:
                    await self._rates.counted(Policy.WRONG_KEYS, address)
                if count:
                    MutableHeaders(scope=message).update(_standing(count))
            await send(message)

        await app(scope, receive, counted)

    async def _counted(self, name: str | None, address: str | None) -> Count | None:
        if name is not None:
            return await self._rates.counted(Policy.KEY, name)
        return await self._rates.counted(Policy.ADDRESS, address) if address else None

    def _name(self, bearer: str) -> str | None:
        """Whose key it is; None for a wrong one, and where the keys cannot be read: then nothing is opened by one."""
        try:
            key = self._keys.holder(bearer)
        except IndexDamaged:
            return None
        return key.name if key and key.scope is not Scope.WIDGET else None


def _too_many(count: Count) -> TooManyRequests:
    return TooManyRequests(
        f"{_WHO[count.policy]} more than {count.limit} requests in {count.window_s} s; ask again in {count.reset_s} s",
        count.reset_s,
    )


def _standing(count: Count) -> dict[str, str]:
    return {
        "RateLimit-Policy": f'"{count.policy}";q={count.limit};w={count.window_s}',
        "RateLimit": f'"{count.policy}";r={count.left};t={count.reset_s}',
    }
