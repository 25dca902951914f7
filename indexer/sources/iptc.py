"""What the IPTC's formats share: ids of items, publishing status, times, bylines, topics. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from indexer.articles import normalise_line, parse_time
from indexer.errors import ArticleError
from indexer.sources.byline import Byline, read_byline
from indexer.sources.items import EXTENT, Extent
from indexer.sources.page_date import stated_time
from indexer.types import PubStatus
from indexer.urls import canonical_url

_MAX_ID_CHARS = 200
_MAX_LINE_CHARS = 500
"""What is longer is no byline and no date."""

_REVISED_URN = re.compile(r"(urn:newsml:[^:]+:[0-9T]+(?:[+-][0-9]{4}|Z)?:[^:]+):([0-9]+)[NUA]?", re.IGNORECASE)
_TOP_LEVEL_TOPIC = re.compile(r"(?:0[1-9]|1[0-7])0{6}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_STRICTNESS = {"": 0, PubStatus.USABLE: 1, PubStatus.WITHHELD: 2, PubStatus.CANCELED: 3}


def item_id(identifier: str, version: str = "") -> str | None:
    """An article id from an item's guid or uri, the same for each of its versions; None for an empty one.

    The characters that an id must not have (`/ ? #`, `%`, controls) are percent-encoded; one that is then longer than 200
    characters is replaced by its SHA-256. The revision at the end of a urn:newsml (RFC 3085) is left out where it is the
    item's version.
    """
    name = normalise_line(identifier)
    if (revised := _REVISED_URN.fullmatch(name)) and revised[2] == version.strip():
        name = revised[1]
    escaped = "".join(_escaped(character) for character in name)
    return (escaped if len(escaped) <= _MAX_ID_CHARS else hashlib.sha256(name.encode()).hexdigest()) or None


def code_name(code: str) -> str:
    """The last part of a QCode or concept URI: `picture` of `ninat:picture` and of `http://cv.iptc.org/newscodes/ninature/picture`."""
    return re.split("[:/#]", code.strip())[-1]


def publishing_status(code: str) -> str:
    """The value for `pubstatus` of an IPTC code such as `stat:canceled`.

    An unknown one is returned as it is, for the article to be refused with it.
    """
    status = code_name(code).lower()
    return "canceled" if status == "cancelled" else status


def strictest(*statuses: str) -> str:
    """The one of several publishing statuses that shows least; an unknown one wins."""
    return max(statuses, key=lambda status: _STRICTNESS.get(status, len(_STRICTNESS)))


def is_top_level_topic(code: str) -> bool:
    """Whether a code is one of the 17 top-level terms of IPTC Media Topics or Subject Codes, such as `medtop:04000000`."""
    return _TOP_LEVEL_TOPIC.fullmatch(code_name(code)) is not None


def item_time(value: str | None, now: datetime) -> datetime | str | None:
    """The time that a text states; the text itself where it states none, for the article to be refused with it."""
    if not value or not value.strip():
        return None
    try:
        return parse_time(value.strip(), "time")
    except ArticleError:
        text = value.strip()
        return (stated_time(text, now) if len(text) <= _MAX_LINE_CHARS else None) or text


def latest(*times: datetime | str | None) -> datetime | str | None:
    """The latest of several times; one that could not be read wins, so that the article is refused with it."""
    unread = next((time for time in times if isinstance(time, str)), None)
    return unread or max((time for time in times if isinstance(time, datetime)), default=None)


def finish_item(record: dict[str, Any]) -> dict[str, Any]:
    """The record, published when its embargo ends, marked where it lacks its text, and with a title where it only withdraws.

    An item that is canceled often has neither headline nor text; its id stands for them, so that the withdrawal is taken in.
    """
    published, embargoed = record.get("published_at"), record.get("embargoed")
    if isinstance(published, datetime) and isinstance(embargoed, datetime):
        record["published_at"] = max(published, embargoed)
    if not record.get("body"):
        record["body"] = record.get("summary") or ""
        record[EXTENT] = Extent.SUMMARY if record["body"] else Extent.HEADLINE
    if record.get("pubstatus") in (PubStatus.WITHHELD, PubStatus.CANCELED) and not record["body"]:
        record["title"] = record.get("title") or record.get("slugline") or record.get("id")
    return record


def byline_fields(line: str) -> dict[str, Any]:
    """`byline` as printed and the persons it names as `authors`: none in "Staff, Agencies"."""
    line = normalise_line(line)
    found = printed_byline(line, marked=True) if line else None
    return {"byline": line, "authors": list(found.authors) if found else []}


def printed_byline(line: str, *, marked: bool = False) -> Byline | None:
    """As `read_byline`, for a line of any length."""
    return read_byline(line, marked=marked) if len(line) <= _MAX_LINE_CHARS else None


def web_address(*candidates: str | None) -> str | None:
    """The first that is an absolute http(s) address, in canonical form."""
    for candidate in candidates:
        try:
            return canonical_url(candidate or "")
        except ArticleError:
            continue
    return None


def language_tag(*candidates: str | None) -> str | None:
    """The first that has the form of a language tag."""
    return next((tag.strip() for tag in candidates if tag and _LANGUAGE.fullmatch(tag.strip())), None)


def first_text(candidates: Iterable[str | None]) -> str:
    """The first text that is not empty, on one line."""
    return next((line for text in candidates if text and (line := normalise_line(text))), "")


def _escaped(character: str) -> str:
    if character in "/?#%" or not character.isprintable():
        return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", errors="replace"))
    return character
