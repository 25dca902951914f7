"""How long a reader waits for an answer at most."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from anyio import CancelScope
from starlette.requests import Request

from search_api.errors import refusal
from search_api.refusals import TookTooLong

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 10

_READ_BY_POST = frozenset({"/v1/search", "/v1/related"})


class GivenUp:
    """The reads that were given up and still go on: their threads cannot be stopped, only waited for."""

    def __init__(self) -> None:
        self._going: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._going)

    def add(self, task: asyncio.Task[None], inside: CancelScope) -> None:
        """Let a read go on by itself: one that still waits for a thread ends at once, another when its thread is done.

        Its thread stays one of those that the service has for reads, so that what is given up cannot pile up without end.
        """
        self._going.add(task)
        task.add_done_callback(self._ended)
        inside.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._going.discard(task)
        if not task.cancelled() and task.exception():
            logger.error("a read that was given up failed", exc_info=task.exception())


class TimeLimit:
    """ASGI middleware: 503 for a read that has not begun to answer in time. Writes, takedowns and builds are never cut off."""

    def __init__(self, app: Any, *, most_s: float, given_up: GivenUp) -> None:
        self._app = app
        self._most_s = most_s
        self._given_up = given_up

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if not self._most_s or not _is_read(scope):
            await self._app(scope, receive, send)
            return
        has_begun, is_over = False, False

        async def in_time(message: Any) -> None:
            nonlocal has_begun
            if not is_over:
                has_begun = True
                await send(message)

        async def answering() -> None:
            with inside:
                await self._app(scope, receive, in_time)

        inside = CancelScope()
        task = asyncio.create_task(answering())
        try:
            await asyncio.wait({task}, timeout=self._most_s)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done() or has_begun:
            await task
            return
        is_over = True
        self._given_up.add(task, inside)
        logger.warning(
            "%s %s was given up after %g s; %d given up go on",
            scope["method"],
            scope["path"],
            self._most_s,
            len(self._given_up),
        )
        error = TookTooLong(f"no answer was found in {self._most_s:g} s; ask again later, or for less", RETRY_AFTER_S)
        await refusal(Request(scope), error)(scope, receive, send)


def _is_read(scope: dict[str, Any]) -> bool:
    return scope["type"] == "http" and (
        scope["method"] == "GET" or (scope["method"] == "POST" and scope["path"] in _READ_BY_POST)
    )
