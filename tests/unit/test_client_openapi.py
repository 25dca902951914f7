"""The client beside docs/openapi.json: what the API has, the client has, by the same names and types, and sends it so."""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qs, urlsplit

import pytest

from search_api.client import AsyncDateline, Dateline, ProblemError, answers, calls, stats_answers, write_answers
from search_api.client.calls import LONGEST_QUERY, Call
from search_api.client.errors import problem_error
from search_api.client.parameters import ArticleRecord
from tests.support import ROOT

API: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
SCHEMAS: dict[str, Any] = API["components"]["schemas"]

OPERATIONS: dict[str, Any] = {
    f"{method.upper()} {address}": operation
    for address, operations in API["paths"].items()
    for method, operation in operations.items()
    if address.startswith("/v1/")
}
BULK = "POST /v1/articles:bulk"
SCALARS = {"string": str, "integer": int, "number": float, "boolean": bool}

WIDGET_KEY = "key"
"""A parameter of pages in browsers, which the API describes as a security scheme."""


def builders() -> dict[str, Any]:
    """The functions of `calls` that are methods of the client, by name; `bulk` takes more than its request has."""
    methods = [name for name, _ in inspect.getmembers(Dateline, inspect.isfunction) if name != "bulk"]
    return {name: getattr(calls, name) for name in methods if name in vars(calls)}


def resolved(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to."""
    return dict(SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema)


def without_null(schema: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """A schema without its null, and whether it had one; of several forms of one value the list, or else the first."""
    kinds = schema.get("anyOf", [schema])
    present, *_ = sorted(
        (kind for kind in kinds if kind.get("type") != "null"), key=lambda kind: kind.get("type") != "array"
    )
    return present, any(kind.get("type") == "null" for kind in kinds)


def invented(schema: Mapping[str, Any]) -> Any:
    """A value that the schema takes, and which is not its default."""
    kind = resolved(without_null(schema)[0])
    if "enum" in kind:
        return next(value for value in kind["enum"] if value != schema.get("default"))
    if kind["type"] == "array":
        return [invented(kind["items"]), invented(kind["items"])]
    if kind["type"] == "boolean":
        return not schema.get("default", False)
    return {"string": "2026-03-01", "integer": 7, "number": 0.25}[kind["type"]]


def python_name(parameter: str) -> str:
    """`from_` for `from`, `if_match` for `If-Match`."""
    name = parameter.lower().replace("-", "_")
    return f"{name}_" if name == "from" else name


def body_schema(operation: Mapping[str, Any]) -> dict[str, Any] | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return resolved(content["schema"]) if content else None


def parameters_of(operation: Mapping[str, Any], place: str) -> dict[str, Any]:
    found = [one for one in operation.get("parameters", []) if one["in"] == place and one["name"] != WIDGET_KEY]
    return {one["name"]: one["schema"] for one in found}


def accepted(build: Any) -> dict[str, Any]:
    """What a function takes, options too, with the type of each."""
    hints = get_type_hints(build)
    hints.pop("return")
    options = hints.pop("options", None)
    return hints | (get_type_hints(get_args(options)[0]) if options else {})


def asked(operation: str, described: Mapping[str, Any]) -> tuple[Any, Call[Any], dict[str, Any], dict[str, Any]]:
    """The function for an operation, called with all that it has: the function, its call, and the query and body expected."""
    query = {name: invented(schema) for name, schema in parameters_of(described, "query").items()}
    body = {
        name: invented(schema) for name, schema in (body_schema(described) or {"properties": {}})["properties"].items()
    }
    headers = {"If-Match": 7, "If-None-Match": "*"}
    given: dict[str, Any] = {name: invented(schema) for name, schema in parameters_of(described, "path").items()}
    given |= query | {name: headers[name] for name in parameters_of(described, "header")}
    if operation == "POST /v1/search":
        body["q"] = "w" * (LONGEST_QUERY + 1)
    given |= {"article": body} if operation.startswith("PUT") else body
    arguments = {python_name(name): value for name, value in given.items()}
    for build in builders().values():
        if arguments.keys() == accepted(build).keys():
            call = build(**arguments)
            if call.operation == operation:
                return build, call, query, body
    raise AssertionError(f"no function of search_api.client.calls asks {operation} with {sorted(arguments)}")


def members(hint: Any) -> set[Any]:
    """The types that a parameter's hint allows."""
    return set(get_args(hint)) if get_origin(hint) in (Union, types.UnionType) else {hint}


def check_parameter(hint: Any, schema: Mapping[str, Any], name: str) -> None:
    kind = resolved(without_null(schema)[0])
    allowed = members(hint) - {type(None)}
    if kind.get("type") == "array":
        (sequence,) = [one for one in allowed if get_origin(one) is Sequence]
        check_parameter(get_args(sequence)[0], kind["items"], name)
    elif "enum" in kind:
        assert {value for one in allowed if get_origin(one) is Literal for value in get_args(one)} == set(
            kind["enum"]
        ), name
    else:
        stated = {type(value) for one in allowed if get_origin(one) is Literal for value in get_args(one)}
        assert SCALARS[kind["type"]] in allowed | stated, f"{name} is {hint}"


def expected_type(schema: Mapping[str, Any]) -> Any:
    """The type that a field of an answer has."""
    kind, is_optional = without_null(schema)
    found: Any
    if "$ref" in kind and "enum" not in resolved(kind):
        found = answer_class(kind["$ref"].rpartition("/")[2])
    elif kind.get("type") == "array":
        inner = [expected_type(one) for one in kind.get("prefixItems", [])]
        found = tuple[tuple(inner)] if inner else tuple[expected_type(kind["items"]), ...]  # type: ignore[misc]
    elif kind.get("type") == "object":
        values = kind["additionalProperties"]
        found = Mapping[str, Any if values is True else expected_type(values)]  # type: ignore[misc]
    else:
        found = datetime if kind.get("format") == "date-time" else SCALARS[resolved(kind)["type"]]
    return found | None if is_optional else found


def answer_class(schema: str) -> Any:
    name = schema.removesuffix("Document")
    return next(found for module in ANSWERS if (found := getattr(module, name, None)) is not None)


ANSWERS = (answers, write_answers, stats_answers)


def described_answers() -> list[str]:
    """The names of all schemas that answers are made of."""
    found: list[str] = []

    def visit(part: Any) -> None:
        if isinstance(part, dict):
            name = part.get("$ref", "").rpartition("/")[2]
            if name and name not in found:
                found.append(name)
                visit(SCHEMAS[name])
            for value in part.values():
                visit(value)
        elif isinstance(part, list):
            for value in part:
                visit(value)

    visit([operation["responses"] for operation in OPERATIONS.values()])
    return [name for name in found if name != "ProblemDocument" and "enum" not in SCHEMAS[name]]


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one != BULK])
def test_every_operation_is_asked_with_all_its_parameters_by_name_and_type(operation: str) -> None:
    described = OPERATIONS[operation]
    build, call, query, body = asked(operation, described)
    takes = accepted(build)
    for name, schema in (parameters_of(described, "query") | parameters_of(described, "path")).items():
        check_parameter(takes[python_name(name)], schema, name)
    address = urlsplit(call.target)
    texts = {name: value if isinstance(value, list) else [value] for name, value in query.items()}
    assert parse_qs(address.query) == {name: [json_text(one) for one in many] for name, many in texts.items()}
    assert address.path == operation.partition(" ")[2].format(article_id="2026-03-01", story_id="2026-03-01", number=7)
    schema = body_schema(described)
    if schema is None:
        assert call.body is None
        return
    assert json.loads(call.body or b"") == body
    hints = get_type_hints(ArticleRecord) if operation.startswith("PUT") else takes
    for name, one in schema["properties"].items():
        check_parameter(hints[python_name(name)], one, name)


def json_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def test_headers_that_a_write_depends_on_are_sent() -> None:
    _, call, _, _ = asked("PUT /v1/articles/{article_id}", OPERATIONS["PUT /v1/articles/{article_id}"])
    assert call.headers == {"If-Match": '"7"', "If-None-Match": "*"}
    assert calls.delete("a1", if_match=3).headers == {"If-Match": '"3"'}


def test_a_bulk_write_is_asked_as_described() -> None:
    call = calls.bulk(b"{}\n", 1)
    assert call.operation == BULK
    assert f"{call.method} {call.target}" == BULK
    assert list(OPERATIONS[BULK]["requestBody"]["content"]) == [call.content_type]


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one != BULK])
def test_every_operation_is_read_as_the_answer_described(operation: str) -> None:
    described = OPERATIONS[operation]
    build, *_ = asked(operation, described)
    (success,) = {
        content["schema"]["$ref"].rpartition("/")[2]
        for status, response in described["responses"].items()
        if status.startswith("2")
        for content in response["content"].values()
    }
    assert get_args(get_type_hints(build)["return"]) == (answer_class(success),)


@pytest.mark.parametrize("schema", described_answers())
def test_every_field_of_an_answer_is_there_by_name_and_type(schema: str) -> None:
    kind, described = answer_class(schema), SCHEMAS[schema]
    hints = get_type_hints(kind)
    assert hints == {python_name(name): expected_type(one) for name, one in described["properties"].items()}
    missable = {field.name for field in fields(kind) if field.default is not MISSING}
    assert missable == hints.keys() - {python_name(name) for name in described.get("required", [])}


def test_every_member_of_a_problem_is_told() -> None:
    """`type` is about:blank for all of them."""
    said = SCHEMAS["ProblemDocument"]["properties"].keys() - {"type"}
    error = problem_error("GET /", 503, "", {}, b"{}")
    assert isinstance(error, ProblemError)
    assert said <= vars(error).keys()


@pytest.mark.parametrize("status", [401, 403, 404, 409, 410, 422, 503])
def test_every_status_that_is_described_has_an_error_of_its_own(status: int) -> None:
    assert any(str(status) in operation["responses"] for operation in OPERATIONS.values())
    assert type(problem_error("GET /", status, "", {}, b"")) is not ProblemError


def test_both_clients_have_the_same_methods_and_these_say_what_they_take() -> None:
    plain, awaited = (
        {name: method for name, method in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}
        for kind in (Dateline, AsyncDateline)
    )
    assert plain.keys() == awaited.keys()
    assert builders().keys() == plain.keys() - {"bulk", "close", "search_pages", "search_hits"}
    for name, build in builders().items():
        assert list(inspect.signature(plain[name]).parameters)[1:] == list(accepted(build))
        assert inspect.signature(plain[name]) == inspect.signature(awaited[name])
