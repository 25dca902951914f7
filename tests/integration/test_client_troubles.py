"""What the client makes of a service that is busy, slow, broken off or no service at all."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from email.utils import formatdate
from typing import Any

import pytest
import stamina

from search_api.client import (
    AsyncDateline,
    BadAnswer,
    Conflict,
    Dateline,
    DatelineClientError,
    Gone,
    Invalid,
    NotAllowed,
    NotFound,
    ProblemError,
    Retries,
    TooManyRequests,
    Unavailable,
    Unreachable,
    calls,
)
from search_api.client.connection import Connection
from search_api.client.errors import retry_after_s
from tests.integration.bad_server import (
    Act,
    answer,
    bad_server,
    cut_off,
    dripping,
    drop,
    no_http,
    silent,
)

KEY = "dl_a-key-that-nobody-may-see"
QUICK = Retries(attempts=3, total_s=20, wait_s=0.01, wait_max_s=0.02)
READY = {"status": "ready", "generation": 1, "articles": 3, "change": 3}
WRITTEN = {"id": "a1", "status": "created", "version": 1, "change": 4}
BUSY = {"type": "about:blank", "title": "The index is locked", "status": 503, "detail": "Later.", "request_id": "r-17"}

Ask = Callable[..., Any]


def ask_plainly(address: str, method: str, *given: Any, timeout_s: float = 5.0, **options: Any) -> Any:
    with Dateline(address, key=KEY, timeout_s=timeout_s, slow_timeout_s=timeout_s, retries=QUICK) as dateline:
        found = getattr(dateline, method)(*given, **options)
        return list(found) if isinstance(found, Iterator) else found


def ask_awaiting(address: str, method: str, *given: Any, timeout_s: float = 5.0, **options: Any) -> Any:
    async def ask() -> Any:
        async with AsyncDateline(
            address, key=KEY, timeout_s=timeout_s, slow_timeout_s=timeout_s, retries=QUICK
        ) as dateline:
            found = getattr(dateline, method)(*given, **options)
            if isinstance(found, AsyncIterator):
                return [one async for one in found]
            assert isinstance(found, Coroutine)
            return await found

    return asyncio.run(ask())


@pytest.fixture(params=[ask_plainly, ask_awaiting])
def ask(request: pytest.FixtureRequest) -> Ask:
    asking: Ask = request.param
    return asking


@pytest.mark.parametrize(
    "trouble",
    [
        answer(503, BUSY, kind="application/problem+json", Retry_After="0"),
        answer(429, "", Retry_After="0"),
        answer(503, "<html>busy</html>", kind="text/html"),
        answer(502, "<html>bad gateway</html>", kind="text/html"),
        answer(504),
        drop,
        cut_off,
        no_http,
    ],
    ids=["503", "429", "503 of a proxy", "502", "504", "dropped", "cut off", "no HTTP"],
)
def test_a_question_is_asked_again_until_it_is_answered(ask: Ask, trouble: Act) -> None:
    with bad_server(trouble, trouble, answer(200, READY)) as server:
        assert ask(server.address, "ready").articles == 3
    assert len(server.received) == 3
    assert len({one.head for one in server.received}) == 1


def test_it_is_asked_a_bounded_number_of_times(ask: Ask) -> None:
    with bad_server(answer(503, BUSY, kind="application/problem+json")) as server, pytest.raises(Unavailable) as raised:
        ask(server.address, "ready")
    assert len(server.received) == QUICK.attempts
    assert raised.value.status == 503
    assert raised.value.title == BUSY["title"]
    assert raised.value.detail == "Later."
    assert raised.value.request_id == "r-17"
    assert str(raised.value) == f"GET {server.address}/readyz: 503 The index is locked: Later. (request r-17)"


def test_it_is_asked_again_when_the_service_says(ask: Ask) -> None:
    with bad_server(answer(503, BUSY, Retry_After="1"), answer(200, READY)) as server:
        ask(server.address, "ready")
    first, second = server.received
    assert second.at - first.at >= 1


def test_a_wait_that_is_too_long_is_not_begun(ask: Ask) -> None:
    began = time.monotonic()
    with bad_server(answer(429, "", Retry_After="3600")) as server, pytest.raises(TooManyRequests) as raised:
        ask(server.address, "search", "ferry")
    assert time.monotonic() - began < QUICK.total_s
    assert len(server.received) == 1
    assert raised.value.retry_after_s == 3600


REPEATED = [
    ("search", ("w" * 3000,), {}, True),
    ("related_to_draft", (), {"title": "Ferry"}, True),
    ("put", ("a1", {"title": "Ferry"}), {}, False),
    ("put", ("a1", {"title": "Ferry"}), {"version": 2}, True),
    ("put", ("a1", {"title": "Ferry", "version": 2}), {}, True),
    ("put", ("a1", {"title": "Ferry"}), {"if_match": 2}, True),
    ("put", ("a1", {"title": "Ferry"}), {"if_none_match": "*"}, True),
    ("delete", ("a1",), {}, True),
    ("takedown", ("a1", "law"), {}, False),
    ("build", (), {}, False),
    ("activate", (2,), {}, False),
    ("bulk", ([{"title": "Ferry"}],), {}, False),
    ("bulk", ([{"title": "Ferry"}],), {"resend": True}, True),
]


@pytest.mark.parametrize(("method", "given", "options", "is_repeated"), REPEATED)
def test_only_what_may_be_done_twice_is_sent_again_when_its_answer_is_lost(
    ask: Ask, method: str, given: tuple[Any, ...], options: dict[str, Any], is_repeated: bool
) -> None:
    with bad_server(drop) as server, pytest.raises(Unreachable) as raised:
        ask(server.address, method, *given, **options)
    assert raised.value.sent
    assert len(server.received) == (QUICK.attempts if is_repeated else 1)


def test_a_write_that_was_refused_whole_is_sent_again(ask: Ask) -> None:
    with bad_server(answer(503, BUSY, Retry_After="0"), answer(201, WRITTEN)) as server:
        assert ask(server.address, "put", "a1", {"title": "Ferry"}).status == "created"
    assert [one.body for one in server.received] == [b'{"title": "Ferry"}'] * 2


def test_a_bulk_write_that_may_be_stored_in_part_is_not(ask: Ask) -> None:
    with bad_server(answer(503, BUSY)) as server, pytest.raises(Unavailable):
        ask(server.address, "bulk", [{"title": "Ferry"}])
    assert len(server.received) == 1
    done = answer(200, '{"line": 1, "id": "a1", "status": "created", "version": 1}\n', kind="application/x-ndjson")
    with bad_server(answer(429, ""), done) as server:
        (result,) = ask(server.address, "bulk", [{"title": "Ferry"}])
    assert (result.line, result.id, result.is_stored) == (1, "a1", True)
    assert len(server.received) == 2


@pytest.mark.parametrize(
    "results", ["", '{"line": 2, "status": "created"}\n', '{"line": 1, "status": "created"}\n' * 2]
)
def test_results_that_are_not_one_for_each_article_are_no_answer(ask: Ask, results: str) -> None:
    with bad_server(answer(200, results)) as server, pytest.raises(BadAnswer, match="1 articles were sent"):
        ask(server.address, "bulk", [{"title": "Ferry"}])


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (silent, "no answer within 1.5 s"),
        (dripping, "no whole answer within 1.5 s"),
    ],
    ids=["silent", "dripping"],
)
def test_a_service_that_is_too_slow_is_unreachable(ask: Ask, act: Act, told: str) -> None:
    began = time.monotonic()
    with bad_server(act) as server, pytest.raises(Unreachable, match=told) as raised:
        ask(server.address, "put", "a1", {"title": "Ferry"}, timeout_s=1.5)
    assert time.monotonic() - began < 5
    assert raised.value.sent


def test_long_work_is_waited_for_and_a_connection_is_not() -> None:
    connection = Connection("http://a.example", None, 2, 900, None)
    limits = connection.request(calls.takedown("a1", "law"))["timeout"]
    assert (limits.connect, limits.write, limits.pool, limits.read) == (2, 2, 2, 900)
    assert connection.request(calls.article("a1"))["timeout"].read == 2
    with pytest.raises(ValueError, match="seconds above 0"):
        Dateline("http://a.example", timeout_s=0)


def test_where_nothing_listens_nothing_was_sent(ask: Ask) -> None:
    with bad_server(drop) as server:
        pass
    with pytest.raises(Unreachable) as raised:
        ask(server.address, "takedown", "a1", "law")
    assert not raised.value.sent


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<!doctype html><title>Welcome</title>", "the answer is no JSON"),
        ("", "the answer is no JSON"),
        ("[" * 200_000, "the answer is no JSON"),
        ([], r"the answer is no Ready: it is \[\]; expected an object"),
        ({"status": "ready", "generation": 1, "articles": 3}, "the answer is no Ready: it has no 'change'"),
        (READY | {"articles": "3"}, "articles is '3'; expected a whole number"),
        (READY | {"articles": True}, "articles is True; expected a whole number"),
    ],
    ids=["HTML", "empty", "deep", "list", "lacks a field", "text for a number", "true for a number"],
)
def test_what_is_no_answer_is_told_and_not_asked_again(ask: Ask, body: Any, told: str) -> None:
    with bad_server(answer(200, body)) as server, pytest.raises(BadAnswer, match=told) as raised:
        ask(server.address, "ready")
    assert len(server.received) == 1
    assert str(raised.value).startswith(f"GET {server.address}/readyz: ")


def test_fields_of_a_newer_service_are_passed_over(ask: Ask) -> None:
    with bad_server(answer(200, READY | {"lag_s": 0.2, "shards": [{"id": 1}]})) as server:
        assert ask(server.address, "ready").change == 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, NotAllowed),
        (403, NotAllowed),
        (404, NotFound),
        (409, Conflict),
        (410, Gone),
        (422, Invalid),
        (429, TooManyRequests),
        (503, Unavailable),
        (418, ProblemError),
        (507, ProblemError),
    ],
)
def test_each_status_has_its_error(ask: Ask, status: int, kind: type[ProblemError]) -> None:
    errors = [{"parameter": "limit", "problem": "too large"}]
    body = {"title": "No", "status": status, "detail": "limit: too large", "errors": errors}
    with bad_server(answer(status, body, X_Request_ID="r-4")) as server, pytest.raises(ProblemError) as raised:
        ask(server.address, "ready")
    assert type(raised.value) is kind
    assert (raised.value.status, raised.value.request_id) == (status, "r-4")
    assert raised.value.errors == tuple(errors)


@pytest.mark.parametrize("body", ['{"title": 7, "errors": {"a": 1}, "detail": null}', "[1]", "\xff", '"text"'])
def test_a_problem_that_is_written_wrongly_is_still_one(ask: Ask, body: str) -> None:
    with bad_server(answer(404, body)) as server, pytest.raises(NotFound) as raised:
        ask(server.address, "ready")
    assert (raised.value.title, raised.value.detail, raised.value.errors) == ("Said", "", ())


def test_a_redirect_names_the_address_to_give(ask: Ask) -> None:
    moved = answer(301, "", Location="https://search.example/readyz")
    with bad_server(moved) as server, pytest.raises(ProblemError, match="give that address") as raised:
        ask(server.address, "ready")
    assert "https://search.example/readyz" in str(raised.value)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "act", [answer(503, BUSY), answer(401, BUSY), answer(200, "{"), drop, silent, no_http, cut_off]
)
def test_the_key_is_sent_and_never_shown(
    ask: Ask, act: Act, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with bad_server(act) as server, pytest.raises(DatelineClientError) as raised:
        ask(server.address, "ready", timeout_s=0.3)
    assert f"authorization: bearer {KEY}" in server.received[0].head.lower()
    shown = [*traceback.format_exception(raised.value), repr(raised.value), caplog.text, *capfd.readouterr()]
    error: BaseException | None = raised.value
    while error:
        shown += [str(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    assert KEY not in "".join(shown)
    assert KEY not in repr(Dateline(server.address, key=KEY)) + repr(AsyncDateline(server.address, key=KEY))


def test_without_a_key_none_is_sent() -> None:
    with bad_server(answer(200, READY)) as server, Dateline(server.address) as dateline:
        dateline.ready()
    assert "authorization" not in server.received[0].head.lower()


@pytest.mark.parametrize("key", ["", "dl_secret\n", "dl secret", "dl_sécret", "dl_\x00"])
def test_what_can_be_no_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match="no key has") as raised:
        Dateline("http://127.0.0.1:1", key=key)
    assert "cret" not in str(raised.value)


@pytest.mark.parametrize(
    "service", ["127.0.0.1:8000", "localhost", "", "ftp://a.example", "http://", "http://a.example/?q=1", "http://[::1"]
)
def test_what_is_no_address_is_refused(service: str) -> None:
    with pytest.raises(ValueError, match="such as http://127"):
        Dateline(service)


def test_an_address_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="user or a password") as raised:
        Dateline("http://desk:opensesame@search.example")
    assert "opensesame" not in str(raised.value)


def test_a_service_below_a_path_is_asked_there(ask: Ask) -> None:
    with bad_server(answer(200, READY)) as server:
        ask(f"{server.address}/news/search/", "ready")
    assert server.received[0].head.startswith("GET /news/search/readyz HTTP/1.1")


def test_retries_can_be_switched_off_altogether(ask: Ask) -> None:
    stamina.set_active(False)
    try:
        with bad_server(drop, answer(200, READY)) as server, pytest.raises(Unreachable):
            ask(server.address, "ready")
    finally:
        stamina.set_active(True)
    assert len(server.received) == 1
    with bad_server(drop, answer(200, READY)) as server, Dateline(server.address, retries=None) as dateline:
        with pytest.raises(Unreachable):
            dateline.ready()
        assert dateline.ready().articles == 3


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"total_s": 0}, {"wait_s": -1}, {"wait_max_s": 0}], ids=lambda wrong: next(iter(wrong))
)
def test_retries_without_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no way to try again"):
        Retries(**wrong)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5.0),
        (" 0 ", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
        ("-3", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header) == seconds


def test_a_date_to_come_is_that_many_seconds_away() -> None:
    assert 50 < (retry_after_s(formatdate(time.time() + 60, usegmt=True)) or 0) <= 60
