"""The two clients: `Dateline` sends calls and waits, `AsyncDateline` awaits them. Both have a method for each of `calls`."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar, Unpack, get_args, get_type_hints

import httpx2

from search_api.client import calls
from search_api.client.answers import Hit, Search
from search_api.client.bulk_lines import async_requests, requests
from search_api.client.calls import Call
from search_api.client.connection import RETRIES, Connection, Retries
from search_api.client.parameters import SearchOptions
from search_api.client.write_answers import BulkResult

TIMEOUT_S = 35.0
SLOW_TIMEOUT_S = 3600.0

P = ParamSpec("P")
T = TypeVar("T")


def _method(build: Callable[P, Call[T]]) -> Callable[Concatenate[Dateline, P], T]:
    """A method that sends the call."""

    @wraps(build)
    def send(self: Dateline, /, *given: P.args, **options: P.kwargs) -> T:
        return self._send(build(*given, **options))

    vars(send)["__signature__"] = _signature(build)
    return send


def _async_method(build: Callable[P, Call[T]]) -> Callable[Concatenate[AsyncDateline, P], Coroutine[Any, Any, T]]:
    """A method that sends the call and awaits its answer."""

    @wraps(build)
    async def send(self: AsyncDateline, /, *given: P.args, **options: P.kwargs) -> T:
        return await self._send(build(*given, **options))

    vars(send)["__signature__"] = _signature(build)
    return send


def _signature(build: Callable[..., Call[Any]]) -> inspect.Signature:
    """The signature as a method's, each option by its name, for `help()`."""
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = [own, *inspect.signature(build).parameters.values()]
    if parameters[-1].kind is inspect.Parameter.VAR_KEYWORD:
        (options,) = get_args(get_type_hints(build)[parameters.pop().name])
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
            for name, hint in get_type_hints(options).items()
        ]
    return inspect.Signature(parameters)


class Dateline:
    """A client of one service, to be used as a context or closed; threads may share it.

    `service` is the address that answers `/v1`. `timeout_s` is for connecting, for sending, for the answer to begin, and for all
    of it to come; `slow_timeout_s` stands for the last two with takedowns, activations and bulk writes, which are answered when
    all is done.
    `retries` None tries each call once.
    """

    def __init__(
        self,
        service: str,
        *,
        key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        slow_timeout_s: float = SLOW_TIMEOUT_S,
        retries: Retries | None = RETRIES,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._connection = Connection(service, key, timeout_s, slow_timeout_s, retries)
        self._http = httpx2.Client(headers=self._connection.headers, transport=transport)

    search = _method(calls.search)
    suggest = _method(calls.suggest)
    related = _method(calls.related)
    related_to_url = _method(calls.related_to_url)
    related_to_draft = _method(calls.related_to_draft)
    article = _method(calls.article)
    versions = _method(calls.versions)
    put = _method(calls.put)
    delete = _method(calls.delete)
    takedown = _method(calls.takedown)
    stories = _method(calls.stories)
    story = _method(calls.story)
    generations = _method(calls.generations)
    build = _method(calls.build)
    activate = _method(calls.activate)
    stats = _method(calls.stats)
    ready = _method(calls.ready)

    def search_pages(self, q: str, **options: Unpack[SearchOptions]) -> Iterator[Search]:
        """The pages of a search, each asked for when it is wanted. Raises Gone where the service holds the results no longer."""
        while True:
            page = self.search(q, **options)
            yield page
            if page.next_cursor is None:
                return
            options["cursor"] = page.next_cursor

    def search_hits(self, q: str, **options: Unpack[SearchOptions]) -> Iterator[Hit]:
        """All hits of a search, page by page."""
        for page in self.search_pages(q, **options):
            yield from page.hits

    def bulk(self, articles: Iterable[Mapping[str, object]], *, resend: bool = False) -> Iterator[BulkResult]:
        """Store many articles (as `ArticleRecord`, or `{"id": ..., "deleted": True}`): a result for each, in order.

        They are read one request's worth at a time, and each request is sent when its results are asked for. What is wrong with
        one article stops no other. When a request fails, those before it are stored; with `resend` it is tried again first, as
        `retries` says: safe where nobody else writes the same articles meanwhile, since the same again changes nothing.
        """
        for lines in requests(articles):
            yield from lines.placed(self._send(calls.bulk(lines.content, lines.count, resend=resend)))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Dateline:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._connection})"

    def _send(self, call: Call[T]) -> T:
        for attempt in self._connection.attempts(call):
            with attempt:
                return self._exchanged(call)
        raise AssertionError("the last attempt returns or raises")

    def _exchanged(self, call: Call[T]) -> T:
        body = bytearray()
        with self._connection.exchange(call) as in_time, self._http.stream(**self._connection.request(call)) as answer:
            for part in answer.iter_bytes():
                in_time()
                body += part
        return self._connection.answered(call, answer.status_code, answer.reason_phrase, answer.headers, bytes(body))


class AsyncDateline:
    """`Dateline` for asyncio: its methods are awaited, its iterators are asynchronous, it is an `async with` context."""

    def __init__(
        self,
        service: str,
        *,
        key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        slow_timeout_s: float = SLOW_TIMEOUT_S,
        retries: Retries | None = RETRIES,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._connection = Connection(service, key, timeout_s, slow_timeout_s, retries)
        self._http = httpx2.AsyncClient(headers=self._connection.headers, transport=transport)

    search = _async_method(calls.search)
    suggest = _async_method(calls.suggest)
    related = _async_method(calls.related)
    related_to_url = _async_method(calls.related_to_url)
    related_to_draft = _async_method(calls.related_to_draft)
    article = _async_method(calls.article)
    versions = _async_method(calls.versions)
    put = _async_method(calls.put)
    delete = _async_method(calls.delete)
    takedown = _async_method(calls.takedown)
    stories = _async_method(calls.stories)
    story = _async_method(calls.story)
    generations = _async_method(calls.generations)
    build = _async_method(calls.build)
    activate = _async_method(calls.activate)
    stats = _async_method(calls.stats)
    ready = _async_method(calls.ready)

    async def search_pages(self, q: str, **options: Unpack[SearchOptions]) -> AsyncIterator[Search]:
        """As `Dateline.search_pages`."""
        while True:
            page = await self.search(q, **options)
            yield page
            if page.next_cursor is None:
                return
            options["cursor"] = page.next_cursor

    async def search_hits(self, q: str, **options: Unpack[SearchOptions]) -> AsyncIterator[Hit]:
        """As `Dateline.search_hits`."""
        async for page in self.search_pages(q, **options):
            for hit in page.hits:
                yield hit

    async def bulk(
        self,
        articles: Iterable[Mapping[str, object]] | AsyncIterable[Mapping[str, object]],
        *,
        resend: bool = False,
    ) -> AsyncIterator[BulkResult]:
        """As `Dateline.bulk`; articles may be awaited too."""
        async for lines in async_requests(articles):
            for result in lines.placed(await self._send(calls.bulk(lines.content, lines.count, resend=resend))):
                yield result

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> AsyncDateline:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._connection})"

    async def _send(self, call: Call[T]) -> T:
        async for attempt in self._connection.attempts(call):
            with attempt:
                return await self._exchanged(call)
        raise AssertionError("the last attempt returns or raises")

    async def _exchanged(self, call: Call[T]) -> T:
        body = bytearray()
        with self._connection.exchange(call) as in_time:
            async with self._http.stream(**self._connection.request(call)) as answer:
                async for part in answer.aiter_bytes():
                    in_time()
                    body += part
        return self._connection.answered(call, answer.status_code, answer.reason_phrase, answer.headers, bytes(body))
