"""Lists of feeds to watch: OPML, or plain text with one address a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import listparser

from indexer.articles import normalise_line
from indexer.errors import ArticleError, SourceError
from indexer.sources.decoding import decode_page
from indexer.urls import canonical_url

MAX_LIST_BYTES = 1 << 20
"""A longer list is refused; a megabyte of OPML holds about 5,000 feeds."""

_COMMENT = re.compile(r"(?:^|\s)#.*$")
_DECLARATION = re.compile(r"^\s*<\?xml.*?\?>", re.DOTALL)
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """Where a feed is, what its list calls it, and the section that its items are in where they name none."""

    address: str
    title: str | None = None
    section: str | None = None


def read_feed_list(data: bytes, name: str) -> list[FeedAddress]:
    """The feeds of a list in its order, each once; raises SourceError, which begins with the list's name."""
    if len(data) > MAX_LIST_BYTES:
        raise SourceError(f"{name} has more than {MAX_LIST_BYTES:,} bytes, the limit for a list of feeds; split it")
    text = decode_page(data)
    feeds = list(_outlines(text, name) if text.lstrip().startswith("<") else _lines(text, name))
    if not feeds:
        raise SourceError(f"{name} lists no feeds; expected OPML whose outlines have xmlUrl, or one address a line")
    unique: dict[str, FeedAddress] = {}
    for feed in feeds:
        unique.setdefault(feed.address, feed)
    return list(unique.values())


def _lines(text: str, name: str) -> Iterator[FeedAddress]:
    for number, line in enumerate(text.splitlines(), start=1):
        if address := _COMMENT.sub("", line).strip():
            yield FeedAddress(_checked(address, f"{name}, line {number},"))


def _outlines(text: str, name: str) -> Iterator[FeedAddress]:
    """In ASCII with character references, so that no library has to find out the encoding."""
    if _ENTITY.search(text):
        raise SourceError(f"{name} declares entities of its own (<!ENTITY ...>), which are not expanded; remove them")
    try:
        found = listparser.parse(_DECLARATION.sub("", text).encode("ascii", errors="xmlcharrefreplace"))
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise SourceError(f"{name} cannot be read as OPML ({error}); save it anew or list one address a line") from None
    for feed in found["feeds"]:
        title = normalise_line(feed["title"]) or None
        yield FeedAddress(_checked(feed["url"].strip(), f"{name}, outline {title!r},"), title, _section(feed))


def _section(feed: Mapping[str, Any]) -> str | None:
    """The name of the outline that encloses the feed: the innermost one that has a name."""
    paths = feed.get("categories") or [[]]
    return next((name for part in reversed(paths[-1]) if (name := normalise_line(part))), None)


def _checked(address: str, place: str) -> str:
    """The address as it stands; raises SourceError for what is no web address."""
    try:
        canonical_url(address)
    except ArticleError:
        shown = address if len(address) <= 80 else f"{address[:77]}..."
        raise SourceError(f"{place} is {shown!r}; expected an http(s) address of a feed") from None
    if any(character.isspace() for character in address):
        raise SourceError(f"{place} is {address[:80]!r}; expected one address without spaces")
    return address
