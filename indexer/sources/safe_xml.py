"""XML documents parsed without loading, expanding or fetching anything they name."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from indexer.articles import normalise_line
from indexer.errors import SourceError

MAX_MARKUP = 2_000_000
"""A document with more tags, attributes and references is refused: as a tree it would take gigabytes."""

_DECLARED_WIDE = re.compile(
    rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["'](?:utf-?(?:16|32)|ucs-?[24])""", re.IGNORECASE
)
_APART = frozenset(["br", "p", "li", "tr", "td", "th", "hl1", "hl2", "byttl", "distributor", "story.date"])
"""Elements of NITF and XHTML whose words are apart from those beside them even where no space is."""

_SPACES = b" \t\r\n"


def parse_xml(data: bytes) -> etree._Element:
    """The root element; raises SourceError for what is no well-formed XML and for a document that declares entities.

    A DOCTYPE is allowed (NITF has one) and never loaded. Entities that a document declares itself are refused: they are how
    a small file expands to gigabytes or reads other files (https://owasp.org/www-community/vulnerabilities/XML_External_Entity_(XXE)_Processing).
    Elements nest 255 deep at most, and no text or attribute is longer than 10 million bytes: libxml2's own limits.
    """
    if sum(map(data.count, (b"<", b"&", b"="))) > MAX_MARKUP:
        raise SourceError(f"has more than {MAX_MARKUP:,} tags, attributes and references; split it")
    parser = etree.XMLParser(
        encoding=_true_encoding(data),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data.lstrip(_SPACES) if data[:1] in _SPACES else data, parser)
    except (etree.LxmlError, ValueError) as error:
        raise SourceError(f"is not well-formed XML: {error}") from None
    declarations: Any = root.getroottree().docinfo.internalDTD
    if declarations is not None and any(True for _ in declarations.iterentities()):
        raise SourceError("declares entities of its own (<!ENTITY ...>), which are not expanded; save it without them")
    return root


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace; empty for comments and the like."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: etree._Element, *names: str) -> list[etree._Element]:
    """The children with one of these names in any namespace, in order."""
    return [child for child in element if local_name(child) in names]


def descend(element: etree._Element, *path: str) -> Iterator[etree._Element]:
    """The elements under a path of names, in any namespace, in order: `descend(nitf, "head", "docdata")`."""
    for child in children(element, path[0]):
        if len(path) == 1:
            yield child
        else:
            yield from descend(child, *path[1:])


def element_line(element: etree._Element, *, without: frozenset[str] = frozenset()) -> str:
    """The text of an element on one line, leaving out the elements named.

    A reference such as &eacute;, which the DOCTYPE's unloaded file would declare, means what it does in HTML.
    """
    return normalise_line("".join(text_pieces(element, without)))


def text_pieces(element: etree._Element, without: frozenset[str] = frozenset()) -> Iterator[str]:
    """The same text as it stands, in pieces."""
    if element.tag is etree.Entity:
        yield html.unescape(element.text or "")
        return
    yield element.text or ""
    for child in element:
        name = local_name(child)
        apart = " " if name in _APART else ""
        yield apart
        if (name or child.tag is etree.Entity) and name not in without:
            yield from text_pieces(child, without)
        yield apart
        yield child.tail or ""


def _true_encoding(data: bytes) -> str | None:
    """UTF-8 for a document that says it is UTF-16 but has its declaration in single bytes; None: as it says."""
    return "utf-8" if _DECLARED_WIDE.match(data.removeprefix(codecs.BOM_UTF8)) else None
