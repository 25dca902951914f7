"""The endpoints that write: articles one by one and many at a time, takedowns, and what is known of versions."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import IO, Annotated, Any

import orjson
from fastapi import APIRouter, Header, HTTPException, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from indexer.articles import article_from_record
from indexer.errors import ArticleError, DatelineError, QueryError
from indexer.writing import Delete, Expected, Put, Result, Written
from search_api import value_forms as forms
from search_api.access import WriterDep
from search_api.bulk import Line, line_batches
from search_api.deps import ClockDep, DeskDep, LibraryDep, NowDep, SettingsDep
from search_api.metrics import wrote
from search_api.routes.api import etag_of
from search_api.routes.parameters import FollowingParameters, NoParametersDep
from search_api.schemas import ProblemDocument
from search_api.write_desk import WriteDesk
from search_api.write_schemas import (
    ArticleRecord,
    VersionsDocument,
    WrittenDocument,
    line_document,
    outcome_of,
    versions_document,
    written_document,
)

NDJSON = "application/x-ndjson"
BULK_TYPES = (NDJSON, "application/jsonl", "application/x-jsonlines")

SPOOLED_BYTES = 1_000_000
"""Results of a bulk write are held in memory up to this size, and in a temporary file past it."""

_PROBLEM = {"model": ProblemDocument, "content": {"application/problem+json": {}}}
_REFUSALS: dict[int | str, dict[str, Any]] = dict.fromkeys((401, 403, 422, 503, 507), _PROBLEM)
_CONFLICTS: dict[int | str, dict[str, Any]] = {409: _PROBLEM, 410: _PROBLEM}

router = APIRouter(prefix="/v1", tags=["articles"], responses=_REFUSALS)

Following = Annotated[FollowingParameters, Query()]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The ETag of the version that must be current; 409 for another.",
        json_schema_extra=forms.VERSION_TAG,
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", description="`*`: the article must be new.", json_schema_extra=forms.ANY_TAG),
]
ArticleId = Annotated[
    str, Path(description="1 to 200 printable characters without / ? #.", json_schema_extra=forms.ARTICLE_ID)
]


@router.put(
    "/articles/{article_id}",
    summary="Store an article",
    response_model=WrittenDocument,
    responses={201: {"model": WrittenDocument}, **_CONFLICTS},
)
def put_article(
    article_id: ArticleId,
    record: ArticleRecord,
    parameters: Following,
    response: Response,
    desk: DeskDep,
    now: NowDep,
    _: WriterDep,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> WrittenDocument:
    """Make this the article's current version: durable when answered, searchable within a second.

    The same article again changes nothing. Every version is kept.
    """
    fields = record.model_dump(exclude_unset=True)
    stated = fields.pop("version", None)
    if fields.get("id") not in (None, article_id):
        raise QueryError(
            f"the article's id is {fields['id']!r}, the address has {article_id!r}; send the same, or no id"
        )
    expected = _expected(stated if parameters.version is None else parameters.version, if_match, if_none_match)
    try:
        article, _stated = article_from_record({**fields, "id": article_id}, now=now)
    except ArticleError as error:
        wrote(outcome_of(error))
        raise QueryError(str(error)) from None
    return _answered(desk.write([Put(article, expected)], now)[0], response)


@router.delete(
    "/articles/{article_id}",
    summary="Delete an article",
    response_model=WrittenDocument,
    responses={404: _PROBLEM, **_CONFLICTS},
)
def delete_article(
    article_id: str,
    parameters: Following,
    response: Response,
    desk: DeskDep,
    now: NowDep,
    _: WriterDep,
    if_match: IfMatch = None,
) -> WrittenDocument:
    """Let readers find the article no more. Its versions are kept: `as_of` a moment before still answers with it.

    To hide an article from the past too, store it as `withheld` or `canceled`; to erase it, take it down.
    """
    return _answered(desk.write([Delete(article_id, _expected(parameters.version, if_match, None))], now)[0], response)


@router.post(
    "/articles:bulk",
    summary="Store many articles",
    response_class=StreamingResponse,
    responses={
        200: {"content": {NDJSON: {"schema": {"type": "string"}}}, "description": "A result for each line, in order."},
        415: _PROBLEM,
    },
    openapi_extra={
        "requestBody": {"required": True, "content": {NDJSON: {"schema": {"type": "string"}}}},
    },
)
async def post_bulk(
    request: Request, desk: DeskDep, clock: ClockDep, settings: SettingsDep, _: WriterDep
) -> StreamingResponse:
    """NDJSON: an article a line, or `{"id": ..., "deleted": true}`. What is wrong with one line stops no other.

    Each result has `line`, `id`, `status` (created, updated, unchanged, deleted, conflict, taken_down or rejected) and `version`
    or `problem`.
    At most `DATELINE_BULK_LINES` lines (100,000) are read; of more, the last result says that they were not.
    Results are sent when all lines are stored; a request that breaks off leaves the lines before stored, and can be sent again.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in BULK_TYPES:
        raise HTTPException(415, f"Content-Type is {kind!r}; send {NDJSON}")
    with ExitStack() as held:
        results = held.enter_context(tempfile.SpooledTemporaryFile(SPOOLED_BYTES))
        async for batch in line_batches(request.stream(), settings.bulk_lines):
            results.write(await run_in_threadpool(_stored, batch, desk, clock()))
        results.seek(0)
        return StreamingResponse(_sent(results, held.pop_all()), media_type=NDJSON)


@router.get("/articles/{article_id}/versions", summary="Versions of an article", responses={404: _PROBLEM})
def get_versions(article_id: str, _: NoParametersDep, library: LibraryDep, now: NowDep) -> VersionsDocument:
    """When each version was published, and what was corrected; `GET /v1/articles/{id}?version=` has its text."""
    library.visible_article(article_id, now)
    return versions_document(article_id, library.records.versions(article_id), now)


def _expected(version: int | None, if_match: str | None, if_none_match: str | None) -> Expected:
    if if_none_match is not None:
        if if_match is not None:
            raise QueryError(
                "If-Match and If-None-Match are both given; send the first for an article that is stored, else the other"
            )
        if if_none_match.strip() != "*":
            raise QueryError(f"If-None-Match is {if_none_match!r}; a write takes only * (the article must be new)")
        return Expected(version, 0)
    if if_match is None:
        return Expected(version)
    tag = if_match.strip().removeprefix("W/").strip('"')
    if not tag.isdecimal() or len(tag) > 16:
        raise QueryError(f'If-Match is {if_match!r}; expected the ETag of a version, such as "3"')
    return Expected(version, int(tag))


def _answered(outcome: Written | DatelineError, response: Response) -> WrittenDocument:
    wrote(outcome_of(outcome))
    if isinstance(outcome, DatelineError):
        raise outcome
    response.status_code = 201 if outcome.result is Result.CREATED else 200
    if outcome.result is not Result.DELETED:
        response.headers["ETag"] = etag_of(outcome.version)
    return written_document(outcome)


def _stored(batch: Sequence[Line], desk: WriteDesk, now: datetime) -> bytes:
    """The result lines of one batch, stored."""
    sent = bytearray()
    for line, article_id, outcome in desk.write_lines(batch, now):
        wrote(outcome_of(outcome))
        sent += orjson.dumps(line_document(line.number, article_id, outcome)) + b"\n"
    return bytes(sent)


async def _sent(results: IO[bytes], held: ExitStack) -> AsyncIterator[bytes]:
    with held:
        while part := results.read(SPOOLED_BYTES):
            yield part
