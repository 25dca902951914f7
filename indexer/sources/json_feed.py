"""JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from indexer.errors import ArticleError, SourceError
from indexer.sources.feed_identity import FeedItem, feed_frame, first_address
from indexer.sources.feed_items import feed_item
from indexer.sources.feed_text import FeedText
from indexer.sources.items import Reading
from indexer.sources.jsonl import parse_record
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject


def read_json_feed(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """Each item's article, or why it is none; places are `item 1` and on."""
    try:
        feed = parse_record(file.read().removeprefix(b"\xef\xbb\xbf"))
    except ArticleError as error:
        raise SourceError(f"cannot be read as JSON Feed: {error}") from None
    items = feed.get("items")
    if not isinstance(items, list):
        raise SourceError("is no JSON Feed: it has no list of items; expected the fields version, title and items")
    stated = first_address([_text(feed, "feed_url")], None)
    base = file.address or stated or first_address([_text(feed, "home_page_url")], None)
    read = [_item(item, feed) if isinstance(item, Mapping) else None for item in items]
    frame = feed_frame([item for item in read if item], base, stated or file.address or _text(feed, "title"))
    for number, item in enumerate(read, start=1):
        place = f"item {number}"
        if item:
            yield feed_item(item, file.name, place, how, frame)
        else:
            yield Reject(file.name, place, "is no JSON object; expected one with title, content_html or content_text")


def _item(item: Mapping[str, Any], feed: Mapping[str, Any]) -> FeedItem:
    html, guid = _text(item, "content_html"), _text(item, "id")
    attachments = [one for one in _dicts(item, "attachments") if _text(one, "mime_type").startswith("image/")]
    return FeedItem(
        title=FeedText(_text(item, "title")),
        content=FeedText(html, is_html=True) if html else FeedText(_text(item, "content_text")),
        summary=FeedText(_text(item, "summary")),
        guid=guid,
        addresses=tuple(filter(None, _addresses(item, guid))),
        published=tuple(filter(None, (_text(item, "date_published"), _text(item, "date_modified")))),
        updated=_text(item, "date_modified"),
        names=tuple(_names(item) or _names(feed)),
        tags=tuple(tag for tag in _list(item, "tags") if isinstance(tag, str)),
        images=tuple(
            filter(
                None, [_text(item, "image"), _text(item, "banner_image"), *(_text(one, "url") for one in attachments)]
            )
        ),
        languages=(_text(item, "language"), _text(feed, "language")),
        facts={"source": _text(feed, "title") or None, "external_url": _text(item, "external_url") or None},
    )


def _addresses(item: Mapping[str, Any], guid: str) -> Iterator[str]:
    """The page's, and an id that is one; `external_url` is another page, which the item is about."""
    yield _text(item, "url")
    if guid.lower().startswith(("http://", "https://")):
        yield guid


def _names(holder: Mapping[str, Any]) -> list[str]:
    """The authors' names, in the form of version 1.1 or of version 1."""
    author = holder.get("author")
    stated = _dicts(holder, "authors") or ([author] if isinstance(author, Mapping) else [])
    return [name for one in stated if (name := _text(one, "name"))]


def _text(holder: Mapping[str, Any], name: str) -> str:
    """A text, or a number as one (ids of version 1 may be numbers); empty for anything else."""
    value = holder.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _list(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _dicts(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [one for one in _list(holder, name) if isinstance(one, Mapping)]
