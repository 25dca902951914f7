"""How what a call is given becomes the text of a request: parameters of an address, JSON, a line of NDJSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from urllib.parse import quote, urlencode

from search_api.client.decoding import wire_name


def wired(given: Mapping[str, object]) -> dict[str, object]:
    """What is given, None left out, by the names that the service has for it."""
    return {wire_name(name): value for name, value in given.items() if value is not None}


def path_of(address: str, names: Mapping[str, str | int]) -> str:
    """The address with its `{name}`s filled in. Raises ValueError for an empty one, which would be another address."""
    for name, value in names.items():
        if not str(value):
            raise ValueError(f"{name} is empty; give one")
        text = quote(_whole(str(value)), safe="")
        address = address.replace(f"{{{name}}}", text if text.strip(".") else text.replace(".", "%2E"))
    return address


def query_text(parameters: Mapping[str, object]) -> str:
    """Parameters as an address holds them, those of several values repeated."""
    pairs = [(name, _text(name, one)) for name, value in parameters.items() for one in _each(value)]
    return urlencode(pairs)


def json_body(fields: Mapping[str, object]) -> bytes:
    """One object as JSON on one line. Raises ValueError for what JSON has not, TypeError for what is no value of it."""
    document = {name: value if isinstance(value, Mapping) else _plain(value) for name, value in fields.items()}
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, default=_of_another_type)
        return text.encode()
    except UnicodeEncodeError:  # half a character, which JSON can spell
        return json.dumps(document, allow_nan=False, default=_of_another_type).encode()


def moment_text(moment: date | datetime) -> str:
    """ISO 8601. Raises ValueError for a time without zone: nobody knows when that is."""
    if isinstance(moment, datetime) and moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; give one, as datetime.now(UTC) has")
    return moment.isoformat()


def _plain(value: object) -> object:
    """Tuples, sets and other collections as lists."""
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else value


def _of_another_type(value: object) -> object:
    if isinstance(value, date):
        return moment_text(value)
    raise TypeError(f"{type(value).__name__} is no type that JSON has; give text, numbers, lists, dicts or times")


def _each(value: object) -> Iterable[object]:
    return value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else (value,)


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return moment_text(value)
    if isinstance(value, str | int | float):
        return _whole(str(value))
    raise TypeError(f"{name} is {value!r}; expected text, a number, true or false, or a time")


def _whole(text: str) -> str:
    """Halves of a character, which no address can hold, as the replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
