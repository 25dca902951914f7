"""The headline, description and text of a ninjs object."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import IntEnum
from typing import Any

from indexer.articles import normalise_line
from indexer.errors import SourceError
from indexer.sources.fragments import fragment_body, fragment_line
from indexer.sources.ninjs_names import objects, plain
from indexer.sources.nitf import nitf_record
from indexer.sources.safe_xml import local_name, parse_xml

_MARKUP = re.compile(r"<(?:p|div|section|article|body|html|h[1-6]|ul|ol|br)[\s/>]", re.IGNORECASE)
_BODY_TAG = re.compile(r"<body\b", re.IGNORECASE)
_HTML_TYPES = ("html", "xhtml")
_BODY_ROLES = ("main", "")
_SUMMARY_ROLES = ("summary", "lede", "lead", "abstract", "text", "main", "")


class _Kind(IntEnum):
    """What a body is written in, the best first."""

    HTML = 1
    NITF = 2
    PLAIN = 3


def headline_of(fields: Mapping[str, Any]) -> str:
    """The main headline (`headline`, `headline_main`, or of `headlines` the one whose role is main), else the first."""
    stated = [plain(fields.get("headline")), *_first_with_role(fields, "headlines", ("main", ""))]
    suffixed = [plain(fields.get("headline_main")), *_suffixed(fields, "headline_")]
    texts = [*stated, *suffixed, plain(fields.get("title"))]
    return next((line for text in texts if (line := _line(text))), "")


def description_of(fields: Mapping[str, Any]) -> str:
    """The description that summarises the article."""
    stated = [plain(fields.get(name)) for name in ("description_summary", "description_lede", "description_text")]
    texts = [*stated, *_first_with_role(fields, "descriptions", _SUMMARY_ROLES), *_suffixed(fields, "description_")]
    return next((line for text in texts if (line := _line(text))), "")


def body_of(fields: Mapping[str, Any], title: str, now: datetime) -> str:
    """The text: of HTML where there is some, for it has paragraphs, else of NITF, else as it stands."""
    bodies = sorted(_bodies(fields), key=lambda body: body[0])
    for kind, text in bodies:
        body = _as_text(kind, text, title, now)
        if body.strip():
            return body
    return ""


def _as_text(kind: _Kind, text: str, title: str, now: datetime) -> str:
    match kind:
        case _Kind.HTML:
            return _html_body(text, title)
        case _Kind.NITF:
            return _nitf_body(text, now)
        case _Kind.PLAIN:
            return text


def _bodies(fields: Mapping[str, Any]) -> Iterator[tuple[_Kind, str]]:
    """(kind, text) of each, the main ones first."""
    for body in sorted(objects(fields, "bodies"), key=lambda body: plain(body.get("role")).lower() not in _BODY_ROLES):
        kind = plain(body.get("contenttype")).lower()
        yield _kind(kind, plain(body.get("value"))), plain(body.get("value"))
    for name in sorted(fields):
        if name.startswith("body_") and (text := plain(fields[name])):
            yield _kind(name.removeprefix("body_"), text), text


def _kind(stated: str, text: str) -> _Kind:
    if "nitf" in stated:
        return _Kind.NITF
    marked = any(kind in stated for kind in _HTML_TYPES) or ("plain" not in stated and _MARKUP.search(text))
    return _Kind.HTML if marked else _Kind.PLAIN


def _html_body(text: str, title: str) -> str:
    """Of a whole page only what its body holds, not the title in its head."""
    body = _BODY_TAG.search(text)
    return fragment_body(text[body.start() :] if body else text, title)


def _nitf_body(text: str, now: datetime) -> str:
    try:
        root = parse_xml(text.encode("utf-8", errors="replace"))
    except SourceError:
        return ""
    return str(nitf_record(root, now)["body"]) if local_name(root) == "nitf" else ""


def _first_with_role(fields: Mapping[str, Any], name: str, roles: tuple[str, ...]) -> list[str]:
    """The texts of a list of objects, those with the earlier roles first."""
    ranks = {role: rank for rank, role in enumerate(roles)}
    stated = objects(fields, name)
    stated.sort(key=lambda one: ranks.get(plain(one.get("role")).lower(), len(ranks)))
    return [plain(one.get("value")) for one in stated]


def _suffixed(fields: Mapping[str, Any], prefix: str) -> list[str]:
    return [plain(value) for name, value in sorted(fields.items()) if name.startswith(prefix)]


def _line(text: str) -> str:
    return fragment_line(text) if _MARKUP.search(text) else normalise_line(text)
