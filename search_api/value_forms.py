"""What texts of the API may be where their type does not say it, for the OpenAPI description. Pure."""

from __future__ import annotations

from typing import Any, TypeAlias

Form: TypeAlias = dict[str, Any]
"""A part of a JSON Schema."""

_BLANK: Form = {"type": "string", "maxLength": 0}
_NULL: Form = {"type": "null"}
_DAY: Form = {"type": "string", "format": "date"}
_TIME: Form = {"type": "string", "format": "date-time"}

WITH_TEXT: Form = {
    "type": "string",
    "pattern": r"[^\s\u0000-\u001f\u007f-\u009f\u00ad\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]",
}
"""At least one character that is neither white space nor left out of texts."""

SPAN: Form = {"pattern": "^(?!0+[hdwy])[0-9]{1,4}[hdwy]$"}
OPTIONAL_SPAN: Form = {"pattern": "^(?:(?!0+[hdwy])[0-9]{1,4}[hdwy])?$"}
RECENCY: Form = {"pattern": "^(?:auto|off|(?!0+[hdwy])[0-9]{1,4}[hdwy])$"}
LANGUAGE: Form = {"pattern": "^(?:[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*)?$"}
PUBSTATUS: Form = {"pattern": "^(?:usable|withheld|canceled)?$"}
VERSION_TAG: Form = {"pattern": '^(?:W/)?"?[0-9]{1,16}"?$'}
ANY_TAG: Form = {"enum": ["*"]}
ARTICLE_ID: Form = {"format": "article-id", "minLength": 1, "maxLength": 200}
"""Printable characters without / ? #."""


def moment(form: Form) -> None:
    """An optional time of ISO 8601; empty is none."""
    form["anyOf"] = [_TIME, _BLANK, _NULL]


def day_or_moment(form: Form) -> None:
    """The same, or a day."""
    form["anyOf"] = [_DAY, _TIME, _BLANK, _NULL]


def address(form: Form) -> None:
    """An optional http or https URL; empty is none."""
    form["anyOf"] = [{"type": "string", "format": "uri"}, _BLANK, _NULL]


def one_or_several(form: Form, *names: str) -> None:
    """In a body's schema: these lists may be one value by itself."""
    for name in names:
        listed = form["properties"][name]
        several = {key: listed.pop(key) for key in ("type", "items", "maxItems") if key in listed}
        listed["anyOf"] = [several, several["items"]]


def one_of_with(form: Form, *choices: Form) -> None:
    """In a body's schema: at least one of these properties is as it says."""
    form["anyOf"] = [{"properties": choice, "required": list(choice)} for choice in choices]
