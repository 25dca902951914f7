"""What a ninjs object names: subjects, persons, pictures, pages; whatever JSON stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from indexer.sources.iptc import is_top_level_topic, web_address

_CORRECTION = re.compile(r"\W*correct(?:s|ed|ion|ing)?\b", re.IGNORECASE)
_RENDITION_NAMES = ("preview", "web", "main", "viewimage", "baseimage", "original")


def plain(value: object) -> str:
    """A text or number as text, without spaces around it; anything else is empty."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def objects(fields: Mapping[str, Any], *names: str) -> list[Mapping[str, Any]]:
    """The objects in the lists (or, as in ninjs 1, the objects by name) under these names, theirs in lower case."""
    found: list[Mapping[str, Any]] = []
    for value in map(fields.get, names):
        held = (
            [{"name": name, **one} for name, one in value.items() if isinstance(one, dict)]
            if isinstance(value, dict)
            else value
        )
        for one in held if isinstance(held, list) else []:
            if isinstance(one, dict):
                found.append({name.lower(): field for name, field in one.items()})
    return found


def name_list(fields: Mapping[str, Any], *names: str) -> list[str]:
    """The names under these fields: texts, lists of texts, objects or lists of objects with a name."""
    found: list[str] = []
    for value in map(fields.get, names):
        for one in value if isinstance(value, list) else [value]:
            name = plain(one.get("name")) or plain(one.get("literal")) if isinstance(one, dict) else plain(one)
            found.extend([name] if name else [])
    return list(dict.fromkeys(found))


def subject_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The section (the first top-level media topic that has a name) and the tags."""
    subjects = objects(fields, "subjects", "subject")
    topics = [
        plain(subject.get("name"))
        for subject in subjects
        if any(is_top_level_topic(plain(subject.get(name))) for name in ("code", "uri", "literal"))
    ]
    named = name_list(fields, "subjects", "subject", "keywords", "keyword")
    return {"section": next(filter(None, topics), ""), "tags": named}


def editor_note_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The note to editors; one that begins with "Correction" or the like is shown with the article."""
    note = plain(fields.get("ednote")) or " ".join(name_list(fields, "ednotes"))
    return {"correction" if _CORRECTION.match(note) else "editor_note": note}


def page_address(fields: Mapping[str, Any]) -> str | None:
    """The article's page: a rendition of type text/html, else an alternative id that is a web address."""
    pages = [plain(one.get("href")) for one in _renditions(fields) if _media_type(one).startswith("text/html")]
    alternative = fields.get("altids")
    by_name = [plain(value) for value in alternative.values()] if isinstance(alternative, dict) else []
    stated = [plain(one.get("value")) for one in objects(fields, "altids")]
    return web_address(*pages, *by_name, *stated)


def images(fields: Mapping[str, Any]) -> Iterator[str]:
    """The addresses of the object's own picture, then of the pictures that are associated with it."""
    pictures = [
        one for one in objects(fields, "associations") if plain(one.get("type")).lower() in ("picture", "graphic")
    ]
    for owner in [fields, *pictures]:
        renditions = sorted(_renditions(owner), key=_rank)
        shown = [
            one
            for one in renditions
            if _media_type(one).startswith("image/") or (owner is not fields and not _media_type(one))
        ]
        if address := web_address(*(plain(one.get("href")) for one in shown)):
            yield address


def _renditions(fields: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return objects(fields, "renditions")


def _rank(rendition: Mapping[str, Any]) -> int:
    name = plain(rendition.get("name")).lower()
    return _RENDITION_NAMES.index(name) if name in _RENDITION_NAMES else len(_RENDITION_NAMES)


def _media_type(rendition: Mapping[str, Any]) -> str:
    return (plain(rendition.get("mimetype")) or plain(rendition.get("contenttype"))).lower()
