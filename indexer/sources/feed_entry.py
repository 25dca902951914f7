"""What feedparser makes of an item of RSS or Atom, as an item of any feed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from indexer.articles import normalise_line
from indexer.sources.feed_identity import FeedItem
from indexer.sources.feed_text import FeedText

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_CONTENT_WIDTH, _THUMBNAIL_WIDTH = 300, 1
"""Of a picture that states none."""


def entry_item(entry: Mapping[str, Any], feed: Mapping[str, Any], version: str) -> FeedItem:
    """The item, with what its feed says of all of them."""
    atom = version.startswith("atom")
    published, updated = _text(entry, "published"), _text(entry, "updated")
    contents = [_feed_text(content) for content in _dicts(entry, "content")]
    return FeedItem(
        title=_feed_text(entry.get("title_detail"), guess=not atom),
        content=max(contents, key=lambda content: len(content.text), default=FeedText()),
        summary=_feed_text(entry.get("summary_detail"), guess=not atom),
        guid=normalise_line(_text(entry, "id")),
        addresses=tuple(_addresses(entry)),
        published=(published or updated,),
        updated=updated if atom or (published and updated != published) else "",
        names=tuple(_names(entry) or (_names(feed) if atom else [])),
        tags=tuple(_tags(entry)),
        images=tuple(_images(entry)),
        languages=tuple(_languages(entry, feed)),
        facts={
            "source": _line(_dict(entry, "source"), "title") or _line(feed, "title") or None,
            "section": _line(entry, "prism_section") or None,
            "license": next((text for one in (entry, feed) for text in _texts(one, "license", "rights")), None),
        },
    )


def _addresses(entry: Mapping[str, Any]) -> Iterator[str]:
    """The address before a counting service took its place, the page's, and a guid that is one."""
    yield from _texts(entry, "feedburner_origlink")
    alternates = [link for link in _dicts(entry, "links") if link.get("rel", "alternate") == "alternate"]
    for link in sorted(alternates, key=lambda link: link.get("type", "text/html") not in _HTML_TYPES):
        yield from _texts(link, "href")
    if _text(entry, "id").lower().startswith(("http://", "https://")):
        yield _text(entry, "id")


def _images(entry: Mapping[str, Any]) -> Iterator[str]:
    """The pictures, the widest first."""
    pictures = [
        media
        for media in _dicts(entry, "media_content")
        if _text(media, "medium") == "image" or _text(media, "type").startswith("image/")
    ]
    sized = [(_width(media, _CONTENT_WIDTH), media) for media in pictures]
    sized += [(_width(media, _THUMBNAIL_WIDTH), media) for media in _dicts(entry, "media_thumbnail")]
    for _, media in sorted(sized, key=lambda one: -one[0]):
        yield from _texts(media, "url")
    for link in _dicts(entry, "links"):
        if link.get("rel") == "enclosure" and _text(link, "type").startswith("image/"):
            yield from _texts(link, "href")


def _width(media: Mapping[str, Any], unstated: int) -> int:
    width = _text(media, "width")
    return int(width) if width.isdecimal() and len(width) <= 6 else unstated


def _names(holder: Mapping[str, Any]) -> list[str]:
    """The authors' names; feedparser cuts long e-mail addresses, of which only the last author's is kept as it stands."""
    names = [_text(author, "name") for author in _dicts(holder, "authors")]
    if "@" in _text(holder, "author"):
        words = _text(holder, "author")[:500].replace("(", " (").split()
        names[-1:] = [" ".join(word for word in words if "@" not in word).strip("()<> ")]
    return [name for name in names if name]


def _tags(entry: Mapping[str, Any]) -> Iterator[str]:
    """The categories; one that is a list, its commas without spaces, as so many."""
    for tag in _dicts(entry, "tags"):
        text = _line(tag, "label") or _line(tag, "term")
        yield from text.split(",") if text.count(",") > 1 and ", " not in text else [text]


def _languages(entry: Mapping[str, Any], feed: Mapping[str, Any]) -> Iterator[str]:
    yield from _texts(entry, "language")
    for holder in (*_dicts(entry, "content"), _dict(entry, "summary_detail"), _dict(entry, "title_detail")):
        yield from _texts(holder, "language")
    yield from _texts(feed, "language")


def _feed_text(detail: Any, *, guess: bool = False) -> FeedText:
    """A text with the type that feedparser says; RSS says none, so that there its looks count too."""
    if not isinstance(detail, Mapping):
        return FeedText()
    text = _text(detail, "value")
    if _text(detail, "type") in _HTML_TYPES:
        return FeedText(text, is_html=True)
    return FeedText.guessed(text) if guess else FeedText(text)


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    return value.strip() if isinstance(value, str) else ""


def _texts(holder: Mapping[str, Any], *names: str) -> list[str]:
    return [text for name in names if (text := _text(holder, name))]


def _line(holder: Mapping[str, Any], name: str) -> str:
    return FeedText.guessed(_text(holder, name)).line


def _dict(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, Mapping) else {}


def _dicts(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = holder.get(name)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
