"""A server of a few lines that answers badly on purpose, request by request."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Act = Callable[[socket.socket], None]
"""What is done with a connection whose request was read; it is closed afterwards."""

PATIENCE_S = 10.0


def answer(status: int, body: Any = "", *, kind: str = "application/json", **headers: str) -> Act:
    """A whole answer: JSON, or a text as it is. `Retry_After="1"` is the header Retry-After."""
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    stated = {"Content-Type": kind, "Content-Length": str(len(content)), "Connection": "close"} | named
    lines = "".join(f"{name}: {value}\r\n" for name, value in stated.items())
    return lambda connection: connection.sendall(f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + content)


def drop(_: socket.socket) -> None:
    """Close without a word."""


def no_http(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP ready\r\n")


def cut_off(connection: socket.socket) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n" + b'{"query": "oi'
    )


def silent(connection: socket.socket) -> None:
    """Say nothing until the other side has gone."""
    connection.recv(1)


def dripping(connection: socket.socket) -> None:
    """A byte at a time, without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        connection.sendall(b" ")
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Received:
    head: str
    body: bytes
    at: float


@dataclass(slots=True)
class BadServer:
    """What it received, and where it listens."""

    port: int
    received: list[Received] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def bad_server(*acts: Act) -> Iterator[BadServer]:
    """Plays the acts, one a request; the last one for all that come after."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = BadServer(listening.getsockname()[1])
        ended = threading.Event()
        thread = threading.Thread(target=_play, args=(listening, server, acts, ended), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            ended.set()
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


def _play(listening: socket.socket, server: BadServer, acts: tuple[Act, ...], ended: threading.Event) -> None:
    listening.settimeout(0.05)
    while not ended.is_set():
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            continue
        with connection:
            connection.settimeout(PATIENCE_S)
            try:
                server.received.append(_request(connection))
                acts[min(len(server.received), len(acts)) - 1](connection)
            except OSError:
                continue


def _request(connection: socket.socket) -> Received:
    """One request, read whole."""
    content = b""
    while b"\r\n\r\n" not in content:
        content += _more(connection)
    head, _, body = content.partition(b"\r\n\r\n")
    stated = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(stated[0].partition(b":")[2]) if stated else 0
    while len(body) < length:
        body += _more(connection)
    return Received(head.decode(), body, time.monotonic())


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError
    return part
