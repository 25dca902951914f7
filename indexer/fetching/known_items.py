"""Which items of a feed were taken before, and as what. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from indexer.records import content_hash
from indexer.types import Found, Reject
from indexer.urls import url_key

PAGE_TRIES = 3
"""How often the page of an item is asked for where it fails for a passing reason."""


class Taken(StrEnum):
    """How an item was taken: as the feed has it, with its page, or as the feed has it since its page gives none."""

    FEED = "f"
    PAGE = "p"
    NO_PAGE = "x"
    FAILED_ONCE = "1"
    FAILED_TWICE = "2"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item to be taken; where it only lacks its page (`only_page`), the feed's own was taken before."""

    found: Found
    key: str
    fingerprint: str
    page_tries: int = 0
    only_page: bool = False

    def record(self, taken: Taken) -> dict[str, str]:
        """What to remember once it is taken."""
        return {self.key: f"{self.fingerprint}{taken}"}

    def failed(self) -> Taken:
        """How it counts as taken when its page failed for a passing reason."""
        tries = self.page_tries + 1
        return Taken.NO_PAGE if tries >= PAGE_TRIES else Taken(str(tries))


def item_key(found: Found) -> str:
    """What tells the item from the others: its address, else its id."""
    article = found.article
    return _digest(url_key(article.url) if article.url else f"id\0{article.id}")


def item_fingerprint(found: Found) -> str:
    """What changes when the item says something else; `extra` may count comments and is left out."""
    return content_hash(replace(found.article, extra={})).hex()[:16]


def wanted(items: Iterable[Found], known: Mapping[str, str], *, pages: bool) -> Iterator[Wanted]:
    """The items that are new or say something else than before, and with `pages` those whose page is still to be read."""
    seen: set[str] = set()
    for found in items:
        key, fingerprint = item_key(found), item_fingerprint(found)
        if key in seen:
            key = _digest(f"{key}\0{fingerprint}")
        if key in seen:
            continue
        seen.add(key)
        before = known.get(key, "")
        if before[:-1] != fingerprint:
            yield Wanted(found, key, fingerprint)
        elif pages and before[-1] in (Taken.FEED, Taken.FAILED_ONCE, Taken.FAILED_TWICE):
            tries = int(before[-1]) if before[-1].isdigit() else 0
            yield Wanted(found, key, fingerprint, tries, only_page=True)


def unreported(rejects: Iterable[Reject], known: Mapping[str, str]) -> tuple[list[Reject], dict[str, str]]:
    """The rejects whose reason was not reported before, and what to remember of all of them."""
    keys = [(reject, _digest(f"reject\0{reject.reason}")) for reject in rejects]
    return [reject for reject, key in keys if key not in known], {key: "r" for _, key in keys}


def seen_again(known: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    """The same with these keys last, as the latest seen."""
    again = {key: known[key] for key in keys if key in known}
    return {**{key: value for key, value in known.items() if key not in again}, **again}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
