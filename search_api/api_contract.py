"""The OpenAPI description, completed by what holds for many operations at once, and by what leads from one to another."""

from __future__ import annotations

from typing import Any, TypeAlias

from search_api.web.problems import MEDIA_TYPE

Description: TypeAlias = dict[str, Any]

_PROBLEM = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
_REFUSED_BODIES = {"413": "The body is larger than any article.", "415": "The body is compressed or of another type."}

_OPTIONAL_KEYS = ("WidgetKey",)
"""Keys that open nothing which is not open without them."""

_ARTICLE = "/v1/articles/{article_id}"
_STORY = "/v1/stories/{story_id}"
_OF_AN_ARTICLE = (
    ("get", _ARTICLE),
    ("delete", _ARTICLE),
    ("get", f"{_ARTICLE}/related"),
    ("get", f"{_ARTICLE}/versions"),
    ("post", f"{_ARTICLE}/takedown"),
)
_READING = _OF_AN_ARTICLE[0], _OF_AN_ARTICLE[2], _OF_AN_ARTICLE[3]
_LINKS = (
    ("put", _ARTICLE, "article_id", "$request.path.article_id", _OF_AN_ARTICLE),
    ("get", "/v1/search", "article_id", "$response.body#/hits/0/id", _READING),
    ("post", "/v1/search", "article_id", "$response.body#/hits/0/id", _READING),
    ("get", "/v1/stories", "story_id", "$response.body#/stories/0/id", (("get", _STORY),)),
)
"""What answers an operation's success names: a parameter, where it is found, and the operations that take it."""


def completed(description: Description) -> Description:
    """The description with every failure as the media type that is sent, where FastAPI adds plain JSON, with what is answered
    to a body that is too large, keys that may be left out as such, no null where addresses and heads have none, and links.
    """
    for operations in description["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                for status, said in _REFUSED_BODIES.items():
                    operation["responses"].setdefault(status, {"description": said, "content": {MEDIA_TYPE: _PROBLEM}})
            for response in operation["responses"].values():
                content = response.get("content", {})
                if MEDIA_TYPE in content and "application/json" in content:
                    content[MEDIA_TYPE] = content.pop("application/json")
            security = operation.get("security", [])
            if {} not in security and any(name in one for one in security for name in _OPTIONAL_KEYS):
                operation["security"] = [{}, *security]
            for parameter in operation.get("parameters", []):
                _without_null(parameter["schema"])
    for method, path, name, place, followers in _LINKS:
        _link(description["paths"], description["paths"][path][method], {name: place}, followers)
    return description


def _without_null(schema: Description) -> None:
    choices = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    if len(choices) == 1:
        del schema["anyOf"]
        schema |= choices[0]
    elif choices:
        schema["anyOf"] = choices


def _link(
    paths: Description, operation: Description, parameters: dict[str, str], followers: tuple[tuple[str, str], ...]
) -> None:
    for status in {"200", "201"} & operation["responses"].keys():
        links = operation["responses"][status].setdefault("links", {})
        for method, path in followers:
            name = paths[path][method]["operationId"]
            links[name] = {"operationId": name, "parameters": parameters}
