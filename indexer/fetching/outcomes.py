"""What can come of asking for an address: its bytes, or in words why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Refusal(StrEnum):
    """Why an address is not fetched, now or later."""

    ADDRESS = "address"
    PRIVATE = "private-address"
    ROBOTS = "robots"
    REDIRECTS = "redirects"
    TOO_LARGE = "too-large"
    ENCODING = "unknown-encoding"
    NOT_TEXT = "not-text"
    STATUS = "status"


class Delay(StrEnum):
    """Why an address gave nothing this time."""

    ASKED_TO_WAIT = "asked-to-wait"
    SERVER_ERROR = "server-error"
    TIMEOUT = "timeout"
    NETWORK = "network"
    DAMAGED = "damaged"
    ROBOTS_UNKNOWN = "robots-unknown"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer, without its compression, and in UTF-8 where only the headers said what it was in.

    `final_address` is where the redirects ended; `moved_to` is the same where every one of them was a permanent one.
    """

    address: str
    final_address: str
    status: int
    data: bytes
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    max_age_s: float | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """What was fetched before still stands."""

    address: str
    max_age_s: float | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """There is nothing at the address: 404, or 410, which says that there never will be again."""

    address: str
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The address is not to be fetched; asking again soon changes nothing."""

    address: str
    why: Refusal
    reason: str


@dataclass(frozen=True, slots=True)
class TryLater:
    """Nothing this time; `retry_after_s` is how long the host asked to be left alone."""

    address: str
    why: Delay
    reason: str
    retry_after_s: float | None = None


Outcome: TypeAlias = Fetched | NotModified | Gone | Refused | TryLater


class Declined(Exception):
    """Ends a fetch that is refused."""

    def __init__(self, why: Refusal, reason: str) -> None:
        super().__init__(reason)
        self.why = why


class Delayed(Exception):
    """Ends a fetch that gave nothing this time."""

    def __init__(self, why: Delay, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.why = why
        self.retry_after_s = retry_after_s
