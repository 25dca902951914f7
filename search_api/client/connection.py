"""What both clients share: where the service is, how a call becomes a request, an answer a value, a failure an error, and when
a call is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
import stamina

from search_api.client.calls import Call
from search_api.client.errors import BadAnswer, ProblemError, Unreachable, problem_error

T = TypeVar("T")

_REFUSED = frozenset({429, 503})
"""The service has done nothing, but for a bulk write that it may have stored in part before a 503."""

_UNKNOWN = frozenset({502, 504})
"""Of a proxy that got no whole answer itself."""

_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


@dataclass(frozen=True, slots=True)
class Retries:
    """How long a call is tried again: at most so many attempts, and no wait for another is begun `total_s` after the first.

    Waits grow from `wait_s` to `wait_max_s`, with chance in them. Where the service says how long to wait, it is that long, and a
    wait that would end after `total_s` is not begun.
    """

    attempts: int = 5
    total_s: float = 30.0
    wait_s: float = 0.1
    wait_max_s: float = 5.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or min(self.total_s, self.wait_s, self.wait_max_s) <= 0:
            raise ValueError(f"{self} is no way to try again; expected an attempt or more, and times above 0")


RETRIES = Retries()
ONCE = Retries(attempts=1)


class Connection:
    """The service's address, the limits of time, and the key, which is in the headers and nowhere else."""

    def __init__(
        self, service: str, key: str | None, timeout_s: float, slow_timeout_s: float, retries: Retries | None
    ) -> None:
        if min(timeout_s, slow_timeout_s) <= 0:
            raise ValueError(f"timeout_s is {timeout_s} and slow_timeout_s {slow_timeout_s}; expected seconds above 0")
        self.service = _checked_address(service)
        self._is_keyed = key is not None
        self._timeout_s, self._slow_timeout_s = timeout_s, slow_timeout_s
        self._retries = retries or ONCE
        self.headers = {"Accept": "application/json", "User-Agent": "dateline-client"}
        if key is not None:
            self.headers["Authorization"] = f"Bearer {_checked_key(key)}"

    def __str__(self) -> str:
        return f"{self.service!r}, {'with a key' if self._is_keyed else 'without a key'}"

    def request(self, call: Call[Any]) -> dict[str, Any]:
        """The call as the arguments of an httpx2 request."""
        kind = {} if call.body is None else {"Content-Type": call.content_type}
        return {
            "method": call.method,
            "url": self.service + call.target,
            "content": call.body,
            "headers": {**call.headers, **kind},
            "timeout": httpx2.Timeout(self._timeout_s, read=self._limit_s(call)),
        }

    def attempts(self, call: Call[Any]) -> Any:
        """The tries of a call, for `for` or `async for`; each is a context in which its errors are looked at."""
        until = time.monotonic() + self._retries.total_s

        def again(error: Exception) -> bool | float:
            if not is_worth_another(call, error) or time.monotonic() >= until:
                return False
            asked = error.retry_after_s if isinstance(error, ProblemError) else None
            return True if asked is None else asked if time.monotonic() + asked <= until else False

        return stamina.retry_context(
            on=again,
            attempts=self._retries.attempts,
            timeout=self._retries.total_s,
            wait_initial=self._retries.wait_s,
            wait_max=self._retries.wait_max_s,
            wait_jitter=self._retries.wait_s,
        )

    @contextmanager
    def exchange(self, call: Call[Any]) -> Iterator[Callable[[], None]]:
        """Within it, what httpx2 raises is Unreachable. Yields what raises it too, when the time is up."""
        until = time.monotonic() + self._limit_s(call)
        asked = self._asked(call)

        def in_time() -> None:
            if time.monotonic() > until:
                raise Unreachable(f"{asked}: no whole answer within {self._limit_s(call):g} s", sent=True)

        try:
            yield in_time
        except httpx2.ReadTimeout as error:
            raise Unreachable(f"{asked}: no answer within {self._limit_s(call):g} s", sent=True) from error
        except httpx2.TimeoutException as error:
            told = f"no connection, or not all sent, within {self._timeout_s:g} s"
            raise Unreachable(f"{asked}: {told}", sent=not isinstance(error, _NOT_SENT)) from error
        except httpx2.RequestError as error:
            told = str(error) or type(error).__name__
            raise Unreachable(f"{asked}: {told}", sent=not isinstance(error, _NOT_SENT)) from error
        except httpx2.InvalidURL as error:
            raise ValueError(f"{call.operation} cannot be asked: {error}") from None

    def answered(self, call: Call[T], status: int, phrase: str, headers: Mapping[str, str], body: bytes) -> T:
        """What the call reads from an answer. Raises ProblemError and BadAnswer."""
        if 200 <= status < 300:
            try:
                return call.read(body)
            except BadAnswer as error:
                raise BadAnswer(f"{self._asked(call)}: {error}") from None
        if 300 <= status < 400:
            place = headers.get("location", "another address")
            phrase = f"{phrase or 'Moved'}: it answers at {place}; give that address"
        raise problem_error(self._asked(call), status, phrase, headers, body)

    def _asked(self, call: Call[Any]) -> str:
        """What an error says was asked: without what it was asked with, which may be a reader's words."""
        return f"{call.method} {self.service}{call.operation.partition(' ')[2]}"

    def _limit_s(self, call: Call[Any]) -> float:
        return self._slow_timeout_s if call.slow else self._timeout_s


def is_worth_another(call: Call[Any], error: Exception) -> bool:
    """Whether to try again: where the service has done nothing, or where doing it twice is doing it once."""
    if isinstance(error, Unreachable):
        return call.repeatable or not error.sent
    if isinstance(error, ProblemError):
        refused = error.status in _REFUSED and not (call.in_parts and error.status != 429)
        return refused or (call.repeatable and error.status in _UNKNOWN)
    return False


def _checked_address(service: str) -> str:
    """`https://search.example` or `https://news.example/search`. Raises ValueError, without what may be a password."""
    expected = "expected the service's address, such as http://127.0.0.1:8000"
    try:
        url = httpx2.URL(service)
    except httpx2.InvalidURL as error:
        raise ValueError(f"service is no address ({error}); {expected}") from None
    if url.userinfo:
        raise ValueError(f"service has a user or a password in it; {expected}, and give a key as key")
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise ValueError(f"service is {service!r}; {expected}")
    return service.rstrip("/")


def _checked_key(key: str) -> str:
    """Raises ValueError that does not hold the key."""
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError(
            "key is empty, or holds a space, a line break or a letter that no key has; give what `dateline keys --new` printed"
        )
    return key
