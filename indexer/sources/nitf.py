"""NITF documents (News Industry Text Format, https://iptc.org/std/NITF/, versions 2.5 to 3.6): one article each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lxml import etree

from indexer.errors import SourceError
from indexer.sources.iptc import (
    byline_fields,
    finish_item,
    first_text,
    item_id,
    item_time,
    language_tag,
    publishing_status,
    web_address,
)
from indexer.sources.items import Reading, article_item
from indexer.sources.nitf_body import nitf_images, nitf_paragraphs
from indexer.sources.safe_xml import children, descend, element_line, local_name, parse_xml
from indexer.sources.source_file import SourceFile
from indexer.types import Found, PubStatus, Reject

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_SUBJECT_PARTS = ("tobject.subject.type", "tobject.subject.matter", "tobject.subject.detail")


def read_nitf(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """The one article of the document, or why there is none."""
    root = parse_xml(file.read())
    if local_name(root) != "nitf":
        raise SourceError(f"begins with <{local_name(root)}>; expected <nitf>")
    yield article_item(finish_item(nitf_record(root, how.now)), file.name, "document", how)


def nitf_record(nitf: etree._Element, now: datetime) -> dict[str, Any]:
    """The record of an nitf element, also of one inside another format; `finish_item` makes it whole."""
    top = next(descend(nitf, "body", "body.head"), nitf)
    return {
        "title": first_text([*_lines(top, "hedline", "hl1"), *_lines(top, "hedline"), *_lines(nitf, "head", "title")]),
        "subtitle": first_text(_lines(top, "hedline", "hl2")),
        "body": "\n\n".join(line for content in _contents(nitf) for line in nitf_paragraphs(content)),
        "summary": " ".join(_lines(top, "abstract")),
        "dateline": first_text(_lines(top, "dateline")),
        "located": first_text(_lines(top, "dateline", "location")),
        "tagline": first_text(_lines(nitf, "body", "body.end", "tagline")),
        "language": language_tag(*(element.get(_XML_LANG) for element in (nitf, *children(nitf, "body")))),
        "image_url": web_address(*nitf_images(nitf)),
        **_credits(nitf, top),
        **_subjects(nitf),
        **_document(nitf),
        **_times(nitf, top, now),
    }


def _contents(nitf: etree._Element) -> list[etree._Element]:
    """The body's content; where it marks its full text apart from an opening that repeats it, the full text alone."""
    contents = list(descend(nitf, "body", "body.content"))
    whole = [block for content in contents for block in children(content, "block") if block.get("class") == "full_text"]
    return whole or contents


def _credits(nitf: etree._Element, top: etree._Element) -> dict[str, Any]:
    """Who wrote it, who sends it, and on what terms."""
    rights = list(descend(nitf, "head", "docdata", "doc.copyright"))
    holder = first_text(one.get("holder") for one in rights)
    year = first_text(one.get("year") for one in rights)
    bylines = [one for one in children(top, "byline") if one.get("class") != "normalized_byline"]
    printed = byline_fields(" ".join(element_line(one, without=frozenset({"byttl"})) for one in bylines))
    persons = [element_line(person) for one in bylines for person in children(one, "person")]
    return {
        "byline": " ".join(map(element_line, bylines)),
        "authors": [name for name in persons if name] or printed["authors"],
        "source": first_text(
            [
                *_values(nitf, "name", "head", "pubdata"),
                *_lines(top, "distributor", "org"),
                *_lines(top, "distributor"),
                holder,
            ]
        ),
        "license": first_text([*_lines(top, "rights"), f"Copyright {year} {holder}" if holder else ""]),
    }


def _subjects(nitf: etree._Element) -> dict[str, Any]:
    subjects = list(descend(nitf, "head", "tobject", "tobject.subject"))
    named = [name for subject in subjects for part in _SUBJECT_PARTS if (name := subject.get(part))]
    properties = _values(nitf, "tobject.property.type", "head", "tobject", "tobject.property")
    keywords = _values(nitf, "key", "head", "docdata", "key-list", "keyword")
    sections = _values(nitf, "position.section", "head", "pubdata")
    return {
        "section": first_text([*sections, *(subject.get(_SUBJECT_PARTS[0]) for subject in subjects)]),
        "tags": [*named, *keywords],
        "genre": ", ".join(properties),
    }


def _document(nitf: etree._Element) -> dict[str, Any]:
    """What docdata says of the document itself."""
    document = ("head", "docdata")
    return {
        "id": _identity(nitf),
        "pubstatus": _status(nitf),
        "correction": first_text(_values(nitf, "info", *document, "correction")),
        "editor_note": first_text(_values(nitf, "info", *document, "ed-msg")),
        "urgency": first_text(_values(nitf, "ed-urg", *document, "urgency")),
        "fixture": first_text(_values(nitf, "fix-id", *document, "fixture")),
        "du_key": first_text(_values(nitf, "key", *document, "du-key")),
        "expires": first_text(_dates(nitf, *document, "date.expire")),
    }


def _identity(nitf: etree._Element) -> str | None:
    """The document's id with its register, else the du-key and the day of issue: it is unique for a time only."""
    document = ("head", "docdata")
    for element in descend(nitf, *document, "doc-id"):
        if stated := (element.get("id-string") or "").strip():
            return item_id(":".join(filter(None, [(element.get("regsrc") or "").strip(), stated])))
    key = first_text(_values(nitf, "key", *document, "du-key"))
    day = first_text(_dates(nitf, *document, "date.issue")).replace("-", "")[:8]
    return item_id(f"{key}:{day}") if key and day.isdecimal() else None


def _status(nitf: etree._Element) -> str:
    """The publishing status; an embargo without its end is kept back until a new version says otherwise."""
    if not _is_embargoed(nitf):
        return publishing_status(_management_status(nitf))
    return PubStatus.USABLE if _dates(nitf, "head", "docdata", "date.release") else PubStatus.WITHHELD


def _is_embargoed(nitf: etree._Element) -> bool:
    return publishing_status(_management_status(nitf)) == "embargoed"


def _management_status(nitf: etree._Element) -> str:
    return first_text(_values(nitf, "management-status", "head", "docdata"))


def _times(nitf: etree._Element, top: etree._Element, now: datetime) -> dict[str, Any]:
    """Published when released, else when issued; held back until a release after the issue, or one that ends an embargo."""
    issued = item_time(first_text(_dates(nitf, "head", "docdata", "date.issue")), now)
    released = item_time(first_text(_dates(nitf, "head", "docdata", "date.release")), now)
    printed = item_time(
        first_text([*_values(nitf, "date.publication", "head", "pubdata"), *_dates(top, "dateline", "story.date")]), now
    )
    at_once = isinstance(issued, datetime) and isinstance(released, datetime) and released <= issued
    return {
        "published_at": released or issued or printed,
        "updated_at": issued,
        "embargoed": None if at_once and not _is_embargoed(nitf) else released,
    }


def _lines(element: etree._Element, *path: str) -> list[str]:
    return [element_line(found) for found in descend(element, *path)]


def _values(element: etree._Element, attribute: str, *path: str) -> list[str]:
    return [value for found in descend(element, *path) if (value := (found.get(attribute) or "").strip())]


def _dates(element: etree._Element, *path: str) -> list[str]:
    """The machine-readable form of each date, else its text."""
    return [date for found in descend(element, *path) if (date := found.get("norm") or element_line(found))]
