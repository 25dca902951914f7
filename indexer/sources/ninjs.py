"""IPTC ninjs (News in JSON, https://iptc.org/standards/ninjs/, versions 1.0 to 3): one object, an array, or one object a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from indexer.errors import SourceError
from indexer.sources.iptc import (
    byline_fields,
    finish_item,
    item_id,
    item_time,
    language_tag,
    publishing_status,
)
from indexer.sources.items import Reading, article_item
from indexer.sources.jsonl import MAX_LINE_BYTES, read_lines
from indexer.sources.ninjs_content import body_of, description_of, headline_of
from indexer.sources.ninjs_names import (
    editor_note_fields,
    images,
    name_list,
    objects,
    page_address,
    plain,
    subject_fields,
)
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject

_AUTHOR_RELATIONS = frozenset(["author", "creator", "byline"])


def read_ninjs(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """Each text object's article, and a Reject for every other object; places are lines, or count the items from 1."""
    for place, item in _objects(file):
        if isinstance(item, Reject):
            yield item
        elif not isinstance(item, dict):
            yield Reject(file.name, place, "is no JSON object; expected a ninjs object with headline and body")
        elif (kind := plain(item.get("type")).lower()) not in ("", "text"):
            yield Reject(file.name, place, f"type {kind} is no text article")
        else:
            yield article_item(finish_item(_record(item, how.now)), file.name, place, how)


def _objects(file: SourceFile) -> Iterator[tuple[str, Any]]:
    """(place, what is there): by lines where the first line is a whole object, else from the whole document."""
    with file.open() as opened:
        first = opened.readline(MAX_LINE_BYTES + 1)
    if first.lstrip(b"\xef\xbb\xbf \t").startswith(b"{") and first.rstrip().endswith(b"}"):
        yield from read_lines(file)
        return
    try:
        document = orjson.loads(_as_utf8(file.read()))
    except orjson.JSONDecodeError as error:
        raise SourceError(f"is not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    for number, item in enumerate(document if isinstance(document, list) else [document], start=1):
        yield f"item {number}", item


def _as_utf8(data: bytes) -> bytes:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace").encode("utf-8", errors="replace")
    return data.removeprefix(b"\xef\xbb\xbf")


def _record(item: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The object's record. Names are compared in lower case: versions 2 and 3 write `pubStatus` where 1 writes `pubstatus`."""
    fields = {name.lower(): value for name, value in item.items()}
    title = headline_of(fields)
    version = plain(fields.get("version"))
    terms, notice = plain(fields.get("usageterms")), plain(fields.get("copyrightnotice"))
    return {
        "id": item_id(plain(fields.get("uri")), version),
        "ninjs_version": version,
        "title": title,
        "body": body_of(fields, title, now),
        "summary": description_of(fields),
        "language": language_tag(plain(fields.get("language"))),
        "pubstatus": publishing_status(plain(fields.get("pubstatus"))),
        "url": page_address(fields),
        "image_url": next(images(fields), None),
        "license": terms or notice,
        "copyright": notice if terms else "",
        "source": next(iter([*name_list(fields, "infosources", "infosource", "copyrightholder")]), ""),
        **_times(fields, now),
        **_authors(fields),
        **subject_fields(fields),
        **editor_note_fields(fields),
        **_kept(fields),
    }


def _times(fields: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Published when first created, updated when this version was; an empty embargo is none."""
    first = plain(fields.get("firstcreated")) or plain(fields.get("contentcreated"))
    version = plain(fields.get("versioncreated"))
    return {
        "published_at": item_time(first or version, now),
        "updated_at": item_time(version, now),
        "embargoed": item_time(plain(fields.get("embargoed")), now),
    }


def _authors(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The persons of the byline; where it names none, those who are there as authors."""
    printed = byline_fields(plain(fields.get("byline")) or plain(fields.get("by")))
    stated = [
        plain(person.get("name"))
        for person in objects(fields, "people", "person")
        if plain(person.get("rel")).lower() in _AUTHOR_RELATIONS
    ]
    return {**printed, "authors": printed["authors"] or [name for name in stated if name]}


def _kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the contract has no field for."""
    kept: dict[str, Any] = {
        "people": name_list(fields, "people", "person"),
        "organisations": name_list(fields, "organisations", "organisation"),
        "places": name_list(fields, "places", "place"),
        "located": ", ".join(name_list(fields, "located")),
        "genre": ", ".join(name_list(fields, "genres", "genre")),
        **{name: plain(fields.get(name)) for name in ("urgency", "profile", "slugline", "expires")},
    }
    return {name: value for name, value in kept.items() if value}
