"""What `GET /v1/stats` answers with: the index and the service, field by field as in docs/openapi.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Serving:
    """The generation that serves; `change` is the archive's change that it was built at."""

    number: int
    built_at: datetime
    age_s: float
    change: int
    model: str
    model_fingerprint: str
    articles: int
    chunks: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Tail:
    """What changed since the generation; `change` is the last that the process which answered has taken up."""

    articles: int
    changes: int
    change: int


@dataclass(frozen=True, slots=True)
class Held:
    """What the archive holds, and its changes so far."""

    articles: int
    change: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Times:
    """How often, and how long by estimates from a histogram."""

    count: int
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Route:
    """The same of a route; of `count`, `refused` had a status of 400 to 499, `failed` one of 500 or more."""

    count: int
    p50_ms: float | None
    p95_ms: float | None
    refused: int
    failed: int


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts are of all worker processes, since the service started; `state` is empty, ready, stale or damaged."""

    version: str
    uptime_s: float
    workers: int
    state: str
    building: bool
    generation: Serving | None
    tail: Tail | None
    archive: Held | None
    requests: Mapping[str, Route]
    stages: Mapping[str, Times]
