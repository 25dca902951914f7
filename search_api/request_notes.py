"""What is noted of the request under way, for its log line, its counts and its problem document."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from search_api.stages import Timings

UNMATCHED = "unmatched"
"""The route of requests that no endpoint took."""


@dataclass(slots=True)
class RequestNotes:
    """Filled in on the request's way; threads that work for it see the same notes."""

    request_id: str
    route: str = UNMATCHED
    """The template of the endpoint's path, never the path itself."""
    routed: dict[str, Any] = field(default_factory=dict)
    """The request's scope, in which the router says which route took it; empty while it has not come so far."""
    key: str | None = None
    """Name of the key that opened it."""
    query: str | None = None
    """What a reader typed; it is logged only where the settings say so."""
    trace_id: str | None = None
    timings: Timings = field(default_factory=Timings)


_current: ContextVar[RequestNotes | None] = ContextVar("request_notes", default=None)


def current_notes() -> RequestNotes | None:
    """The notes of the request under way; None outside of one."""
    return _current.get()


def current_request_id() -> str | None:
    notes = _current.get()
    return notes.request_id if notes else None


def note_key(name: str) -> None:
    """Remember which key was used."""
    notes = _current.get()
    if notes:
        notes.key = name


def note_query(text: str) -> None:
    """Remember what a reader typed."""
    notes = _current.get()
    if notes:
        notes.query = text


@contextmanager
def noting(notes: RequestNotes) -> Iterator[None]:
    """Let these be the notes of what runs within."""
    token = _current.set(notes)
    try:
        yield
    finally:
        _current.reset(token)
