"""How long a connection may take to say what it wants, and how many there may be: uvicorn has no such limits.

A client that opens connections and sends nothing, or a byte a second, would hold each of them for as long as it likes.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from dataclasses import dataclass
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from search_api.errors import problem
from search_api.logs import Seldom
from search_api.metrics import refused
from search_api.security_headers import EVERYWHERE, NOTHING

logger = logging.getLogger(__name__)

_refusals = Seldom()

LEAST_BYTES_S = 500
"""How fast a body has to come in the long run; even a poor mobile line is ten times faster."""

_TITLES = {400: "Bad request", 408: "The request did not come in time", 431: "The head is too large", 503: "Busy"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection is waited for, in seconds (0: without end), and how many one process holds (0: any number)."""

    head_s: float
    body_s: float
    most_connections: int


def _send_at_once(transport: asyncio.Transport) -> None:
    """Let no answer's last part wait for the client to acknowledge the part before (Nagle), which it does 40 ms late.

    asyncio sees to that for sockets that it opened itself, not for the one that workers share.
    """
    connected = transport.get_extra_info("socket")
    if connected is not None and connected.family in (socket.AF_INET, socket.AF_INET6):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it; what uvicorn does not understand is answered with a problem document, too."""

    def __init__(self, *arguments: Any, patience: Patience, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._patience = patience
        self._head_timer: asyncio.TimerHandle | None = None
        self._body_timer: asyncio.TimerHandle | None = None
        self._body_bytes = 0
        self._body_waited_s = 0.0
        self._stalled_s = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        _send_at_once(transport)
        most = self._patience.most_connections
        if most and len(self.connections) > most:
            self._refuse(503, f"this process holds {most} connections, which is all it may; ask again in a moment")
        else:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._body_bytes += len(data)
        self._stalled_s = 0.0
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def send_400_response(self, msg: str) -> None:
        error = sys.exception()  # uvicorn calls this where it caught what h11 found wrong
        status = getattr(error, "error_status_hint", 400)
        self._refuse(status if status in _TITLES else 400, f"this is no HTTP/1.1 request: {error or msg}")

    def _watch(self) -> None:
        """Wait for what the client has to send next: nothing while it is answered, or rests between two requests."""
        state = self.conn.their_state
        if self.transport.is_closing() or state not in (h11.IDLE, h11.SEND_BODY):
            self._stop_waiting()
        elif state is h11.SEND_BODY:
            self._expect_body()
        elif self.conn.trailing_data[0]:
            self._expect_head()
        else:
            self._stop_waiting()

    def _stop_waiting(self) -> None:
        for timer in (self._head_timer, self._body_timer):
            if timer:
                timer.cancel()
        self._head_timer = self._body_timer = None

    def _expect_head(self) -> None:
        if self._head_timer is None and self._patience.head_s:
            self._stop_waiting()
            self._head_timer = self.loop.call_later(self._patience.head_s, self._head_is_late)

    def _head_is_late(self) -> None:
        self._refuse(408, f"the head of the request did not come within {self._patience.head_s:g} s")

    def _expect_body(self) -> None:
        if self._body_timer is None and self._patience.body_s:
            self._stop_waiting()
            self._body_bytes, self._body_waited_s, self._stalled_s = 0, 0.0, 0.0
            self._body_timer = self.loop.call_later(self._step_s, self._look_at_body)

    @property
    def _step_s(self) -> float:
        return min(1.0, self._patience.body_s / 4)

    def _look_at_body(self) -> None:
        """Called again and again while a body is to come. Only time in which the service would have read counts."""
        self._body_timer = self.loop.call_later(self._step_s, self._look_at_body)
        if self.flow.read_paused or (self.cycle and self.cycle.waiting_for_100_continue):
            return
        self._body_waited_s += self._step_s
        self._stalled_s += self._step_s
        if self._stalled_s > self._patience.body_s:
            self._refuse(408, f"nothing of the body came for {self._patience.body_s:g} s")
        elif self._body_waited_s > self._patience.body_s + self._body_bytes / LEAST_BYTES_S:
            self._refuse(408, f"the body came too slowly: {self._body_bytes} bytes in {self._body_waited_s:.0f} s")

    def _refuse(self, status: int, detail: str) -> None:
        """Answer with a problem where no answer has begun, and close the connection; it is counted, and logged now and then."""
        self._stop_waiting()
        refused(status)
        left_out = _refusals.due(status)
        if left_out is not None:
            more = f" ({left_out:,} more since the last such line)" if left_out else ""
            logger.warning("a connection was refused with %d: %s%s", status, detail, more)
        if self.cycle and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = problem(status, _TITLES[status], detail)
            extra = {
                **EVERYWHERE,
                "Content-Security-Policy": NOTHING,
                "Cache-Control": "no-store",
                "Connection": "close",
                **({"Retry-After": "1"} if status == 503 else {}),
            }
            headers = [*answer.raw_headers, *((k.lower().encode(), v.encode()) for k, v in extra.items())]
            for event in (
                h11.Response(status_code=status, headers=headers, reason=_TITLES[status].encode()),
                h11.Data(data=bytes(answer.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self._unset_keepalive_if_required()
        self.transport.close()
