"""What a failed call to Milvus means: whether it is worth another try, and what a reader may be told of it. Pure.

Codes are those of Milvus 2.3 and later; servers up to 2.5 send many passing troubles as 65535 with a text.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Failure(StrEnum):
    """What to do about a failed call."""

    AGAIN = "again"
    """Try again: the server is not ready, or has no node for this yet."""
    REOPEN = "reopen"
    """Open the channel anew and try again: nobody answers on this one."""
    RELEASED = "released"
    """Load the collection and try again."""
    GONE = "gone"
    """There is no such collection, or alias."""
    REFUSED = "refused"
    """The call itself is wrong; another try would be too."""


_REOPEN_STATUS = frozenset({"UNAVAILABLE", "CANCELLED", "UNKNOWN", "INTERNAL"})
_AGAIN_STATUS = frozenset({"DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED"})

_AGAIN_CODES = frozenset({3, 4, 5, 7, 8, 9, 103, 202, 400, 401, 500, 501, 503, 600, 601, 602, 901, 902, 903, 904, 905})
"""Limits of memory, disk and rate; a collection half loaded; no replica, channel, segment or node for it at present."""

_NOT_READY = 1
"""Of Milvus: the service is not ready. Of pymilvus and Milvus Lite: anything unexpected, so that the text decides."""

_UNEXPECTED = 65535
_RELEASED_CODES = frozenset({101, 201})
_GONE_CODES = frozenset({100, 1600})
"""Of a collection and of an alias."""
_CONNECT_FAILED = 2

_WRONG = re.compile(
    r"cannot parse expression|topk \[|query result window|dimension mismatch|invalid parameter|not exist", re.IGNORECASE
)
_PASSING = re.compile(
    r"not ready|no available|not available|unavailable|not loaded|not fully loaded|no replica|shard leader|servic(?:e?)able|"
    r"delegator|empty grpc client|transport: error|transport is closing|connection error|connection is closing|channel lacks|"
    r"error reading from server|rpc error: code = (?:canceled|unavailable)|unrecoverable error|node not (?:match|found)|offline|"
    r"timed? ?out|timeout|deadline|context canceled|rate limit|quota exceeded|is initializing|abnormal|Retry run out|"
    r"too many requests|not healthy|connection refused|EOF",
    re.IGNORECASE,
)
_BROKEN_CHANNEL = re.compile(
    r"closed channel|channel closed|create connection first|fail connecting|StatusCode\.UNAVAILABLE", re.IGNORECASE
)
_INNER = re.compile(r":?\s*stack trace:")
"""What a server adds for those who make it."""

_ADDRESS = re.compile(
    r"(?:ipv[46]|dns|https?|tcp|unix):\S+|\[?[0-9a-f]*:[0-9a-f:]+\]?:\d+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\b[\w.-]+:\d{2,5}\b",
    re.IGNORECASE,
)


def is_of_milvus(error: BaseException) -> bool:
    """Whether pymilvus or gRPC raised this."""
    return any(kind.__module__.partition(".")[0] in ("pymilvus", "grpc") for kind in type(error).__mro__)


def failure(error: BaseException) -> Failure:
    """What to do about an error of pymilvus or gRPC."""
    code, said = _code(error), str(error)
    if isinstance(code, str):
        if code in _REOPEN_STATUS:
            return Failure.REOPEN
        return Failure.AGAIN if code in _AGAIN_STATUS else Failure.REFUSED
    if code in _RELEASED_CODES:
        return Failure.RELEASED
    if code in _GONE_CODES:
        return Failure.GONE
    if code == _CONNECT_FAILED or _BROKEN_CHANNEL.search(said):
        return Failure.REOPEN
    if code in _AGAIN_CODES:
        return Failure.AGAIN
    if code in (_NOT_READY, _UNEXPECTED, 0, None) and _PASSING.search(said) and not _WRONG.search(said):
        return Failure.AGAIN
    return Failure.REFUSED


def told(error: BaseException) -> str:
    """The first line of what an error says, without addresses."""
    said = getattr(error, "message", None) or getattr(error, "details", None)
    text = str(said() if callable(said) else said or error)
    lines = text.strip().splitlines() or [type(error).__name__]
    return _ADDRESS.sub("(address)", _INNER.split(lines[0])[0])[:300]


def _code(error: BaseException) -> int | str | None:
    """The number that Milvus gave, or the name of the status that gRPC gave."""
    code = getattr(error, "code", None)
    if callable(code):
        code = code()
    if isinstance(code, int):
        return int(code)
    name = getattr(code, "name", None)
    return name if isinstance(name, str) else None
