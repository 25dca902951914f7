"""News sitemaps: lists of a site's latest articles with their headlines.

https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap and https://www.sitemaps.org/protocol.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from indexer.errors import SourceError
from indexer.sources.feed_dates import feed_time
from indexer.sources.feed_identity import first_address
from indexer.sources.items import EXTENT, Extent, Reading, article_item
from indexer.sources.safe_xml import children, descend, element_line, local_name, parse_xml
from indexer.sources.source_file import SourceFile
from indexer.sources.wordpress_post import stated_language
from indexer.types import Found, Reject


@dataclass(frozen=True, slots=True)
class SitemapPage:
    """A page that a sitemap lists: its place in it (`entry 1`), its address, when it changed last (as stated), its headline."""

    place: str
    address: str
    changed: str | None = None
    title: str | None = None


def read_sitemap(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """The headline of each entry that has one, as an article; a Reject for each that only lists an address.

    Places are `entry 1` and on, or `sitemap 1` and on in an index of sitemaps.
    """
    root = _root(file.read())
    if local_name(root) == "sitemapindex":
        for number, listed in enumerate(children(root, "sitemap"), start=1):
            reason = f"only lists the sitemap {_first(listed, 'loc')!r}; ingest that file or watch that address"
            yield Reject(file.name, f"sitemap {number}", reason)
        return
    for number, entry in enumerate(children(root, "url"), start=1):
        yield _entry_item(entry, file, f"entry {number}", how)


def sitemap_pages(data: bytes) -> list[SitemapPage]:
    """The pages that a sitemap lists, in its order (an index lists none); raises SourceError for what is no sitemap."""
    pages = []
    for number, entry in enumerate(children(_root(data), "url"), start=1):
        if address := first_address([_first(entry, "loc")], None):
            changed = _first(entry, "lastmod") or _first(entry, "news", "publication_date")
            pages.append(
                SitemapPage(f"entry {number}", address, changed or None, _first(entry, "news", "title") or None)
            )
    return pages


def _root(data: bytes) -> etree._Element:
    root = parse_xml(data)
    if local_name(root) not in ("urlset", "sitemapindex"):
        raise SourceError(f"is no sitemap: its first element is {local_name(root)!r}; expected urlset or sitemapindex")
    return root


def _entry_item(entry: etree._Element, file: SourceFile, place: str, how: Reading) -> Found | Reject:
    stated = _first(entry, "loc")
    address = first_address([stated], file.address)
    title = _first(entry, "news", "title")
    if address is None:
        return Reject(file.name, place, f"its loc is {stated[:200]!r}; expected the absolute address of a page")
    if not title:
        return Reject(file.name, place, f"only lists the address {address}, without news:title; fetch that page")
    return article_item(_record(entry, file, how, address, title), file.name, place, how, partial=True)


def _record(entry: etree._Element, file: SourceFile, how: Reading, address: str, title: str) -> dict[str, Any]:
    language = stated_language(_first(entry, "news", "publication", "language"))
    keywords = [keyword.strip() for keyword in _first(entry, "news", "keywords").split(",")]
    images = [element_line(image) for image in descend(entry, "image", "loc")]
    return {
        "url": address,
        "title": title,
        EXTENT: Extent.HEADLINE,
        "published_at": feed_time(_first(entry, "news", "publication_date"), how.now, language),
        "updated_at": feed_time(_first(entry, "lastmod"), how.now, language),
        "source": _first(entry, "news", "publication", "name") or None,
        "language": language,
        "tags": keywords,
        "image_url": first_address(images, file.address),
    }


def _first(entry: etree._Element, *path: str) -> str:
    """The text of the first element at a path of names, on one line; empty where there is none."""
    return next((text for element in descend(entry, *path) if (text := element_line(element))), "")
