"""A feed's items handed on in small batches, each remembered as soon as it is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from indexer.fetching.client import Fetcher
from indexer.fetching.feed_content import FeedContent
from indexer.fetching.feed_state import FeedState, FeedStates
from indexer.fetching.known_items import Taken, Wanted, item_key, seen_again, unreported, wanted
from indexer.fetching.pages import PageNotRead, Stopped, with_page
from indexer.sources.items import Reading
from indexer.types import Found, Reject

BATCH_ITEMS = 500
BATCH_PAGES = 20
"""Items handed on at once: what a kill can cost in pages to be fetched again."""

MAX_PAGES_A_POLL = 100
"""Items whose page is asked for in one poll; the others wait for the next, so that one long feed holds up no other."""

Take = Callable[[Sequence[Found | Reject]], None]


@dataclass(slots=True)
class Progress:
    """How far the taking of one poll has come."""

    state: FeedState
    items: int = 0
    pages: int = 0
    waiting: int = 0
    rejects: int = 0
    pages_not_read: list[PageNotRead] = field(default_factory=list)
    stopped: bool = False

    @property
    def unfinished(self) -> bool:
        """Whether the next poll must see the feed again although it did not change."""
        return self.stopped or self.waiting > 0 or any(page.passing for page in self.pages_not_read)


@dataclass(frozen=True, slots=True)
class Taking:
    """Where items go, and where their pages come from (None: pages are not asked for)."""

    states: FeedStates
    take: Take
    pages: Fetcher | None

    def run(self, content: FeedContent, progress: Progress, how: Reading) -> None:
        """Hand on what is new in the content. `progress` is right, and its state saved, after every batch."""
        known = progress.state.items
        listed = content.listed if self.pages else ()
        places = {page.place for page in listed}
        self._report([reject for reject in content.rejects if reject.place not in places], progress)
        items = (*content.found, *listed)
        todo = list(wanted(items, known, pages=self.pages is not None))
        if self.pages:
            progress.waiting = max(len(todo) - MAX_PAGES_A_POLL, 0)
            todo = todo[:MAX_PAGES_A_POLL]
        size = BATCH_PAGES if self.pages else BATCH_ITEMS
        for start in range(0, len(todo), size):
            self._batch(todo[start : start + size], progress, how)
            if progress.stopped:
                break
        keys = map(item_key, items)
        progress.state = replace(progress.state, items=seen_again(progress.state.items, keys))

    def _report(self, rejects: Sequence[Reject], progress: Progress) -> None:
        unheard, remembered = unreported(rejects, progress.state.items)
        if unheard:
            self.take(unheard)
        progress.rejects = len(rejects)
        self._remember(remembered, progress)

    def _batch(self, batch: Sequence[Wanted], progress: Progress, how: Reading) -> None:
        ready: list[Found | Reject] = []
        remembered: dict[str, str] = {}
        pages_read = 0
        not_read = []
        for one in batch:
            made = with_page(one.found, self.pages, how) if self.pages else one.found
            if isinstance(made, Stopped):
                progress.stopped = True
                break
            if isinstance(made, PageNotRead):
                not_read.append(made)
                taken = one.failed() if made.passing else Taken.NO_PAGE
                remembered |= one.record(taken)
                ready += _without_page(one, made, taken)
            else:
                pages_read += self.pages is not None
                remembered |= one.record(Taken.PAGE if self.pages else Taken.FEED)
                ready.append(made)
        if ready:
            self.take(ready)
        self._remember(remembered, progress)
        found = [item for item in ready if isinstance(item, Found)]
        progress.items += len(found)
        progress.rejects += len(ready) - len(found)
        progress.pages += pages_read
        progress.pages_not_read += not_read

    def _remember(self, remembered: dict[str, str], progress: Progress) -> None:
        if remembered:
            known = {key: value for key, value in progress.state.items.items() if key not in remembered}
            progress.state = replace(progress.state, items={**known, **remembered})
            self.states.save(progress.state)


def _without_page(one: Wanted, page: PageNotRead, taken: Taken) -> list[Found | Reject]:
    """The item as the feed has it, where that was not taken before; of a mere address a Reject, once its page is given up."""
    found = one.found
    if not found.article.title and not found.article.body:
        reason = f"its page {page.address} cannot be read, and the sitemap has no headline of it: {page.reason}"
        return [Reject(found.source, found.place, reason)] if taken is Taken.NO_PAGE else []
    return [] if one.only_page else [found]
