"""What a cell of a table, or a value of somebody else's record, says: a line, a body, a list of names. Pure."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.entities import html5
from typing import Any

import orjson

from indexer.articles import MAX_BODY_CHARS
from indexer.sources.byline import read_byline, without_lead
from indexer.sources.fragments import fragment_body, fragment_line

_NOTHING = frozenset(
    ["", "NULL", "null", "Null", "None", "none", "NaN", "nan", "NaT", "N/A", "n/a", "<NA>", "\\N", "-"]
)
"""How exports write a cell without a value."""

_TAG = re.compile(
    r"</?(?:p|br|div|span|a|em|strong|b|i|u|h[1-6]|ul|ol|li|blockquote|img|figure|table|section|article)"
    r"(?:\s[^<>]*|/)?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|([A-Za-z]{2,31}\d{0,2}));")
_QUOTED_LIST = re.compile(r"""\[\s*(?:'[^'\]]*'|"[^"\]]*")(?:\s*,\s*(?:'[^'\]]*'|"[^"\]]*"))*\s*\]""")
_QUOTED = re.compile(r"""'([^'\]]*)'|"([^"\]]*)\"""")
_SEPARATOR = re.compile(r"\s*[;|]\s*")
_PRINTED_BYLINE = re.compile(r"by[\s:]", re.IGNORECASE)
_NAME_KEYS = ("name", "full_name", "fullName", "display_name", "displayName", "title", "url")


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that cannot be read, and why."""

    reason: str


def is_empty(value: Any) -> bool:
    """Whether a cell holds nothing: null, NaN, an empty list or object, or a text such as `NULL`."""
    if isinstance(value, str):
        return len(value) < 80 and value.strip() in _NOTHING
    return value is None or (isinstance(value, float) and not math.isfinite(value)) or value in ([], {}, ())


def holds_more(value: Any) -> bool:
    """Whether an object has more than the name that a line takes of it, or a list an object that has, or none."""
    if isinstance(value, Mapping):
        return _name(value) is None or sum(not is_empty(part) for part in value.values()) > 1
    return isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) and holds_more(item) for item in value)


def cell_text(value: Any) -> Any:
    """A number as text, the name of an object, the first of a list; other things stay for the record's check."""
    if isinstance(value, (list, tuple)) and value:
        value = value[0]
    if isinstance(value, Mapping):
        name = _name(value)
        value = value if name is None else name
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def cell_line(value: Any) -> Any:
    """The same as one line of text, the text of HTML where it has tags or entities."""
    value = cell_text(value)
    if not isinstance(value, str) or len(value) > MAX_BODY_CHARS:
        return value
    return fragment_line(value) if _TAG.search(value) else _without_entities(value)


def cell_body(value: Any, title: str) -> Any:
    """Paragraphs; those of HTML where the cell has tags. Longer than a body may be, it stays for the record's check."""
    value = cell_text(value)
    if not isinstance(value, str) or len(value) > MAX_BODY_CHARS:
        return value
    return fragment_body(value, title) if _TAG.search(value) else _without_entities(value)


def cell_texts(value: Any) -> Any:
    """A list of texts: those of a list, written out or not, else a text split at `;` and `|`."""
    if isinstance(value, str):
        listed = _written_list(value)
        value = [part for part in _SEPARATOR.split(value) if part] if listed is None else listed
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, (list, tuple)):
        return value
    return [line for item in value if not is_empty(item) and not is_empty(line := cell_line(item))]


def cell_authors(value: Any) -> tuple[Any, str | None]:
    """The authors, and a printed byline that names none of them ("By Staff, Agencies")."""
    texts = cell_texts(value)
    if not isinstance(texts, list):
        return texts, None
    authors: list[Any] = []
    bylines: list[str] = []
    for text in texts:
        if not isinstance(text, str) or not _PRINTED_BYLINE.match(text):
            authors.append(text)
        elif (byline := read_byline(text, marked=True)) is None:
            authors.append(without_lead(text))
        else:
            authors.extend(byline.authors)
            bylines.extend(() if byline.authors else (byline.text,))
    return authors, "; ".join(bylines) or None


def _name(value: Mapping[Any, Any]) -> str | None:
    return next((name for key in _NAME_KEYS if isinstance(name := value.get(key), str) and name.strip()), None)


def _written_list(text: str) -> list[Any] | None:
    """The list that a text writes out, as JSON or as Python does; None for other texts."""
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")) or len(text) > MAX_BODY_CHARS:
        return None
    try:
        listed = orjson.loads(text)
    except orjson.JSONDecodeError:
        return (
            [found[1] or found[2] or "" for found in _QUOTED.finditer(text)] if _QUOTED_LIST.fullmatch(text) else None
        )
    return listed if isinstance(listed, list) else None


def _without_entities(text: str) -> str:
    return _ENTITY.sub(_character, text)


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity[0]) if entity[1] is None or f"{entity[1]};" in html5 else entity[0]
