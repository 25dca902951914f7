"""One request and its answer, within the limits; redirects are the caller's."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import httpcore2

from indexer.fetching.addresses import Ip, WebAddress
from indexer.fetching.bodies import ACCEPTED_ENCODINGS, body_of
from indexer.fetching.connections import CheckedBackend
from indexer.fetching.limits import Limits
from indexer.fetching.outcomes import Declined, Delay, Delayed, Refusal

_NOT_TEXT = ("audio/", "video/", "image/", "font/", "application/pdf", "application/zip")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, the headers by their names in lower case, and the body of a 200 (else nothing)."""

    status: int
    headers: Mapping[str, str]
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Exchange:
    """How requests are made: one connection each, no proxy, no cookies, certificates verified against `tls`."""

    limits: Limits
    user_agent: str
    tls: ssl.SSLContext = field(default_factory=httpcore2.default_ssl_context)

    def ask(
        self, address: WebAddress, ips: Sequence[Ip], extra_headers: Mapping[str, str], *, cut_at: int | None = None
    ) -> Answer:
        """The answer of one of the IP addresses; raises Declined and Delayed.

        With `cut_at` only the first so many bytes of the body are read.
        """
        limits = self.limits
        backend = CheckedBackend(ips, time.monotonic() + limits.total_s)
        timeouts = {"connect": limits.connect_s, "read": limits.read_s, "write": limits.read_s}
        url = httpcore2.URL(
            scheme=address.scheme.encode(),
            host=address.host.encode(),
            port=address.port,
            target=address.target.encode(),
        )
        request = httpcore2.Request(
            "GET", url, headers=self._headers(address, extra_headers), extensions={"timeout": timeouts}
        )
        try:
            with httpcore2.HTTPConnection(url.origin, ssl_context=self.tls, network_backend=backend) as connection:
                return self._read(connection.handle_request(request), address, cut_at)
        except httpcore2.TimeoutException:
            reason = f"{address.host} took too long: {limits.read_s:g} seconds of silence or {limits.total_s:g} in all"
            raise Delayed(Delay.TIMEOUT, reason) from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise Delayed(
                Delay.NETWORK, f"the connection to {address.host} failed: {error or type(error).__name__}"
            ) from None

    def _headers(self, address: WebAddress, extra: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        headers = {
            "Host": address.origin.partition("://")[2],
            "User-Agent": self.user_agent,
            "Accept": "*/*",
            "Accept-Encoding": ACCEPTED_ENCODINGS,
            "Connection": "close",
            **extra,
        }
        return [(name.encode(), value.encode("latin-1", errors="replace")) for name, value in headers.items()]

    def _read(self, response: httpcore2.Response, address: WebAddress, cut_at: int | None) -> Answer:
        headers: dict[str, str] = {}
        for name, value in response.headers:
            headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
        if response.status != 200:
            return Answer(response.status, headers)
        kind = headers.get("content-type", "").strip().lower()
        if kind.startswith(_NOT_TEXT):
            raise Declined(Refusal.NOT_TEXT, f"{address.text} is {kind.partition(';')[0][:60]}, not text")
        assert isinstance(response.stream, Iterable)
        encoding = headers.get("content-encoding", "")
        limit = cut_at or self.limits.max_bytes
        return Answer(200, headers, body_of(response.stream, encoding, limit, cut=cut_at is not None))
