"""Those who send or read at a crawl hold up nobody, and those who never come to a point are let go."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress

import pytest

from search_api.settings import Settings
from tests.faults.service import Service
from tests.hostile.conftest import SETTINGS, SLOWEST_S
from tests.hostile.wire import CLOSED, connected, json_request, request

IDLE = 500
PATIENCE_S = 8.0
"""Longer than the times of SETTINGS, shorter than those by default."""

has_timeouts = pytest.mark.skipif(
    not {"header_timeout_s", "body_timeout_s"} <= Settings.model_fields.keys(), reason="there is no such setting"
)


def asked_in(service: Service) -> float:
    """How long a normal reader waits meanwhile."""
    started = time.monotonic()
    assert service.ask("GET", "/v1/search?q=ferry").status == 200
    return time.monotonic() - started


def dripped(connection: socket.socket, content: bytes, *, pause_s: float = 0.5) -> tuple[int, float]:
    """Send byte by byte until an answer comes or the connection is closed: its status (CLOSED) and after how long."""
    started = time.monotonic()
    connection.settimeout(pause_s)
    received = b""
    for place in range(len(content)):
        with suppress(TimeoutError):
            try:
                connection.sendall(content[place : place + 1])
                received = connection.recv(65536)
            except ConnectionError:
                break
            status = int(received.split()[1]) if received else CLOSED
            return status, time.monotonic() - started
        if time.monotonic() - started > PATIENCE_S:
            pytest.fail("the connection is still held")
    return CLOSED, time.monotonic() - started


@has_timeouts
@pytest.mark.parametrize(
    "content", [b"", b"GET /v1/search?q=fer", request("GET", "/v1/search?q=ferry")[:-4] + b"\r\nX: " + b"a" * 99]
)
def test_a_head_that_does_not_come_to_an_end_is_waited_for_no_longer_than_it_takes_to_send_one(
    service: Service, content: bytes
) -> None:
    with connected(service.port) as connection:
        if content:
            status, seconds = dripped(connection, content + b"a" * 99)
        else:
            started = time.monotonic()
            connection.settimeout(PATIENCE_S)
            status = CLOSED if not connection.recv(1) else 408
            seconds = time.monotonic() - started
    assert status in {408, CLOSED}
    assert seconds < float(SETTINGS["DATELINE_HEADER_TIMEOUT_S"]) + 2
    assert asked_in(service) < SLOWEST_S


@has_timeouts
def test_a_body_that_stops_coming_is_given_up(service: Service) -> None:
    sent = json_request("POST", "/v1/search", '{"q": "ferry"}')
    with connected(service.port) as connection:
        connection.sendall(sent[:-8])
        connection.settimeout(PATIENCE_S)
        started = time.monotonic()
        answer = connection.recv(65536)
        assert time.monotonic() - started < float(SETTINGS["DATELINE_BODY_TIMEOUT_S"]) + 2
    assert not answer or int(answer.split()[1]) == 408


def test_a_hundred_senders_at_a_crawl_hold_up_nobody(service: Service, key: str) -> None:
    sent = [request("GET", "/v1/search?q=ferry")[:20], json_request("POST", "/v1/search", '{"q": "ferry"}')[:-5]]
    sent.append(request("PUT", "/v1/articles/slow", key, "Content-Type: application/json", length=1000) + b'{"title": ')
    sent.append(
        request("POST", "/v1/articles:bulk", key, "Content-Type: application/x-ndjson", length=1000) + b'{"id": '
    )
    with ExitStack() as held:
        for number in range(100):
            connection = held.enter_context(connected(service.port))
            connection.sendall(sent[number % len(sent)])
        assert max(asked_in(service) for _ in range(5)) < SLOWEST_S


def test_readers_who_take_nothing_hold_up_nobody(service: Service) -> None:
    asked = request("GET", "/v1/search?q=ferry&limit=100&explain=true", close=False)
    with ExitStack() as held:
        for _ in range(50):
            connection = held.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.settimeout(PATIENCE_S)
            connection.connect(("127.0.0.1", service.port))
            connection.sendall(asked * 20)
        assert max(asked_in(service) for _ in range(5)) < 2 * SLOWEST_S


def test_connections_that_rest_hold_up_nobody(service: Service) -> None:
    before = asked_in(service)
    with ExitStack() as held:
        for _ in range(IDLE):
            held.enter_context(connected(service.port))
        assert max(asked_in(service) for _ in range(10)) < max(SLOWEST_S, 10 * before)
