"""An item's article page, read and completed with what its feed states."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from indexer.fetching.client import Fetcher
from indexer.fetching.outcomes import Delay, Fetched, Gone, NotModified, Refused, TryLater
from indexer.sources.html import page_item
from indexer.sources.items import EXTENT, Reading
from indexer.types import Article, DateOrigin, Found, Reject


@dataclass(frozen=True, slots=True)
class PageNotRead:
    """Why an item was taken as the feed has it; `passing` where it may be otherwise next time."""

    address: str
    reason: str
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """The watch was asked to stop before the page was asked for."""


def with_page(found: Found, fetcher: Fetcher, how: Reading) -> Found | PageNotRead | Stopped:
    """The item with the text of its page, or why the page gives none."""
    address = found.article.url
    if address is None:
        return PageNotRead(found.place, "the item has no address")
    match fetcher.fetch(address):
        case Fetched() as fetched:
            page = page_item(fetched.data, address, "page", how, address=fetched.final_address)
            if isinstance(page, Reject):
                return PageNotRead(address, page.reason)
            return _joined(found, page)
        case TryLater(why=Delay.STOPPED):
            return Stopped()
        case TryLater(reason=reason):
            return PageNotRead(address, reason, passing=True)
        case Gone(reason=reason) | Refused(reason=reason):
            return PageNotRead(address, reason)
        case NotModified():
            return PageNotRead(address, "the server says that the page did not change, without being asked")


def _joined(found: Found, page: Found) -> Found | PageNotRead:
    """The page's article under the item's id; what the page does not state is the feed's."""
    item, article = found.article, page.article
    whole = EXTENT not in item.extra
    if whole and len(article.body) < len(item.body):
        return PageNotRead(item.url or found.place, "the page has less text than the feed, whose text is kept")
    published_at, published_from = _published(item, article)
    extra = {**{name: value for name, value in item.extra.items() if name != EXTENT}, **article.extra}
    joined = replace(
        article,
        id=item.id,
        title=article.title or item.title,
        published_at=published_at,
        published_from=published_from,
        updated_at=article.updated_at or item.updated_at,
        source=article.source or item.source,
        section=article.section or item.section,
        authors=article.authors or item.authors,
        summary=article.summary or (None if whole else item.summary),
        image_url=article.image_url or item.image_url,
        tags=article.tags or item.tags,
        license=article.license or item.license,
        pubstatus=item.pubstatus,
        embargoed=item.embargoed,
        extra=extra,
    )
    return Found(joined, found.source, found.place, partial=True, stated_id=found.stated_id)


def _published(item: Article, page: Article) -> tuple[datetime | None, DateOrigin]:
    """The page's date; the feed's where the page has none, only repeats its day, or has it from the address alone."""
    ours, theirs = item.published_at, page.published_at
    if ours is None or (
        theirs and page.published_from not in (DateOrigin.URL, DateOrigin.UPDATE) and not _is_day_of(theirs, ours)
    ):
        return theirs, page.published_from
    return ours, item.published_from


def _is_day_of(day: datetime, moment: datetime) -> bool:
    return (day.hour, day.minute, day.second) == (0, 0, 0) and day.date() == moment.date()
