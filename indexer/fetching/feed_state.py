"""What is known of each feed between two polls, one small file a feed, so that a watch goes on where it was ended."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from indexer.fetching.schedule import FIRST_INTERVAL_S
from indexer.layout import held_lock, replace_text

MAX_KNOWN_ITEMS = 10_000
"""Of the items taken, those remembered, the latest seen: twice what one poll takes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FeedState:
    """One feed as it was after its last poll.

    `items` maps the key of each item taken to its print and how it was taken, least lately seen first.
    """

    address: str
    etag: str | None = None
    last_modified: str | None = None
    last_polled_at: datetime | None = None
    next_poll_at: datetime | None = None
    interval_s: float = FIRST_INTERVAL_S
    failures: int = 0
    last_status: str = ""
    stopped: bool = False
    items: Mapping[str, str] = field(default_factory=dict)

    def is_due(self, now: datetime) -> bool:
        return not self.stopped and (self.next_poll_at is None or self.next_poll_at <= now)


class FeedStates:
    """The states in a folder, such as `watch/` of an index."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    @contextmanager
    def held(cls, folder: Path) -> Iterator[FeedStates]:
        """The states, for one process at a time; raises IndexBusy naming the process that has them."""
        with held_lock(folder, f"no state can be kept in {folder}", f"is watching feeds with {folder}; stop it first"):
            for leftover in folder.glob("*.new"):
                leftover.unlink(missing_ok=True)
            yield cls(folder)

    def load(self, address: str) -> FeedState:
        """The feed's state; that of a feed never polled where there is none, or none that can be read."""
        path = self._path(address)
        try:
            return _state(orjson.loads(path.read_bytes()), address)
        except FileNotFoundError:
            return FeedState(address)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            _log.warning("%s cannot be read (%s); %s is polled as if for the first time", path, error, address)
            return FeedState(address)

    def save(self, state: FeedState) -> None:
        """Put the state in place so that a kill leaves the old one or this one."""
        kept = dict(list(state.items.items())[-MAX_KNOWN_ITEMS:])
        replace_text(self._path(state.address), orjson.dumps({**asdict(state), "items": kept}).decode())

    def _path(self, address: str) -> Path:
        return self._folder / f"{hashlib.sha256(address.encode(errors='replace')).hexdigest()[:24]}.json"


def _state(values: dict[str, Any], address: str) -> FeedState:
    if values["address"] != address:
        raise ValueError(f"is the state of {values['address']!r}")
    for name in ("last_polled_at", "next_poll_at"):
        values[name] = datetime.fromisoformat(values[name]).astimezone(UTC) if values[name] else None
    state = FeedState(**values)
    numbers = isinstance(state.interval_s, int | float) and isinstance(state.failures, int)
    texts = all(value is None or isinstance(value, str) for value in (state.etag, state.last_modified))
    if not numbers or not texts or not all(isinstance(value, str) for value in {**state.items}.values()):
        raise ValueError("a value is of the wrong kind")
    return state
