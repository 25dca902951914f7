"""feedparser held within bounds: what takes it long is capped, and what it fails on is left out alone. Pure.

Its two parsers are used in turn as `feedparser.parse` uses them, the strict one and, for what is not well-formed, the loose one.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml import sax

from feedparser.api import LooseFeedParser, StrictFeedParser

from indexer.errors import SourceError

MAX_NAMESPACES = 500
"""feedparser goes through all of them for every element."""

MAX_TAGS = 100
"""Of one item, or of the feed, the first ones; feedparser compares each with all before it."""

_MAX_NAME_CHARS = 500
"""In an author's text; feedparser looks for e-mail addresses in a time that grows with its square."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_PROLOG = (("<?", "?>"), ("<!--", "-->"), ("<!", ">"))
_FIRST_ELEMENT = re.compile(r"<\w")

_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What feedparser has raised, or may, for input that is no XML at all, or for an element that it cannot read."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What feedparser makes of a document: of the feed and of each item, and its version (empty for no feed)."""

    feed: Mapping[str, Any]
    entries: tuple[Mapping[str, Any], ...]
    version: str


def parse_feed(text: str) -> ParsedFeed:
    """The document's feed; raises SourceError where it declares entities of its own, or cannot be read at all."""
    start = _first_element(text)
    if _ENTITY.search(_COMMENT.sub("", text[:start])):
        raise SourceError("declares entities of its own (<!ENTITY ...>), which are not expanded; save it without them")
    try:
        parser = _strict(text[start:]) or _loose(text[start:])
    except _FAILURES as error:
        raise SourceError(f"cannot be read as RSS or Atom ({type(error).__name__}: {error})") from None
    return ParsedFeed(
        dict(parser.feeddata.items()), tuple(dict(entry.items()) for entry in parser.entries), parser.version or ""
    )


def _first_element(text: str) -> int:
    """Where the first element begins, after whatever comments or DOCTYPE; the text's end without one."""
    place = 0
    while True:
        place += len(text[place : place + 1000]) - len(text[place : place + 1000].lstrip())
        closing = next((closing for opening, closing in _PROLOG if text.startswith(opening, place)), None)
        end = text.find(closing, place) if closing else -1
        if closing is None or end < 0:
            break
        place = end + len(closing)
    first = _FIRST_ELEMENT.search(text, place)
    return first.start() if first else len(text)


def _strict(text: str) -> Any:
    """The parser after a well-formed document; None after any other. No DOCTYPE reaches it, so nothing is expanded or loaded."""
    parser = _bounded(StrictFeedParser("", None, "utf-8"))
    reader = sax.make_parser()
    reader.setFeature(sax.handler.feature_namespaces, True)
    reader.setFeature(sax.handler.feature_external_ges, False)
    reader.setContentHandler(parser)
    reader.setErrorHandler(parser)
    try:
        reader.parse(io.BytesIO(text.encode()))
    except (sax.SAXException, *_FAILURES):
        return None
    return parser


def _loose(text: str) -> Any:
    parser = _bounded(LooseFeedParser("", None, "utf-8", {}))
    parser.feed(text)
    return parser


def _bounded(parser: Any) -> Any:
    """The parser with its own methods bounded."""
    add_tag, sync_author, track_namespace = parser._add_tag, parser._sync_author_detail, parser.track_namespace

    def add_first_tags(term: Any, scheme: Any, label: Any) -> None:
        if len(parser._get_context().setdefault("tags", [])) < MAX_TAGS:
            add_tag(term, scheme, label)

    def sync_short_author(key: str = "author") -> None:
        context = parser._get_context()
        if isinstance(text := context.get(key), str):
            context[key] = text[:_MAX_NAME_CHARS]
        sync_author(key)

    def track_few_namespaces(prefix: str | None, uri: str) -> None:
        track_namespace(prefix, uri)
        if len(parser.namespaces_in_use) > MAX_NAMESPACES:
            raise SourceError(
                f"declares more than {MAX_NAMESPACES} XML namespaces; save it without those it does not need"
            )

    parser.resolve_relative_uris = parser.sanitize_html = False
    parser._add_tag, parser._sync_author_detail = add_first_tags, sync_short_author
    parser.track_namespace = track_few_namespaces
    parser.unknown_starttag = _alone(parser, parser.unknown_starttag, 1)
    parser.unknown_endtag = _alone(parser, parser.unknown_endtag, -1)
    parser.handle_charref = _alone(parser, parser.handle_charref, 0)
    return parser


def _alone(parser: Any, method: Callable[..., Any], deeper: int) -> Callable[..., Any]:
    """The method, which leaves out what it fails on; `deeper` is by how much it changes the depth."""

    def tried(*arguments: Any) -> Any:
        depth = parser.depth
        try:
            return method(*arguments)
        except _FAILURES:
            parser.depth = depth + deeper
            return None

    return tried
