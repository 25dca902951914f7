"""Answers of "no such article" that caches may keep for a moment: a page that shows a block asks again with each reader."""

from __future__ import annotations

from fastapi import Request

MISS_CACHE_CONTROL = "public, max-age=30"


async def brief_misses(request: Request) -> None:
    """A dependency: what this endpoint does not find is told with MISS_CACHE_CONTROL (see `errors`)."""
    request.state.misses = MISS_CACHE_CONTROL
