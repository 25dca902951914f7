"""What one poll of one feed came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from indexer.fetching.pages import PageNotRead


class PollResult(StrEnum):
    """How a poll ended; see `Polled.reason` for why."""

    TAKEN = "taken"
    NOT_MODIFIED = "not-modified"
    FAILED = "failed"
    GONE = "gone"
    INDEX_BUSY = "index-busy"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Polled:
    """One poll.

    `items` counts the articles handed on and `pages` those of them read from their page; `pages_not_read` are the others
    whose page was asked for. `rejects` counts what in the feed is no item, `waiting` the items left for the next poll.
    """

    address: str
    result: PollResult
    reason: str = ""
    items: int = 0
    pages: int = 0
    rejects: int = 0
    waiting: int = 0
    pages_not_read: tuple[PageNotRead, ...] = ()
    moved_to: str | None = None
    next_poll_at: datetime | None = None
