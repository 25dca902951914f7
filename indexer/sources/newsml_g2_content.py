"""The text inside a NewsML-G2 item: NITF, XHTML or plain text."""

from __future__ import annotations

import copy
from datetime import datetime
from itertools import islice
from typing import Any

from lxml import etree

from indexer.sources.fragments import fragment_body
from indexer.sources.iptc import first_text, printed_byline
from indexer.sources.nitf import nitf_record
from indexer.sources.safe_xml import children, descend, element_line, local_name, text_pieces

_PLAIN_TYPES = ("", "text/plain")
_XHTML = frozenset(["html", "body", "article", "div", "section", "p"])
_OPENING_LINES = 3


def content_record(item: etree._Element, now: datetime) -> dict[str, Any]:
    """What the first of the item's contents that is text says of the article; empty where none is."""
    for content in descend(item, "contentSet"):
        for inline in content:
            record = _inline_xml(inline, now) if local_name(inline) == "inlineXML" else _inline_data(inline)
            if record.get("body"):
                return record
    return {}


def _inline_xml(inline: etree._Element, now: datetime) -> dict[str, Any]:
    for nitf in children(inline, "nitf"):
        return nitf_record(nitf, now)
    pieces = children(inline, *_XHTML)
    pages = [body for piece in pieces for body in (children(piece, "body") or [piece])]
    title = first_text(element_line(one) for piece in pieces for one in descend(piece, "head", "title"))
    html = "".join(map(_as_html, pages))
    return {"title": title, "body": fragment_body(html, title) if html else "", **_opening_byline(pages)}


def _inline_data(inline: etree._Element) -> dict[str, Any]:
    """Plain text keeps its line breaks; data of another type, or encoded, is no text."""
    kind = (inline.get("contenttype") or "").partition(";")[0].strip().lower()
    if local_name(inline) != "inlineData" or inline.get("encoding"):
        return {}
    text = "".join(text_pieces(inline))
    if kind in ("text/html", "application/xhtml+xml"):
        return {"body": fragment_body(text)}
    return {"body": text} if kind in _PLAIN_TYPES and text.strip() else {}


def _opening_byline(pages: list[etree._Element]) -> dict[str, Any]:
    """The byline among the first paragraphs, which is no part of the body."""
    paragraphs = (p for page in pages for p in page.iter("{*}p"))
    for paragraph in islice(paragraphs, _OPENING_LINES):
        if found := printed_byline(element_line(paragraph)):
            return {"byline": found.text, "authors": list(found.authors)}
    return {}


def _as_html(element: etree._Element) -> str:
    """The element as HTML: names without prefixes or namespaces."""
    plain = copy.deepcopy(element)
    plain.tail = None
    for one in plain.iter():
        if isinstance(one.tag, str):
            one.tag = local_name(one)
    etree.cleanup_namespaces(plain)
    return etree.tostring(plain, encoding="unicode")
