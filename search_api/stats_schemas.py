"""The document of `/v1/stats`: what the index holds, what is asked of the service, and how long answers take."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from search_api.exposition import Figures, Times
from search_api.index_facts import GenerationFacts, IndexFacts, IndexState
from search_api.schemas import Document
from search_api.write_schemas import without_folder


class ServingDocument(Document):
    number: int
    built_at: datetime
    age_s: float = Field(description="How long ago it was built.")
    change: int = Field(description="The change of the archive that it was built at.")
    model: Annotated[str, AfterValidator(without_folder)] = Field(description="Name of its embedding model.")
    model_fingerprint: str
    articles: int
    chunks: int
    bytes: int


class TailDocument(Document):
    articles: int = Field(description="Articles changed since the generation.")
    changes: int = Field(description="Changes since the generation.")
    change: int = Field(description="The last change that the process which answers has taken up.")


class HeldDocument(Document):
    articles: int = Field(description="Those that readers do not see included.")
    change: int = Field(description="Changes so far.")
    bytes: int


class TimesDocument(Document):
    count: int
    p50_ms: float | None = Field(description="Estimated between the bounds of a histogram, as `p95_ms` is.")
    p95_ms: float | None


class RouteDocument(TimesDocument):
    refused: int = Field(description="Of `count`: answered with a status of 400 to 499.")
    failed: int = Field(description="Of `count`: answered with a status of 500 or more.")


class StatsDocument(Document):
    """Counts are of all worker processes, since the service started."""

    version: str
    uptime_s: float
    workers: int
    state: IndexState = Field(
        description="`empty`: nothing to answer from yet; `stale`: changes cannot be taken up; `damaged`: the generation that "
        "should serve cannot."
    )
    building: bool = Field(description="Whether a generation is being built.")
    generation: ServingDocument | None
    tail: TailDocument | None = Field(description="Null where there is no archive to be read.")
    archive: HeldDocument | None
    requests: dict[str, RouteDocument] = Field(description="By route; `unmatched` are those for none.")
    stages: dict[str, TimesDocument] = Field(description="What answers spent in each stage, those that were in it.")


def serving_document(made: GenerationFacts) -> ServingDocument:
    return ServingDocument(
        number=made.number,
        built_at=datetime.fromisoformat(made.built_at),
        age_s=round(made.age_s, 3),
        change=made.change,
        model=made.model_name,
        model_fingerprint=made.model,
        articles=made.articles,
        chunks=made.chunks,
        bytes=made.size_bytes,
    )


def stats_document(facts: IndexFacts, figures: Figures, *, version: str, at_s: float, building: bool) -> StatsDocument:
    """The document; `at_s` is now in seconds since 1970."""
    made, held = facts.generation, facts.archive
    return StatsDocument(
        version=version,
        uptime_s=round(max(0.0, at_s - figures.started_at_s), 3),
        workers=figures.workers,
        state=facts.state,
        building=building,
        generation=serving_document(made) if made else None,
        tail=TailDocument(articles=held.tail, changes=held.change - (made.change if made else 0), change=facts.taken_up)
        if held
        else None,
        archive=HeldDocument(articles=held.articles, change=held.change, bytes=held.size_bytes) if held else None,
        requests={
            route: RouteDocument(
                count=one.requests,
                refused=one.refused,
                failed=one.failed,
                p50_ms=one.times.quantile_ms(0.5),
                p95_ms=one.times.quantile_ms(0.95),
            )
            for route, one in sorted(figures.routes.items())
        },
        stages={stage: _times_document(times) for stage, times in figures.stages.items()},
    )


def _times_document(times: Times) -> TimesDocument:
    return TimesDocument(count=times.count, p50_ms=times.quantile_ms(0.5), p95_ms=times.quantile_ms(0.95))
