"""What can be asked of the service: one function an operation of docs/openapi.json, which makes a `Call` of its arguments.

These are the methods of `Dateline` and `AsyncDateline`, which send the call and return what it reads from the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeVar, Unpack

from search_api.client.answers import Article, Related, Search, Stories, StoryPage, Suggest
from search_api.client.bulk_lines import bulk_results
from search_api.client.decoding import decoded, json_of
from search_api.client.parameters import BuildOptions, DraftOptions, RelatedOptions, SearchOptions, StoriesOptions
from search_api.client.stats_answers import Stats
from search_api.client.wire import json_body, path_of, query_text, wired
from search_api.client.write_answers import (
    Activated,
    Build,
    BulkResult,
    Generations,
    Ready,
    Receipt,
    Versions,
    Written,
)

LONGEST_QUERY = 2_000
"""Bytes of parameters that go into an address; more are sent as a body. Proxies take addresses of 4,000 bytes or more."""

NDJSON = "application/x-ndjson"

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One request, and how its answer is read.

    `operation` is the method and address as docs/openapi.json has them, `target` the address of this call. A `repeatable` call
    may be sent again when nobody knows whether it arrived. One that is stored `in_parts` may have been stored in part when the
    service refuses the rest. The answer to a `slow` one comes when long work is done.
    """

    operation: str
    target: str
    read: Callable[[bytes], T_co]
    body: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = False
    in_parts: bool = False
    slow: bool = False

    @property
    def method(self) -> str:
        return self.operation.partition(" ")[0]


def _call(
    operation: str,
    kind: type[T],
    names: Mapping[str, str | int] | None = None,
    *,
    query: Mapping[str, object] | None = None,
    body: Mapping[str, object] | None = None,
) -> Call[T]:
    method, _, address = operation.partition(" ")
    parameters = query_text(wired(query or {}))
    return Call(
        operation,
        path_of(address, names or {}) + (f"?{parameters}" if parameters else ""),
        lambda answer: decoded(kind, json_of(answer)),
        body=None if body is None else json_body(body),
        repeatable=method in ("GET", "DELETE"),
    )


def search(q: str, **options: Unpack[SearchOptions]) -> Call[Search]:
    """Articles that answer a question or hold its words, best first. A long question is sent as a body."""
    asked = wired({"q": q, **options})
    if len(query_text(asked)) <= LONGEST_QUERY:
        return _call("GET /v1/search", Search, query=asked)
    return replace(_call("POST /v1/search", Search, body=asked), repeatable=True)


def suggest(q: str, *, limit: int | None = None) -> Call[Suggest]:
    """Names, sections, sources, authors, tags and headlines that begin with what is typed."""
    return _call("GET /v1/suggest", Suggest, query={"q": q, "limit": limit})


def related(article_id: str, **options: Unpack[RelatedOptions]) -> Call[Related]:
    """Articles related to a stored one, best first."""
    return _call("GET /v1/articles/{article_id}/related", Related, {"article_id": article_id}, query={**options})


def related_to_url(url: str, **options: Unpack[RelatedOptions]) -> Call[Related]:
    """Articles related to the one at an address. An unknown one gets the fallback, and `seed` is None."""
    return _call("GET /v1/related", Related, query={"url": url, **options})


def related_to_draft(**options: Unpack[DraftOptions]) -> Call[Related]:
    """Articles related to a draft, which is not stored, to articles that are liked, or to both; unlike others."""
    return replace(_call("POST /v1/related", Related, body=wired({**options})), repeatable=True)


def article(article_id: str, *, version: int | None = None) -> Call[Article]:
    """The current version of an article, or the one asked for."""
    names = {"article_id": article_id}
    return _call("GET /v1/articles/{article_id}", Article, names, query={"version": version})


def versions(article_id: str) -> Call[Versions]:
    """When each version of an article was published, and what was corrected."""
    return _call("GET /v1/articles/{article_id}/versions", Versions, {"article_id": article_id})


def put(
    article_id: str,
    article: Mapping[str, object],
    *,
    version: int | None = None,
    if_match: int | None = None,
    if_none_match: Literal["*"] | None = None,
) -> Call[Written]:
    """Make this the article's current version: durable when answered. `article` is as `ArticleRecord`; it replaces the whole one.

    `version` is the one that the write follows, or the writer's own counter; `if_match` the one that must be current;
    `if_none_match="*"` asks that the article be new. With any of them the write is sent again when its answer is lost.
    """
    names, query = {"article_id": article_id}, {"version": version}
    call = _call("PUT /v1/articles/{article_id}", Written, names, query=query, body=article)
    ordered = version is not None or article.get("version") is not None or if_match is not None or if_none_match
    return replace(call, repeatable=bool(ordered), headers=_conditions(if_match, if_none_match))


def delete(article_id: str, *, version: int | None = None, if_match: int | None = None) -> Call[Written]:
    """Let readers find the article no more; its versions are kept."""
    names, query = {"article_id": article_id}, {"version": version}
    call = _call("DELETE /v1/articles/{article_id}", Written, names, query=query)
    return replace(call, headers=_conditions(if_match, None))


def bulk(lines: bytes, count: int, *, resend: bool = False) -> Call[tuple[BulkResult, ...]]:
    """NDJSON of so many articles. `Dateline.bulk` takes the articles themselves, and sends as many requests as they need."""
    return Call(
        "POST /v1/articles:bulk",
        "/v1/articles:bulk",
        lambda answer: bulk_results(answer, count),
        body=lines,
        content_type=NDJSON,
        repeatable=resend,
        in_parts=not resend,
        slow=True,
    )


def takedown(article_id: str, reason: str) -> Call[Receipt]:
    """Erase an article for good. The answer comes when its last traces are gone, which takes as long as building generations."""
    names = {"article_id": article_id}
    return replace(_call("POST /v1/articles/{article_id}/takedown", Receipt, names, body={"reason": reason}), slow=True)


def stories(**options: Unpack[StoriesOptions]) -> Call[Stories]:
    """Stories with new articles, those that move most first."""
    return _call("GET /v1/stories", Stories, query={**options})


def story(story_id: str, *, limit: int | None = None, offset: int | None = None) -> Call[StoryPage]:
    """A story from its beginning: `limit` articles of its timeline after `offset`."""
    return _call(
        "GET /v1/stories/{story_id}", StoryPage, {"story_id": story_id}, query={"limit": limit, "offset": offset}
    )


def generations() -> Call[Generations]:
    """The generations that there are, and whether another is being built."""
    return _call("GET /v1/generations", Generations)


def build(**options: Unpack[BuildOptions]) -> Call[Build]:
    """Begin to build the next generation; `generations` says when it is there."""
    return _call("POST /v1/generations", Build, body=wired({**options}))


def activate(number: int) -> Call[Activated]:
    """Let a generation that is there serve, to go back or forward."""
    return replace(_call("POST /v1/generations/{number}:activate", Activated, {"number": number}), slow=True)


def stats() -> Call[Stats]:
    """What the index holds, what is asked of the service, and how long answers take."""
    return _call("GET /v1/stats", Stats)


def ready() -> Call[Ready]:
    """What is serving. Raises Unavailable while there is nothing to answer from."""
    return _call("GET /readyz", Ready)


def _conditions(if_match: int | None, if_none_match: str | None) -> dict[str, str]:
    given = {"If-Match": None if if_match is None else f'"{if_match}"', "If-None-Match": if_none_match}
    return {name: value for name, value in given.items() if value is not None}
