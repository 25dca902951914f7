"""How many requests an address or a key has made, counted by the `limits` library in windows of fixed length."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from limits import RateLimitItem, parse_many
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import ConfigurationError
from limits.storage import storage_from_string

logger = logging.getLogger(__name__)

IN_MEMORY = "memory"
MOST_COUNTS = 50_000
"""Counts that one process holds in memory, about 20 MB; past it the oldest are forgotten."""

PREFIX = "dateline"

LONGEST_WAIT_S = 0.5
"""How long a request waits for the storage of the counts before it is let through."""

REST_S = 5.0
"""How long a storage that failed is not asked again: nobody waits for it meanwhile, and nothing is counted."""


class Policy(StrEnum):
    """What a count is of; the name that RateLimit headers give it."""

    ADDRESS = "address"
    KEY = "key"
    WRONG_KEYS = "wrong-keys"


@dataclass(frozen=True, slots=True)
class Count:
    """Where an address or a key stands in the present window."""

    policy: Policy
    limit: int
    window_s: int
    left: int
    reset_s: int
    exceeded: bool


_Answer: TypeAlias = Coroutine[Any, Any, Count | None]


class CountsInMemory(Storage):
    """Counts of one process, at most `most` of them: a flood from many addresses takes no memory without end.

    (The library's own storage has no bound, and looks through all counts with each request.)
    """

    STORAGE_SCHEME = None

    def __init__(self, most: int = MOST_COUNTS) -> None:
        super().__init__()
        self._most = most
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        count, ends = self._counts.get(key, (0, 0.0))
        if ends <= now:
            self._counts.pop(key, None)
            self._forget(now)
            count, ends = 0, now + expiry
        self._counts[key] = count + amount, ends
        return count + amount

    def _forget(self, now: float) -> None:
        """Make room for one more: what ended goes, and the oldest where that is not enough."""
        while self._counts and (len(self._counts) >= self._most or next(iter(self._counts.values()))[1] <= now):
            self._counts.popitem(last=False)

    async def get(self, key: str) -> int:
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    async def get_expiry(self, key: str) -> float:
        return self._counts.get(key, (0, time.time()))[1]

    async def check(self) -> bool:
        return True

    async def reset(self) -> int | None:
        held = len(self._counts)
        self._counts.clear()
        return held

    async def clear(self, key: str) -> None:
        self._counts.pop(key, None)


def storage_of(uri: str) -> Storage:
    """Where counts are kept; raises ValueError for an address that the `limits` library has no storage for."""
    scheme = urlsplit(uri).scheme.removeprefix("async+")
    if scheme == IN_MEMORY:
        return CountsInMemory()
    options = {"implementation": "redispy"} if scheme.startswith("redis") else {}
    try:
        storage = storage_from_string(f"async+{uri.removeprefix('async+')}", **options)
    except ConfigurationError as error:
        raise ValueError(
            f"expected memory://, or an address such as redis://127.0.0.1:6379/0 with its package installed ({error})"
        ) from None
    assert isinstance(storage, Storage)
    return storage


def rate_of(text: str) -> RateLimitItem | None:
    """The rate that a text names, such as 1200/minute; None for an empty one, and ValueError for what is none."""
    if not text.strip():
        return None
    try:
        rates = parse_many(text)
    except ValueError:
        rates = []
    if len(rates) != 1 or rates[0].amount < 1 or rates[0].get_expiry() < 1:
        raise ValueError("expected a number of requests and a time, such as 1200/minute, 20/second or 5000/hour")
    return rates[0]


class Rates:
    """Counts by policy. A storage that fails stops nobody: what it cannot count is let through, and the log says so."""

    def __init__(self, storage: Storage, rates: dict[Policy, RateLimitItem | None]) -> None:
        self._limiter = FixedWindowRateLimiter(storage)
        self._rates = {policy: rate for policy, rate in rates.items() if rate}
        self._rests_until = -math.inf

    async def counted(self, policy: Policy, whom: str) -> Count | None:
        """One more request of whom; None where there is no limit, or nothing could be counted."""
        return await self._asked(self._count, policy, whom)

    async def reached(self, policy: Policy, whom: str) -> Count | None:
        """Where whom stands, when that is at the limit; counts nothing."""
        return await self._asked(self._reached, policy, whom)

    async def _count(self, policy: Policy, whom: str) -> Count | None:
        allowed = await self._limiter.hit(self._rates[policy], PREFIX, policy, whom)
        return await self._standing(policy, whom, exceeded=not allowed)

    async def _reached(self, policy: Policy, whom: str) -> Count | None:
        if await self._limiter.test(self._rates[policy], PREFIX, policy, whom):
            return None
        return await self._standing(policy, whom, exceeded=True)

    async def _standing(self, policy: Policy, whom: str, *, exceeded: bool) -> Count:
        rate = self._rates[policy]
        window = await self._limiter.get_window_stats(rate, PREFIX, policy, whom)
        reset_s = min(max(math.ceil(window.reset_time - time.time()), 1), rate.get_expiry())
        return Count(policy, rate.amount, rate.get_expiry(), max(window.remaining, 0), reset_s, exceeded)

    async def _asked(self, question: Callable[[Policy, str], _Answer], policy: Policy, whom: str) -> Count | None:
        if policy not in self._rates or time.monotonic() < self._rests_until:
            return None
        try:
            return await asyncio.wait_for(question(policy, whom), LONGEST_WAIT_S)
        except Exception as error:  # each storage has its own
            self._rests_until = time.monotonic() + REST_S
            logger.error("requests are not counted for %.0f s: the storage of the counts fails (%r)", REST_S, error)
            return None
