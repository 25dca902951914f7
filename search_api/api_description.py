"""The OpenAPI description, with what holds for all addresses: failures as they are sent, and who may ask."""

from __future__ import annotations

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
    """The description with every failure as the media type that is sent, where FastAPI adds plain JSON, and with the
    failures and the optional key of whatever is not always open.
    """
    for path, operations in description["paths"].items():
        for operation in operations.values():
            if not is_always_open(path):
                for status, told in _FAILURES.items():
                    operation["responses"].setdefault(status, {"description": told, "content": dict(_PROBLEM)})
                needed = operation.setdefault("security", [{}, {BEARER: []}])
                if {BEARER: []} not in needed:
                    needed[:0] = [{}, {BEARER: []}]
            for response in operation["responses"].values():
                content = response.get("content", {})
                if MEDIA_TYPE in content and "application/json" in content:
                    content[MEDIA_TYPE] = content.pop("application/json")
    return description
