"""JSON in, the frozen dataclasses of `answers` out.

A field that the dataclass lacks is passed over, so that a newer service does not break an older client; a required field that is
missing, and a value of another type, is a BadAnswer that names its place. Times are aware; one without a zone is UTC.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from search_api.client.errors import BadAnswer

T = TypeVar("T")

Reader = Callable[[Any], Any]

_SHOWN = 60

_SCALARS: Mapping[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "text"),
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
}


class _Wrong(Exception):
    """What is wrong with a value, and the way to it, the last step first."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.steps: list[str] = []


def json_of(body: bytes) -> Any:
    """The JSON of an answer, or of one line of it."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"the answer is no JSON ({error}); is this the address of Dateline's API?") from None


def decoded(kind: type[T], value: object) -> T:
    """The value as the dataclass. Raises BadAnswer."""
    try:
        read: T = _reader(cast(Hashable, kind))(value)
    except _Wrong as error:
        place = "".join(reversed(error.steps)).removeprefix(".") or "it"
        raise BadAnswer(f"the answer is no {kind.__name__}: {place} {error}") from None
    return read


def wire_name(name: str) -> str:
    """What JSON calls a field or parameter whose name is Python's own: `from` for `from_`."""
    return name.removesuffix("_")


@cache
def _reader(kind: Any) -> Reader:
    if kind is Any:
        return lambda value: value
    if kind is datetime:
        return _moment
    if kind in _SCALARS:
        return _scalar(kind)
    if is_dataclass(kind):
        return _dataclass(kind)
    inner = get_args(kind)
    if get_origin(kind) in (Union, types.UnionType) and len(inner) == 2 and type(None) in inner:
        present = _reader(next(one for one in inner if one is not type(None)))
        return lambda value: None if value is None else present(value)
    if get_origin(kind) is tuple:
        return _many(_reader(inner[0])) if inner[1:] == (...,) else _several([_reader(one) for one in inner])
    if get_origin(kind) is Mapping:
        return _mapping(_reader(inner[1]))
    raise TypeError(f"{kind!r} is no type that answers have")


def _scalar(kind: type) -> Reader:
    allowed, named = _SCALARS[kind]

    def read(value: Any) -> Any:
        if type(value) not in allowed:
            raise _Wrong(f"is {_shown(value)}; expected {named}")
        try:
            return kind(value)
        except OverflowError:
            raise _Wrong(f"is {_shown(value)}; expected {named} of less than 309 digits") from None

    return read


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _Wrong(f"is {_shown(value)}; expected an ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _dataclass(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    read_by = {field.name: (wire_name(field.name), _reader(hints[field.name])) for field in fields(kind)}
    required = {field.name for field in fields(kind) if field.default is MISSING}

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _Wrong(f"is {_shown(value)}; expected an object")
        given: dict[str, Any] = {}
        for name, (wire, reader) in read_by.items():
            if wire in value:
                given[name] = _step(f".{wire}", reader, value[wire])
            elif name in required:
                raise _Wrong(f"has no {wire!r}")
        return kind(**given)

    return read


def _many(item: Reader) -> Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _Wrong(f"is {_shown(value)}; expected a list")
        return tuple(_step(f"[{place}]", item, one) for place, one in enumerate(value))

    return read


def _several(readers: list[Reader]) -> Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) != len(readers):
            raise _Wrong(f"is {_shown(value)}; expected a list of {len(readers)}")
        return tuple(
            _step(f"[{place}]", reader, one) for place, (reader, one) in enumerate(zip(readers, value, strict=True))
        )

    return read


def _mapping(item: Reader) -> Reader:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _Wrong(f"is {_shown(value)}; expected an object")
        return {name: _step(f"[{name!r}]", item, one) for name, one in value.items()}

    return read


def _step(step: str, reader: Reader, value: Any) -> Any:
    try:
        return reader(value)
    except _Wrong as error:
        error.steps.append(step)
        raise


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
