"""WordPress exports (WXR, https://wordpress.org/documentation/article/tools-export-screen/): the posts of a site, as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from lxml import etree

from indexer.errors import SourceError
from indexer.sources.fragments import fragment_line
from indexer.sources.items import Reading, article_item
from indexer.sources.source_file import SourceFile
from indexer.sources.wordpress_post import (
    classification,
    credited,
    is_article_type,
    post_time,
    publishing,
    stated_language,
)
from indexer.sources.wordpress_text import post_body, post_summary
from indexer.types import Found, Reject

MAX_ITEM_CHARS = 4_000_000
"""A longer item is rejected without being held in memory."""

_NAMESPACES = (
    ("/excerpt/", "excerpt:"),
    ("wordpress.org/export/", "wp:"),
    ("purl.org/rss/1.0/modules/content/", "content:"),
    ("purl.org/dc/elements/1.1/", "dc:"),
)
_ITEM_FIELDS = frozenset(
    [
        "title",
        "link",
        "pubDate",
        "dc:creator",
        "content:encoded",
        "excerpt:encoded",
        "wp:post_id",
        "wp:post_type",
        "wp:post_date",
        "wp:post_date_gmt",
        "wp:post_modified_gmt",
        "wp:status",
        "wp:post_password",
    ]
)
_DATES = ("wp:post_date_gmt", "pubDate", "wp:post_date")
_DATED = frozenset({"", "publish", "future"})
"""Posts of another status have only a date when it was set; WordPress fills the other fields with the time of the last change."""

_AUTHOR_FIELDS = frozenset({"wp:author_login", "wp:author_display_name"})
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class _Channel:
    """The site: what its head says, and the names of its authors by their log-ins."""

    fields: dict[str, str] = field(default_factory=dict)
    authors: dict[str, str] = field(default_factory=dict)
    size_chars: int = 0


@dataclass(slots=True)
class _Item:
    """One item as it is read: its fields, and its (domain, slug, name) of categories, tags and the like."""

    fields: dict[str, str] = field(default_factory=dict)
    terms: list[tuple[str, str, str]] = field(default_factory=list)
    size_chars: int = 0

    def text(self, name: str) -> str:
        return self.fields.get(name, "")

    def terms_of(self, domain: str) -> list[tuple[str, str]]:
        return [(fragment_line(name), slug) for found, slug, name in self.terms if found == domain]


class _WithoutControls:
    """The file without control characters, which XML forbids and which posts pasted from elsewhere hold all the same."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        start = file.read(2)
        self._start, self._dropped = start, b"" if start in _UTF16_MARKS else _CONTROLS

    def read(self, size: int = -1) -> bytes:
        data, self._start = self._start, b""
        while not data and (read := self._file.read(size)):
            data = read.translate(None, self._dropped)
        return data


def read_wordpress_export(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """Each post's article, or why it is none; places are items from 1. Pages, attachments, menus and the like are passed over.

    Raises SourceError for a document that declares entities. Where the XML breaks off, the items before are kept and one Reject
    says where.
    """
    number, yielded = 0, False
    channel = _Channel()
    with file.open() as opened:
        try:
            for item in _items(opened, channel):
                number += 1
                if is_article_type(item.text("wp:post_type")):
                    yielded = True
                    yield _article(item, channel, file.name, f"item {number}", how)
        except (etree.LxmlError, ValueError) as error:
            yielded = True
            reason = f"is not well-formed XML ({error}); only the items before it were read"
            yield Reject(file.name, f"item {number + 1}", reason)
    if not yielded:
        yield Reject(file.name, "file", f"holds no post among its {number:,} items")


def _items(file: BinaryIO, channel: _Channel) -> Iterator[_Item]:
    """The items in order. What is read is let go of at once, so that memory stays the same however long the file is."""
    parser: Any = etree.iterparse(
        _WithoutControls(file),
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    item: _Item | None = None
    author: dict[str, str] = {}
    for event, element in parser:
        name = _name(element)
        if event == "start":
            if element.getparent() is None:
                _refuse_entities(element)
            elif name == "item":
                item = _Item()
            continue
        if item is None:
            _take_of_channel(channel, author, name, element)
        elif name == "item":
            yield item
            item = None
        else:
            _take_of_item(item, name, element)
        _let_go(element)


def _take_of_item(item: _Item, name: str, element: etree._Element) -> None:
    text = element.text or ""
    slug, domain = element.get("nicename") or "", element.get("domain") or ""
    if name in _ITEM_FIELDS or name == "category":
        item.size_chars += len(text) + len(slug) + len(domain)
        if item.size_chars > MAX_ITEM_CHARS:
            return
    if name == "category":
        item.terms.append((domain, slug, text))
    elif name in _ITEM_FIELDS:
        item.fields.setdefault(name, text.strip() if name != "content:encoded" else text)


def _take_of_channel(channel: _Channel, author: dict[str, str], name: str, element: etree._Element) -> None:
    text = (element.text or "").strip()
    if name in _AUTHOR_FIELDS:
        author[name] = text
    elif name == "wp:author":
        channel.size_chars += sum(map(len, author.values()))
        if channel.size_chars <= MAX_ITEM_CHARS:
            channel.authors[author.get("wp:author_login", "")] = author.get("wp:author_display_name", "")
        author.clear()
    elif name in ("title", "language"):
        channel.fields.setdefault(name, text)


def _article(item: _Item, channel: _Channel, source: str, place: str, how: Reading) -> Found | Reject:
    if item.size_chars > MAX_ITEM_CHARS:
        return Reject(source, place, f"the item has more than {MAX_ITEM_CHARS:,} characters; split it into articles")
    title, status = fragment_line(item.text("title")), item.text("wp:status")
    published_at = post_time(*map(item.text, _DATES if status in _DATED else _DATES[:1]))
    record = {
        "title": title,
        "body": post_body(item.text("content:encoded"), title),
        "url": item.text("link"),
        "published_at": published_at,
        "updated_at": post_time(item.text("wp:post_modified_gmt")),
        "source": fragment_line(channel.fields.get("title", "")),
        "summary": post_summary(item.text("excerpt:encoded")),
        "language": stated_language(
            *(slug for _, slug in item.terms_of("language")), channel.fields.get("language", "")
        ),
        "wp_post_id": item.text("wp:post_id"),
        **credited(_names(item, channel)),
        **classification(item.terms_of("category"), (name for name, _ in item.terms_of("post_tag"))),
        **publishing(status, published_at, password=bool(item.text("wp:post_password"))),
    }
    return article_item(record, source, place, how)


def _names(item: _Item, channel: _Channel) -> Iterator[str]:
    """Who wrote a post, by the names that readers see; a log-in that the export does not explain is no name."""
    co_authors = [name for name, _ in item.terms_of("author")]
    for login in co_authors or [item.text("dc:creator")]:
        name = fragment_line(channel.authors.get(login, login if " " in login else ""))
        if name != login or " " in name:
            yield name


def _refuse_entities(root: etree._Element) -> None:
    dtd: Any = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise SourceError("declares entities of its own (<!ENTITY ...>), which are not expanded; save it without them")


def _name(element: etree._Element) -> str:
    """The element's name with the prefix that exports give it, whatever the version of the format."""
    namespace, _, local = str(element.tag).rpartition("}")
    prefix = next((prefix for part, prefix in _NAMESPACES if part in namespace), "other:" if namespace else "")
    return f"{prefix}{local}"


def _let_go(element: etree._Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
