"""Connections that dawdle, and requests that are none, at a real server."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvicorn
from uvicorn.server import ServerState

from search_api.connections import Patience, PatientProtocol
from tests.faults.service import Service
from tests.support import index_of, record

HEAD_S = 1.0
BODY_S = 1.0
MOST = 20
PUT = b"PUT /v1/articles/late HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("connections")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        index = index_of(folder, [record(number) for number in range(4)])
    limits = {
        "DATELINE_HEADER_TIMEOUT_S": str(HEAD_S),
        "DATELINE_BODY_TIMEOUT_S": str(BODY_S),
        "DATELINE_MOST_CONNECTIONS": str(MOST),
    }
    with Service(index, folder / "log", workers=1, **limits) as service:
        yield service


class Connection:
    """Bytes to the service and back."""

    def __init__(self, service: Service) -> None:
        self.socket = socket.create_connection(("127.0.0.1", service.port), timeout=15)
        self.opened = time.monotonic()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *parts: bytes, pause_s: float = 0.0) -> None:
        """Part by part, until all is sent or the other side hangs up."""
        for part in parts:
            try:
                self.socket.sendall(part)
            except OSError:
                return
            time.sleep(pause_s)

    def drip(self, content: bytes, pause_s: float) -> None:
        self.send(*(bytes([one]) for one in content), pause_s=pause_s)

    def rest(self) -> bytes:
        """All that comes until the other side hangs up."""
        received = b""
        try:
            while part := self.socket.recv(65536):
                received += part
        except ConnectionResetError:
            pass
        return received

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.opened


def is_a_problem(answer: bytes, status: int) -> str:
    """The detail of an answer that has to be a problem document of the status, and the last of its connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert first.startswith(f"http/1.1 {status} "), answer
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers
    document = json.loads(body)
    assert document["status"] == status
    return str(document["detail"])


def test_a_connection_that_says_nothing_is_closed(service: Service) -> None:
    with Connection(service) as connection:
        assert "did not come within 1 s" in is_a_problem(connection.rest(), 408)
        assert HEAD_S <= connection.age_s < HEAD_S + 3


def test_a_head_that_comes_byte_by_byte_is_not_waited_for(service: Service) -> None:
    with ThreadPoolExecutor(1) as pool, Connection(service) as connection:
        pool.submit(connection.drip, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 200, 0.1)
        is_a_problem(connection.rest(), 408)
        assert connection.age_s < HEAD_S + 3


def test_the_head_of_a_second_request_is_timed_too(service: Service) -> None:
    with Connection(service) as connection:
        connection.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(HEAD_S * 1.5)
        connection.send(b"GET /healthz HTTP/1.1\r\n")
        first, _, second = connection.rest().partition(b'{"status":"ok"}')
        assert first.startswith(b"HTTP/1.1 200")
        is_a_problem(second, 408)


def test_a_head_that_comes_in_pieces_and_in_time_is_answered(service: Service) -> None:
    with Connection(service) as connection:
        connection.send(b"GET /healthz HT", b"TP/1.1\r\nHost: x\r\nConn", b"ection: close\r\n\r\n", pause_s=0.05)
        assert connection.rest().startswith(b"HTTP/1.1 200")


def test_a_body_that_stops_coming_is_not_waited_for(service: Service) -> None:
    with Connection(service) as connection:
        connection.send(PUT + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        assert "nothing of the body came for 1 s" in is_a_problem(connection.rest(), 408)
        assert connection.age_s < BODY_S + 3


def test_a_body_that_drips_is_not_waited_for(service: Service) -> None:
    with ThreadPoolExecutor(1) as pool, Connection(service) as connection:
        connection.send(PUT + b"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        pool.submit(connection.drip, b"x" * 200, 0.05)
        assert "too slowly" in is_a_problem(connection.rest(), 408)
        assert connection.age_s < BODY_S + 4


def test_a_slow_body_that_comes_all_the_same_is_taken(service: Service) -> None:
    line = json.dumps({"id": "slow", "title": "A slow line", "body": "x" * 6000}).encode()
    parts = [line[at : at + 600] for at in range(0, len(line), 600)]
    head = (
        f"POST /v1/articles:bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service._key}\r\nConnection: close\r\n"
    )
    head += f"Content-Type: application/x-ndjson\r\nContent-Length: {len(line)}\r\n\r\n"
    with Connection(service) as connection:
        connection.send(head.encode(), *parts, pause_s=0.25)
        answer = connection.rest()
        assert answer.startswith(b"HTTP/1.1 200")
        assert b'"created"' in answer
        assert connection.age_s > 2 * BODY_S


def test_a_client_that_waits_for_leave_to_send_is_not_called_slow(service: Service) -> None:
    head = b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 13\r\nConnection: close\r\n"
    with Connection(service) as connection:
        connection.send(head + b"Expect: 100-continue\r\n\r\n")
        assert connection.socket.recv(65536).startswith(b"HTTP/1.1 100")
        connection.send(b'{"q": "rate"}')
        assert connection.rest().startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (PUT + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}{}{}", 400),
        (PUT + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ],
)
def test_what_is_no_request_is_a_problem(service: Service, sent: bytes, status: int) -> None:
    with Connection(service) as connection:
        connection.send(sent)
        is_a_problem(connection.rest(), status)
    assert service.ask("GET", "/healthz").status == 200


def test_connections_past_the_limit_are_turned_away_and_room_comes_back(service: Service) -> None:
    detail = ""
    for _ in range(5):  # a machine that stalls lets those that are held time out before the last comes
        held = [Connection(service) for _ in range(MOST)]
        time.sleep(0.1)
        with Connection(service) as one_more:
            answer = one_more.rest()
        for connection in held:
            connection.rest()
            connection.socket.close()
        if b" 503 " in answer:
            detail = is_a_problem(answer, 503)
            break
    assert f"holds {MOST} connections" in detail
    assert service.ask("GET", "/healthz").status == 200


def test_a_hundred_slow_connections_do_not_keep_readers_out(service: Service) -> None:
    for _ in range(10):
        held = [Connection(service) for _ in range(MOST // 2)]
        for connection in held:
            connection.send(b"GET / HTTP/1.1\r\nHost: ")
        assert service.ask("GET", "/v1/stories").status == 200
        for connection in held:
            connection.socket.close()


def test_none_of_this_is_an_error_of_the_service_s_own(service: Service) -> None:
    assert service.ask("GET", "/healthz").status == 200
    assert "Traceback" not in service.log


def test_no_part_of_an_answer_waits_for_the_one_before_on_a_socket_that_workers_share() -> None:
    shared = socket.socket(socket.AF_INET, socket.SOCK_STREAM)  # as uvicorn makes it for its workers
    shared.bind(("127.0.0.1", 0))
    config = uvicorn.Config(lambda *_: None, log_config=None)
    config.load()
    seen: list[int] = []

    class Noted(PatientProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            seen.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    async def connect() -> None:
        def protocol() -> Noted:
            return Noted(config=config, server_state=ServerState(), app_state={}, patience=Patience(0, 0, 0))

        server = await asyncio.get_running_loop().create_server(protocol, sock=shared)
        _, writer = await asyncio.open_connection(*shared.getsockname())
        await asyncio.sleep(0.05)
        writer.close()
        await writer.wait_closed()
        server.close()

    asyncio.run(connect())
    assert seen == [1]
