"""What a feed's address held: its items, with what the operator's list says of the feed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from indexer.articles import derived_id
from indexer.errors import SourceError
from indexer.fetching.outcomes import Fetched
from indexer.sources.detection import SAMPLE_BYTES, SourceFormat, detect_format
from indexer.sources.feed_dates import feed_time
from indexer.sources.feed_list import FeedAddress
from indexer.sources.items import EXTENT, Extent, Reading
from indexer.sources.opening import read_source
from indexer.sources.sitemap import sitemap_pages
from indexer.sources.source_file import SourceFile
from indexer.types import Article, Found, Reject
from indexer.urls import canonical_url

MAX_ITEMS = 5_000
"""Of one poll; a longer feed is cut here, with a Reject that says so."""

_NO_FEEDS = frozenset(
    {SourceFormat.HTML, SourceFormat.PAGE_TEXT, SourceFormat.CSV, SourceFormat.PARQUET, SourceFormat.WARC}
)
"""What an address gives in place of its feed (an error page, a log-in), or what is no feed at all."""

_TTL = re.compile(rb"<ttl>\s*(\d{1,6})\s*</ttl>")


class NoFeed(Exception):
    """What the address held is no feed; the text says what it is."""


@dataclass(frozen=True, slots=True)
class FeedContent:
    """The items of one poll in the feed's order, what in it is none, and for how long it calls itself fresh.

    `listed` are the pages of which a sitemap has the address alone: articles without a word, each at the place of a reject.
    """

    found: tuple[Found, ...]
    rejects: tuple[Reject, ...]
    fresh_s: float | None
    listed: tuple[Found, ...] = ()


def feed_content(fetched: Fetched, feed: FeedAddress, how: Reading) -> FeedContent:
    """The items of what was fetched; raises NoFeed."""
    file = SourceFile.in_memory(feed.address, fetched.data, fetched.final_address)
    chosen = _format(file)
    items = list(islice(read_source(file, how, chosen), MAX_ITEMS + 1))
    if len(items) > MAX_ITEMS:
        reason = f"the feed has more than {MAX_ITEMS:,} items, the limit for one poll; the rest is left out"
        items[MAX_ITEMS:] = [Reject(feed.address, "file", reason)]
    found = tuple(_in_section(item, feed.section) for item in items if isinstance(item, Found))
    rejects = tuple(item for item in items if isinstance(item, Reject))
    if not found and any(reject.place == "file" for reject in rejects):
        raise NoFeed(rejects[0].reason)
    ttl = _TTL.search(fetched.data[:SAMPLE_BYTES])
    fresh_s = max(fetched.max_age_s or 0.0, 60.0 * int(ttl[1]) if ttl else 0.0)
    pages = _listed(file, rejects, how) if chosen is SourceFormat.SITEMAP else ()
    return FeedContent(found, rejects, fresh_s or None, tuple(_in_section(page, feed.section) for page in pages))


def _listed(file: SourceFile, rejects: Iterable[Reject], how: Reading) -> Iterator[Found]:
    """The pages of a sitemap's entries that were rejected since they have no headline."""
    places = {reject.place for reject in rejects}
    for page in sitemap_pages(file.read()):
        if page.title is None and page.place in places:
            url = canonical_url(page.address)
            changed = feed_time(page.changed or "", how.now)
            article = Article(derived_id(url, "", ""), "", "", url, updated_at=changed, extra={EXTENT: Extent.HEADLINE})
            yield Found(article, file.name, page.place, partial=True, stated_id=False)


def _format(file: SourceFile) -> SourceFormat:
    try:
        with file.open() as opened:
            sample = opened.read(SAMPLE_BYTES)
    except (SourceError, OSError) as error:
        raise NoFeed(str(error)) from None
    if not sample.strip():
        raise NoFeed("the answer is empty")
    chosen = detect_format(sample, file.suffix)
    if chosen is None or chosen in _NO_FEEDS:
        raise NoFeed(f"the address holds {chosen or 'binary data'}, not a feed; give the address of the feed itself")
    return chosen


def _in_section(found: Found, section: str | None) -> Found:
    if not section or found.article.section:
        return found
    return replace(found, article=replace(found.article, section=section))
