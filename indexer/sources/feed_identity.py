"""What tells the items of one feed apart: their addresses, and where these do not, their guids. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from indexer.errors import ArticleError
from indexer.sources.feed_text import FeedText
from indexer.urls import canonical_url, url_key

_URI = re.compile(r"(?:tag:|urn:|https?://)\S", re.IGNORECASE)
"""A guid that no other feed gives to another item."""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """An item as its feed states it; of addresses, dates and languages the first usable one counts."""

    title: FeedText
    content: FeedText
    summary: FeedText
    guid: str = ""
    addresses: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    updated: str = ""
    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    """Fields of the article that need no reading: source, section, license."""


@dataclass(frozen=True, slots=True)
class FeedFrame:
    """What the feed is to its items.

    Relative addresses are relative to `base`; `name` is the feed's address, else its title; `shared` are the keys of addresses
    that more than one item has, such as that of a podcast's page, `reused` the guids of which several titles are.
    """

    base: str | None = None
    name: str = ""
    shared: frozenset[str] = frozenset()
    reused: frozenset[str] = frozenset()


def feed_frame(items: Sequence[FeedItem], base: str | None, name: str) -> FeedFrame:
    """The frame of these items. Two with one guid, or without guid with one title, are one item listed twice."""
    known: dict[str, set[str]] = defaultdict(set)
    titles: dict[str, set[str]] = defaultdict(set)
    for item in items:
        titles[item.guid].add(item.title.line)
        if url := first_address(item.addresses, base):
            known[url_key(url)].add(item.guid or f"title\0{item.title.line}")
    shared, reused = (frozenset(key for key, names in one.items() if len(names) > 1) for one in (known, titles))
    return FeedFrame(base, name, shared, reused)


def identity_fields(item: FeedItem, frame: FeedFrame) -> dict[str, Any]:
    """`url`, `id` and `guid`. An address that several items share identifies none of them: it is kept as `shared_url`."""
    url = first_address(item.addresses, frame.base)
    if url and url_key(url) not in frame.shared:
        return {"url": url, "guid": item.guid or None}
    return {"id": _id(item.guid, url, frame), "guid": item.guid or None, "shared_url": url}


def first_address(addresses: Iterable[str], base: str | None) -> str | None:
    """The first that is a web address or, resolved, becomes one."""
    for address in addresses:
        try:
            whole = urljoin(base, address.strip()) if base and address.strip() else address.strip()
            canonical_url(whole)
        except (ArticleError, ValueError):
            continue
        return whole
    return None


def _id(guid: str, shared_url: str | None, frame: FeedFrame) -> str | None:
    """The guid where it is a URI that can be an id, else what is derived from it; None where it identifies nothing."""
    if not guid or guid in frame.reused or (shared_url and _is_same_address(guid, shared_url)):
        return None
    if not _URI.match(guid):
        return _digest(f"guid\0{frame.name}\0{guid}")
    return guid if _is_valid_id(guid) else _digest(f"guid\0{guid}")


def _is_same_address(guid: str, url: str) -> bool:
    try:
        return url_key(guid) == url_key(url)
    except ArticleError:
        return False


def _is_valid_id(text: str) -> bool:
    """Whether a text can be an article's id as it stands."""
    return len(text) <= 200 and all(character.isprintable() and character not in "/?#" for character in text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:20]
