"""The service's log: one line an event, as text or JSON, each of a request with its id.

No line can be forged: what is not printable is escaped, and the lines of a traceback are marked in text and one value in JSON.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Hashable, MutableMapping
from typing import Any, TypeAlias

import structlog
from structlog.stdlib import ProcessorFormatter

from search_api.request_notes import current_request_id
from search_api.settings import LogFormat

FIELDS = "fields"
"""Name of the `extra` of a record whose values become fields of its line."""

SELDOM_S = 10.0
"""How long the same complaint is not repeated."""

_MOST_REMEMBERED = 100
_FIRST = ("time", "level", "pid", "logger", "event", "request_id")

_Event: TypeAlias = MutableMapping[str, Any]


def line_formatter(log_format: str) -> logging.Formatter:
    """What makes a line of a record."""
    render = structlog.processors.JSONRenderer() if log_format == LogFormat.JSON else _as_text
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _with_fields,
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _in_order,
            render,
        ],
    )


def _with_fields(_: Any, __: str, event: _Event) -> _Event:
    """The process, the request under way, and what the record brings."""
    event["pid"] = os.getpid()
    request_id = current_request_id()
    if request_id is not None:
        event["request_id"] = request_id
    event.update(getattr(event["_record"], FIELDS, {}))
    return event


def _in_order(_: Any, __: str, event: _Event) -> _Event:
    first = {name: event[name] for name in _FIRST if name in event}
    return first | {name: value for name, value in event.items() if name not in first}


def _as_text(_: Any, __: str, event: _Event) -> str:
    traceback = event.pop("exception", None)
    head = f"{event.pop('time')} {event.pop('level').upper()} [{event.pop('pid')}] {event.pop('logger')}: "
    said = [printable(event.pop("event")), *(f"{name}={_shown(value)}" for name, value in event.items())]
    lines = [head + " ".join(said)]
    if traceback:
        lines += [f"    | {printable(line)}" for line in traceback.splitlines()]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    """A value of a text line, in quotes where it would not be one word."""
    if isinstance(value, dict):
        return ",".join(f"{name}:{_shown(of)}" for name, of in value.items())
    text = printable(str(value))
    return json.dumps(text, ensure_ascii=False) if not text or set(text) & set(' "=') else text


def printable(text: str) -> str:
    """The text with everything escaped that is no character to be seen, so that it stays on its line."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


class Seldom:
    """Keeps a complaint that each request would repeat to one line in a while."""

    def __init__(self, every_s: float = SELDOM_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._clock = clock
        self._said: dict[Hashable, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def due(self, what: Hashable) -> int | None:
        """How often it was left out since it was last said; None while it is to be left out again."""
        now = self._clock()
        with self._lock:
            at, left_out = self._said.get(what, (None, 0))
            if at is not None and now - at < self._every_s:
                self._said[what] = at, left_out + 1
                return None
            if len(self._said) >= _MOST_REMEMBERED:
                self._said.clear()
            self._said[what] = now, 0
            return left_out
