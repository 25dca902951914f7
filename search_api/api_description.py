"""The OpenAPI description, with who may ask, and how those are refused who may not."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from search_api.reads import is_always_open
from search_api.web.problems import MEDIA_TYPE

BEARER = "HTTPBearer"

_FAILURES = {
    "401": "A key is needed, and none was sent or it is not known.",
    "403": "The key is not for this.",
    "429": "Too many requests; Retry-After says when to ask again.",
    "503": "The service cannot answer now, or not in time.",
}
_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}


def describe_api(description: dict[str, Any]) -> dict[str, Any]:
    """The description with the failures and the optional key of whatever is not always open; the same from every Python."""
    for path, operations in description["paths"].items():
        for operation in operations.values():
            invalid = operation["responses"].get("422", {})
            if invalid.get("description") == HTTPStatus(422).phrase:  # which Python 3.13 changed
                invalid["description"] = "Unprocessable Content"
            if not is_always_open(path):
                for status, told in _FAILURES.items():
                    operation["responses"].setdefault(status, {"description": told, "content": dict(_PROBLEM)})
                needed = operation.setdefault("security", [{}, {BEARER: []}])
                if {BEARER: []} not in needed:
                    needed[:0] = [{}, {BEARER: []}]
    return description
