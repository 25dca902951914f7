"""RSS 0.9x, 1.0, 2.0 and Atom, read by feedparser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from indexer.errors import SourceError
from indexer.sources.decoding import decode_page
from indexer.sources.feed_entry import entry_item
from indexer.sources.feed_identity import feed_frame, first_address
from indexer.sources.feed_items import feed_item
from indexer.sources.feed_parser import ParsedFeed, parse_feed
from indexer.sources.items import Reading
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject

MAX_FEED_BYTES = 16 << 20
MAX_MARKUP = 1_000_000
"""A feed with more tags and references is refused: feedparser would take minutes."""

_ASCII = bytes(range(128))
_WESTERN_SHARE = 0.1
"""Of bytes that are not ASCII; of Russian, Greek or Arabic text in such a feed they are more."""

_END = re.compile(r"</(?:[\w.-]+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)


def read_feed(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """Each item's article, or why it is none; places are `item 1` and on."""
    data = file.read(MAX_FEED_BYTES)
    text = decode_page(data, _likely_charset(data))
    found = _parsed(text)
    items = [entry_item(entry, found.feed, found.version) for entry in found.entries]
    base = first_address([str(found.feed.get("link", ""))], file.address) or file.address
    name = _own_address(found.feed) or file.address or str(found.feed.get("title", ""))
    frame = feed_frame(items, base, name)
    whole = _END.search(text[-4000:]) is not None
    for number, item in enumerate(items, start=1):
        place = f"item {number}"
        if number == len(items) and not whole:
            yield Reject(file.name, place, "the feed ends within this item or after it, unfinished; fetch it again")
        else:
            yield feed_item(item, file.name, place, how, frame)


def _likely_charset(data: bytes) -> str | None:
    """What a feed is in that neither says so nor is UTF-8: mostly ASCII, it is in a Western European language."""
    return "cp1252" if len(data.translate(None, _ASCII)) < _WESTERN_SHARE * len(data) else None


def _parsed(text: str) -> ParsedFeed:
    """What feedparser makes of the document; raises SourceError for no feed."""
    if text.count("<") + text.count("&") > MAX_MARKUP:
        raise SourceError(f"has more than {MAX_MARKUP:,} tags and references; split it")
    found = parse_feed(text)
    if not found.entries and not found.version:
        raise SourceError("is no RSS or Atom feed; expected a document whose first element is rss, rdf:RDF or feed")
    return found


def _own_address(feed: Mapping[str, Any]) -> str | None:
    """Where the feed says that it is itself."""
    links = feed.get("links")
    own = [link.get("href") or "" for link in links if link.get("rel") == "self"] if isinstance(links, list) else []
    return first_address(own, None)
