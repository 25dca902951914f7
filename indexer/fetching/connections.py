"""Connections to addresses that were checked, closed at a deadline."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Sequence
from typing import Any

from httpcore2 import (
    ConnectTimeout,
    NetworkBackend,
    NetworkError,
    NetworkStream,
    ReadTimeout,
    SyncBackend,
    WriteTimeout,
)

from indexer.fetching.addresses import Ip

_TRIED_IPS = 3


class CheckedBackend(NetworkBackend):
    """Connects to the given IP addresses whatever the host's name resolves to by now; TLS still verifies the name.

    Every read and write ends by `deadline` (of time.monotonic), so that a steady drip is no way to hold a connection.
    """

    def __init__(self, ips: Sequence[Ip], deadline: float) -> None:
        self._ips = ips
        self._deadline = deadline
        self._sockets = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        failure: Exception | None = None
        for ip in self._ips[:_TRIED_IPS]:
            left = _left(self._deadline, timeout)
            if left <= 0:
                break
            try:
                stream = self._sockets.connect_tcp(str(ip), port, left, local_address, socket_options)
            except (NetworkError, ConnectTimeout) as error:
                failure = error
            else:
                return DeadlineStream(stream, self._deadline)
        raise failure or ConnectTimeout(f"no time was left to connect to {host}")


class DeadlineStream(NetworkStream):
    """A stream whose reads and writes all end by a deadline."""

    def __init__(self, stream: NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = _left(self._deadline, timeout)
        if left <= 0:
            raise ReadTimeout("the time for the whole answer is over")
        return self._stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = _left(self._deadline, timeout)
        if left <= 0:
            raise WriteTimeout("the time for the whole answer is over")
        self._stream.write(buffer, left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        left = max(_left(self._deadline, timeout), 0.001)
        return DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    return left if timeout is None else min(left, timeout)
