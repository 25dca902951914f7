"""Everything that is counted, over all workers: as Prometheus reads it, and summed up for `/v1/stats`."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from search_api.index_facts import IndexFacts, IndexState
from search_api.metrics import REGISTRY
from search_api.serving import COUNTS_FOLDER


def exposition(facts: IndexFacts, accept: str) -> tuple[bytes, str]:
    """All metrics in the text form that a scraper accepts, and its media type."""
    encode, media_type = choose_encoder(accept)
    return encode(_Collected([*_index_families(facts), *counted()])), media_type


def counted() -> list[Metric]:
    """What every worker counted, added up."""
    folder = os.environ.get(COUNTS_FOLDER)
    if folder is None:
        return list(REGISTRY.collect())
    _forget_dead(Path(folder))
    return list(MultiProcessCollector(None, folder).collect())  # type: ignore[no-untyped-call]


class _Collected:
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _forget_dead(folder: Path) -> None:
    """Drop what workers that are gone said of their present; what they counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        number = int(file.stem.rpartition("_")[2])
        if not Path(f"/proc/{number}").exists():
            with suppress(FileNotFoundError):  # another worker was faster
                mark_process_dead(number, str(folder))  # type: ignore[no-untyped-call]


def _index_families(facts: IndexFacts) -> Iterator[Metric]:
    def gauge(name: str, said: str, value: float) -> Metric:
        return GaugeMetricFamily(f"dateline_{name}", said, value)

    made = facts.generation
    yield gauge("generation", "Number of the serving generation; 0 for none.", made.number if made else 0)
    yield gauge("generation_age_seconds", "How long ago it was built.", made.age_s if made else 0)
    yield gauge("generation_articles", "Articles in it.", made.articles if made else 0)
    yield gauge("generation_chunks", "Passages in it.", made.chunks if made else 0)
    yield gauge("generation_bytes", "Size of its files.", made.size_bytes if made else 0)
    yield gauge(
        "index_damaged",
        "1 where the generation that should serve is damaged, missing, or of a model that cannot be used.",
        facts.state is IndexState.DAMAGED,
    )
    held = facts.archive
    if held:
        yield gauge("tail_articles", "Articles changed since the generation.", held.tail)
        yield gauge("archive_articles", "Articles in the archive.", held.articles)
        yield gauge("archive_bytes", "Size of the archive's files.", held.size_bytes)
        yield CounterMetricFamily("dateline_archive_changes", "Changes of the archive, by whomever.", held.change)


@dataclass(slots=True)
class Times:
    """A histogram: how many took at most each bound in seconds."""

    buckets: dict[float, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def count(self) -> int:
        return int(self.buckets.get(inf, 0))

    def quantile_ms(self, share: float) -> float | None:
        """The time that this share took at most, as far as the bounds tell: evenly spread between two of them, and the largest
        bound for what took longer. None for nothing counted."""
        wanted = share * self.count
        low = below = 0.0
        for bound, within in sorted(self.buckets.items()):
            if within >= wanted > 0:
                if bound == inf:
                    return round(1000 * low, 3)
                return round(1000 * (low + (bound - low) * (wanted - below) / (within - below)), 3)
            low, below = bound, within
        return None


@dataclass(slots=True)
class RouteFigures:
    """What came of the requests for one route; `refused` are those with a status of 400 to 499, `failed` of 500 and more."""

    requests: int = 0
    refused: int = 0
    failed: int = 0
    times: Times = field(default_factory=Times)


@dataclass(slots=True)
class Figures:
    """The counts that `/v1/stats` tells of."""

    routes: dict[str, RouteFigures] = field(default_factory=lambda: defaultdict(RouteFigures))
    stages: dict[str, Times] = field(default_factory=lambda: defaultdict(Times))
    workers: int = 0
    started_at_s: float = 0.0


def figures(families: Iterable[Metric]) -> Figures:
    """What the families of all workers say of requests and stages."""
    found = Figures()
    for sample in (sample for family in families for sample in family.samples):
        labels, value = sample.labels, sample.value
        match sample.name:
            case "dateline_requests_total":
                route, status = found.routes[labels["route"]], int(labels["status"])
                route.requests += int(value)
                route.refused += int(value) if 400 <= status < 500 else 0
                route.failed += int(value) if status >= 500 else 0
            case "dateline_request_seconds_bucket":
                found.routes[labels["route"]].times.buckets[float(labels["le"])] += value
            case "dateline_stage_seconds_bucket":
                found.stages[labels["stage"]].buckets[float(labels["le"])] += value
            case "dateline_workers":
                found.workers = int(value)
            case "dateline_start_time_seconds":
                found.started_at_s = value
    return found
