"""What the service counts, by the conventions of Prometheus: one more is a line here and one where it happens.

Labels have few values by design: templates of routes, never paths; modes and outcomes, never ids. Where workers share a folder
(`serving`), each writes its counts there, and `exposition` adds them up.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from search_api.library import Library
from search_api.request_notes import UNMATCHED, note_query
from search_api.results import RelatedAnswer, SearchAnswer
from search_api.stages import Timings

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()

_REQUEST_BUCKETS = (
    *(0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075),
    *(0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0),
)
_STAGE_BUCKETS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075),
    *(0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
_BUILD_BUCKETS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0)

REQUESTS = Counter("dateline_requests_total", "Requests answered.", ("route", "method", "status"), registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "dateline_request_seconds",
    "Time from a request's head to the end of its answer.",
    ("route",),
    buckets=_REQUEST_BUCKETS,
    registry=REGISTRY,
)
STAGE_SECONDS = Histogram(
    "dateline_stage_seconds",
    "Time that a request spent in a stage of its answer.",
    ("stage",),
    buckets=_STAGE_BUCKETS,
    registry=REGISTRY,
)
IN_PROGRESS = Gauge(
    "dateline_requests_in_progress", "Requests under way.", multiprocess_mode="livesum", registry=REGISTRY
)
SEARCHES = Counter("dateline_searches_total", "Typed searches answered.", ("mode",), registry=REGISTRY)
EMPTY_SEARCHES = Counter(
    "dateline_searches_without_results_total", "Typed searches that found nothing.", ("mode",), registry=REGISTRY
)
RELATED_LISTS = Counter(
    "dateline_related_lists_total",
    "Lists of related articles made, by what filled their end: section, recent or none.",
    ("mode", "fallback"),
    registry=REGISTRY,
)
WRITES = Counter(
    "dateline_articles_written_total",
    "Articles sent over HTTP, by what became of them: created, updated, unchanged, deleted, conflict, taken_down, rejected.",
    ("outcome",),
    registry=REGISTRY,
)
BUILDS = Counter(
    "dateline_generation_builds_total",
    "Generations that the service built: built, refused (by the gate), stopped, failed.",
    ("outcome",),
    registry=REGISTRY,
)
BUILD_SECONDS = Histogram(
    "dateline_generation_build_seconds",
    "Time that the service took to build a generation.",
    buckets=_BUILD_BUCKETS,
    registry=REGISTRY,
)
WORKERS = Gauge("dateline_workers", "Worker processes.", multiprocess_mode="livesum", registry=REGISTRY)
STALE_WORKERS = Gauge(
    "dateline_workers_stale",
    "Workers that cannot take up changes and answer from before them.",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
TAKEN_UP = Gauge(
    "dateline_taken_up_change",
    "The last change of the archive that every worker answers with.",
    multiprocess_mode="livemin",
    registry=REGISTRY,
)
MEMORY = Gauge(
    "dateline_resident_memory_bytes",
    "Resident memory of the workers, all together; pages they share count for each.",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
STARTED = Gauge(
    "dateline_start_time_seconds",
    "When the service started, in seconds since 1970.",
    multiprocess_mode="min",
    registry=REGISTRY,
)

OBSERVED_EVERY_S = 1.0

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})


def answered(route: str, method: str, status: int, seconds: float, timings: Timings) -> None:
    """Count a request that was answered."""
    REQUESTS.labels(route, method if method in METHODS else "other", str(status)).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)
    for stage, spent in list(timings.spent.items()):  # a read that was given up goes on
        STAGE_SECONDS.labels(stage.value).observe(spent)


def refused(status: int) -> None:
    """Count a connection that was refused before it had become a request."""
    REQUESTS.labels(UNMATCHED, "other", str(status)).inc()


def searched(answer: SearchAnswer) -> SearchAnswer:
    """The answer, counted, and its question noted."""
    SEARCHES.labels(str(answer.mode)).inc()
    if not answer.total.value:
        EMPTY_SEARCHES.labels(str(answer.mode)).inc()
    note_query(answer.query)
    return answer


def listed(answer: RelatedAnswer) -> RelatedAnswer:
    """The answer, counted."""
    RELATED_LISTS.labels(str(answer.mode), str(answer.fallback_used or "none")).inc()
    return answer


def wrote(outcome: str) -> None:
    """Count an article sent over HTTP."""
    WRITES.labels(outcome).inc()


def built(outcome: str, seconds: float) -> None:
    """Count a generation that the service set out to build."""
    BUILDS.labels(outcome).inc()
    if outcome in ("built", "refused"):
        BUILD_SECONDS.observe(seconds)


def observe_worker(library: Library) -> None:
    """Write down the state of this process, as far as it is its own and not the index's."""
    opened = library.opened
    WORKERS.set(1)
    STALE_WORKERS.set(library.trouble is not None)
    TAKEN_UP.set(opened.change if opened else 0)
    MEMORY.set(_resident_bytes())


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


async def keep_observing(library: Library) -> None:
    """Keep the state of this process written down, until it is cancelled."""
    STARTED.set(time.time())
    while True:
        observe_worker(library)
        await asyncio.sleep(OBSERVED_EVERY_S)
