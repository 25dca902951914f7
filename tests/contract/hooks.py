"""What schemathesis cannot draw from the description: lines of JSON, printable ids, dates of news, cursors of this query."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime
from typing import Any

import schemathesis
from hypothesis import strategies as st

ORIGIN = "https://news.example"
"""Where the pages are that the widget key is for."""

_FIRST = datetime(1970, 1, 1)
_LAST = datetime(2026, 1, 1)
"""Articles of the future are refused, which no schema can say."""


def _is_printable(text: str) -> bool:
    return bool(text.strip()) and text.isprintable() and not set(text) & set("/?#")


_times = st.datetimes(_FIRST, _LAST, timezones=st.just(UTC)).map(datetime.isoformat)
_ids = st.text(min_size=1, max_size=200).filter(_is_printable)
_hosts = st.from_regex(r"[a-z]{1,20}\.(?:example|test)", fullmatch=True)
_paths = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=40)
_values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3)
_fields = st.sampled_from(["id", "title", "body", "url", "published_at", "authors", "version", "deleted", "extra"])
_lines = st.dictionaries(_fields, _values).map(json.dumps) | st.text() | st.just('{"id": "c1", "title": "Ferry"}')

schemathesis.openapi.format("article-id", _ids.map(lambda text: unicodedata.normalize("NFC", text)))
schemathesis.openapi.format("date-time", _times)
schemathesis.openapi.format("uri", st.builds("https://{}/{}".format, _hosts, _paths))
schemathesis.openapi.media_type("application/x-ndjson", st.lists(_lines).map("\n".join).map(str.encode))


@schemathesis.hook
def before_call(_: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Ask as a page of ORIGIN does, and with a cursor of this query, where there is one to be had."""
    if "WidgetKey" in str(case.operation.definition.raw.get("security")):
        case.headers["Origin"] = ORIGIN
    if not case.meta or not case.meta.generation.mode.is_positive:
        return
    if isinstance(case.body, dict) and {"like", "unlike"} <= case.body.keys():  # no schema says that they differ
        case.body["unlike"] = [one for one in case.body["unlike"] if one not in case.body["like"]]
    if case.headers and {"If-Match", "If-None-Match"} <= set(case.headers):  # nor that there is one of them
        del case.headers["If-None-Match"]
    asked = case.body if case.method == "POST" else case.query
    if case.path == "/v1/search" and isinstance(asked, dict) and asked.get("cursor") is not None:
        del asked["cursor"]
        answer = case.operation.schema.transport.send(case, **kwargs)
        cursor = answer.json().get("next_cursor") if answer.status_code == 200 else None
        if cursor:
            asked["cursor"] = cursor
