"""Feeds polled when they are due, and their new items handed on; what was handed on is remembered afterwards."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from indexer.errors import IndexBusy
from indexer.fetching.client import Fetcher
from indexer.fetching.feed_content import FeedContent, NoFeed, feed_content
from indexer.fetching.feed_state import FeedState, FeedStates
from indexer.fetching.outcomes import Delay, Fetched, Gone, NotModified, Refused, TryLater
from indexer.fetching.polls import Polled, PollResult
from indexer.fetching.schedule import MIN_INTERVAL_S, backoff_s, next_interval_s, pause_s
from indexer.fetching.taking import Progress, Take, Taking
from indexer.sources.feed_list import FeedAddress
from indexer.sources.items import Reading

BUSY_S = 60.0
"""After which a feed is polled again whose items could not be stored since another process writes to the index."""

_LOOK_S = 60.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watch:
    """The feeds, and what polling them needs.

    `take` is called with the items of a poll and returns when they are durable; IndexBusy from it puts the feed off, any
    other error ends the watch. `now` tells the time, `wait` pauses for some seconds and says whether to stop.
    """

    feeds: Sequence[FeedAddress]
    fetcher: Fetcher
    states: FeedStates
    take: Take
    now: Callable[[], datetime]
    wait: Callable[[float], bool]
    fetch_pages: bool = False
    chance: Callable[[], float] = field(default=random.random)

    def once(self) -> list[Polled]:
        """Poll every feed that is due, one after another, the longest overdue first; ends early when asked to stop."""
        return list(self._polls())

    def run(self, report: Callable[[Polled], None]) -> None:
        """Poll the feeds as they become due until asked to stop, or until every feed is gone for good."""
        while not self.wait(0):
            for polled in self._polls():
                report(polled)
            pause = self._until_next()
            if pause is None:
                _log.warning("every feed is gone (status 410); nothing is left to watch")
                return
            if self.wait(min(pause, _LOOK_S)):
                return

    def _polls(self) -> Iterator[Polled]:
        for feed, state in self._due():
            if self.wait(0):
                return
            yield self._poll(feed, state)

    def _states(self) -> list[tuple[FeedAddress, FeedState]]:
        unique = {feed.address: feed for feed in reversed(self.feeds)}
        return [(feed, self.states.load(feed.address)) for feed in reversed(unique.values())]

    def _due(self) -> list[tuple[FeedAddress, FeedState]]:
        now = self.now()
        due = [(feed, state) for feed, state in self._states() if state.is_due(now)]
        return sorted(due, key=lambda one: one[1].next_poll_at.timestamp() if one[1].next_poll_at else 0.0)

    def _until_next(self) -> float | None:
        """Seconds until a feed is due; None when all are gone."""
        now = self.now()
        times = [state.next_poll_at or now for _, state in self._states() if not state.stopped]
        return max((min(times) - now).total_seconds(), 0.0) if times else None

    def _poll(self, feed: FeedAddress, state: FeedState) -> Polled:
        outcome = self.fetcher.fetch(feed.address, state.etag, state.last_modified)
        match outcome:
            case NotModified():
                polled = self._not_modified(state, outcome)
            case Fetched():
                polled = self._fetched(feed, state, outcome)
            case Gone(status=410):
                polled = self._gone(state, outcome)
            case TryLater(why=Delay.STOPPED):
                polled = Polled(feed.address, PollResult.STOPPED, outcome.reason)
            case TryLater():
                polled = self._failed(state, outcome.reason, outcome.retry_after_s)
            case Gone() | Refused():
                polled = self._failed(state, outcome.reason)
        _log.info("%s: %s, %d items %s", feed.address, polled.result, polled.items, polled.reason)
        return polled

    def _fetched(self, feed: FeedAddress, state: FeedState, fetched: Fetched) -> Polled:
        how = Reading(self.now())
        try:
            content = feed_content(fetched, feed, how)
        except NoFeed as error:
            return self._failed(state, str(error))
        progress = Progress(state)
        try:
            Taking(self.states, self.take, self.fetcher if self.fetch_pages else None).run(content, progress, how)
        except IndexBusy as error:
            return self._busy(progress, str(error))
        return self._taken(fetched, content, progress)

    def _taken(self, fetched: Fetched, content: FeedContent, progress: Progress) -> Polled:
        state = progress.state
        result = PollResult.STOPPED if progress.stopped else PollResult.TAKEN
        interval_s = next_interval_s(state.interval_s, changed=progress.items > 0)
        pause = MIN_INTERVAL_S if progress.waiting else pause_s(interval_s, content.fresh_s)
        state = self._settled(
            replace(
                state,
                etag=None if progress.unfinished else fetched.etag,
                last_modified=None if progress.unfinished else fetched.last_modified,
                interval_s=interval_s,
                failures=0,
            ),
            result,
            0.0 if progress.stopped else pause,
        )
        return Polled(
            state.address,
            result,
            items=progress.items,
            pages=progress.pages,
            rejects=progress.rejects,
            waiting=progress.waiting,
            pages_not_read=tuple(progress.pages_not_read),
            moved_to=fetched.moved_to,
            next_poll_at=state.next_poll_at,
        )

    def _not_modified(self, state: FeedState, outcome: NotModified) -> Polled:
        interval_s = next_interval_s(state.interval_s, changed=False)
        state = replace(state, interval_s=interval_s, failures=0)
        state = self._settled(state, PollResult.NOT_MODIFIED, pause_s(interval_s, outcome.max_age_s))
        return Polled(state.address, PollResult.NOT_MODIFIED, next_poll_at=state.next_poll_at)

    def _failed(self, state: FeedState, reason: str, retry_after_s: float | None = None) -> Polled:
        state = replace(state, failures=state.failures + 1)
        pause = backoff_s(state.failures, retry_after_s, self.chance())
        state = self._settled(state, reason, pause)
        return Polled(state.address, PollResult.FAILED, reason, next_poll_at=state.next_poll_at)

    def _gone(self, state: FeedState, outcome: Gone) -> Polled:
        self._settled(replace(state, stopped=True), outcome.reason, 0.0)
        return Polled(state.address, PollResult.GONE, f"{outcome.reason}; it is not polled again")

    def _busy(self, progress: Progress, reason: str) -> Polled:
        """What was taken before stays taken; the rest is polled again soon."""
        state = self._settled(replace(progress.state, etag=None, last_modified=None), reason, BUSY_S)
        return Polled(
            state.address,
            PollResult.INDEX_BUSY,
            reason,
            items=progress.items,
            pages=progress.pages,
            next_poll_at=state.next_poll_at,
        )

    def _settled(self, state: FeedState, status: str, pause: float) -> FeedState:
        """The state saved with its next poll that many seconds from now."""
        now = self.now()
        state = replace(state, last_status=status, last_polled_at=now, next_poll_at=now + timedelta(seconds=pause))
        self.states.save(state)
        return state
