"""Articles cut into requests of many lines, and what is answered for each line."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from search_api.client.decoding import decoded, json_of
from search_api.client.errors import BadAnswer
from search_api.client.wire import json_body
from search_api.client.write_answers import BulkResult

REQUEST_LINES = 1_000
REQUEST_BYTES = 900_000
"""What a request of a bulk write holds at most, but for a single longer article: proxies often take a megabyte."""


@dataclass(frozen=True, slots=True)
class Lines:
    """One request's worth of articles; `before` of them were sent earlier."""

    before: int
    content: bytes
    count: int

    def placed(self, results: Iterable[BulkResult]) -> Iterator[BulkResult]:
        """The results with the place of their article among all."""
        return (replace(result, line=self.before + result.line) for result in results)


class Cutter:
    """Takes articles one by one, and hands out a request when it is full."""

    def __init__(self) -> None:
        self._before = self._size = 0
        self._lines: list[bytes] = []

    def add(self, article: Mapping[str, object]) -> Lines | None:
        """What was held, where this article has no room beside it. Raises ValueError naming an article that is no JSON."""
        try:
            line = json_body(article) + b"\n"
        except (ValueError, TypeError) as error:
            place = self._before + len(self._lines) + 1
            raise ValueError(f"article {place} (id {article.get('id')!r}) cannot be sent: {error}") from error
        is_full = len(self._lines) >= REQUEST_LINES or self._size + len(line) > REQUEST_BYTES
        full = self.rest() if is_full else None
        self._lines.append(line)
        self._size += len(line)
        return full

    def rest(self) -> Lines | None:
        """What is held; None when that is nothing."""
        if not self._lines:
            return None
        lines = Lines(self._before, b"".join(self._lines), len(self._lines))
        self._before += lines.count
        self._lines, self._size = [], 0
        return lines


def requests(articles: Iterable[Mapping[str, object]]) -> Iterator[Lines]:
    """All articles, one request's worth at a time."""
    cutter = Cutter()
    for article in articles:
        if full := cutter.add(article):
            yield full
    if rest := cutter.rest():
        yield rest


async def async_requests(
    articles: Iterable[Mapping[str, object]] | AsyncIterable[Mapping[str, object]],
) -> AsyncIterator[Lines]:
    """The same, also for articles that are awaited."""
    if isinstance(articles, Iterable):
        for lines in requests(articles):
            yield lines
        return
    cutter = Cutter()
    async for article in articles:
        if full := cutter.add(article):
            yield full
    if rest := cutter.rest():
        yield rest


def bulk_results(answer: bytes, count: int) -> tuple[BulkResult, ...]:
    """A result for each of so many lines. Raises BadAnswer for fewer or more."""
    results = tuple(decoded(BulkResult, json_of(line)) for line in answer.splitlines() if line.strip())
    if [result.line for result in results] != list(range(1, count + 1)):
        raise BadAnswer(f"{count:,} articles were sent, and {len(results):,} results came, not one for each in order")
    return results
