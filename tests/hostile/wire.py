"""Bytes to a service and back, as nobody's client sends them."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

CLOSED = 0
"""Stands for the status where the connection was closed without an answer."""

PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Reply:
    """All that came back on a connection until it was closed, or until nothing more came."""

    raw: bytes
    closed: bool
    seconds: float

    @property
    def statuses(self) -> list[int]:
        """The status of each answer on the connection."""
        return [int(found) for found in re.findall(rb"HTTP/1\.[01] ([0-9]{3}) ", self.raw)]

    @property
    def status(self) -> int:
        return self.statuses[0] if self.statuses else CLOSED

    @property
    def head(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[0].decode("latin-1")

    @property
    def body(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def exchange(port: int, sent: bytes | Iterable[bytes], *, patience_s: float = PATIENCE_S) -> Reply:
    """Send bytes, whether they are taken or not, and read until the connection is closed or `patience_s` have passed."""
    started = time.monotonic()
    with connected(port) as connection:
        with suppress(OSError):  # refused while it was being sent
            for part in [sent] if isinstance(sent, bytes) else sent:
                connection.sendall(part)
        received = bytearray()
        closed = False
        while (left_s := started + patience_s - time.monotonic()) > 0:
            connection.settimeout(left_s)
            try:
                part = connection.recv(65536)
            except TimeoutError:
                break
            except OSError:
                part = b""
            if not part:
                closed = True
                break
            received += part
    return Reply(bytes(received), closed, time.monotonic() - started)


def request(
    method: str, target: str | bytes, *headers: str, body: bytes = b"", length: int | None = None, close: bool = True
) -> bytes:
    """A request as bytes; `target` and `headers` go out as they are, one byte a character."""
    spelled = target if isinstance(target, bytes) else target.encode("latin-1")
    lines = ["Host: news.example", *(["Connection: close"] if close else []), *headers]
    if body or length is not None:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    head = "\r\n".join(lines).encode("latin-1")
    return method.encode() + b" " + spelled + b" HTTP/1.1\r\n" + head + b"\r\n\r\n" + body


def json_request(method: str, target: str, body: str | bytes, *headers: str) -> bytes:
    content = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    return request(method, target, "Content-Type: application/json", *headers, body=content)


def chunked(parts: Iterable[bytes]) -> Iterable[bytes]:
    """The parts as chunks of a body of unknown length."""
    for part in parts:
        yield f"{len(part):x}\r\n".encode() + part + b"\r\n"
    yield b"0\r\n\r\n"
