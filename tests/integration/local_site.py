"""A web server on this machine that answers exactly as a test says, well or badly; and time that passes by waiting."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self, TypeAlias

from indexer.fetching.addresses import Ip, resolved
from indexer.fetching.client import Surroundings
from tests.support import NOW


@dataclass
class FakeTime:
    """Time that passes only by waiting; the waits are kept."""

    seconds: float = 1000.0
    waits: list[float] = field(default_factory=list)
    stop: bool = False

    def clock(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds - 1000)

    def wait(self, seconds: float) -> bool:
        if seconds:
            self.waits.append(round(seconds, 3))
        self.seconds += seconds
        return self.stop

    def around(self, resolve: Callable[[str, int], Sequence[Ip]] = resolved) -> Surroundings:
        return Surroundings(self.clock, self.now, self.wait, resolve)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came in: its target and its headers by their names in lower case."""

    target: str
    headers: Mapping[str, str]


Reply: TypeAlias = bytes | Callable[[Asked, socket.socket], None]


def answer(body: bytes | str = b"", status: int = 200, **headers: str) -> bytes:
    """A whole, correct answer; `content_type` names the header Content-Type."""
    data = body.encode() if isinstance(body, str) else body
    named = {"Content-Type": "text/plain", "Content-Length": str(len(data))}
    named |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode("latin-1") + data


def redirect(to: str, status: int = 302) -> bytes:
    return answer(status=status, location=to)


@dataclass(slots=True)
class LocalSite:
    """Answers by the request's target; what is not in `replies` is 404."""

    tls: ssl.SSLContext | None = None
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    """Set when the test is over: what waits to be slow ends."""
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def targets(self) -> list[str]:
        """What was asked for, robots.txt left out."""
        return [one.target for one in self.asked if one.target != "/robots.txt"]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _start(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.released.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._start(partial(self._serve, connection))

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), self._secured(connection) as secured:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = secured.recv(65536)
                if not piece:
                    return
                head += piece
            asked = _parsed(head)
            self.asked.append(asked)
            reply = self.replies.get(asked.target, answer(status=404))
            if isinstance(reply, bytes):
                secured.sendall(reply)
            else:
                reply(asked, secured)

    @contextmanager
    def _secured(self, connection: socket.socket) -> Iterator[socket.socket]:
        with connection:
            if self.tls is None:
                yield connection
            else:
                with self.tls.wrap_socket(connection, server_side=True) as secured:
                    yield secured


def _parsed(head: bytes) -> Asked:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines if line)
    return Asked(first.split(" ")[1], {name.lower(): value for name, _, value in pairs})
