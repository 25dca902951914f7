"""What the service answers to those who write to it and keep it in order, by the rules of `answers`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Written:
    """A write that is durable. `status` is created, updated, unchanged or deleted; searches see it from `change` on."""

    id: str
    status: str
    version: int
    change: int


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of one article of a bulk write; `line` counts the articles from 1.

    `status` is created, updated, unchanged or deleted (then there is a `version`), or conflict, taken_down or rejected (then
    `problem` says why).
    """

    line: int
    status: str
    id: str | None = None
    version: int | None = None
    problem: str | None = None

    @property
    def is_stored(self) -> bool:
        """Whether the service holds what was sent."""
        return self.problem is None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an article. From `known_from` on, `as_of` answers with it."""

    version: int
    current: bool
    deleted: bool
    known_from: datetime
    received_at: datetime
    title: str
    summary: str | None
    published_at: datetime | None
    updated_at: datetime | None
    correction: str | None


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of an article that readers may see, the newest first."""

    id: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A generation that was written anew without an article."""

    from_: int
    to: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a takedown purged. `traces` are files that still hold a passage of the article: empty when it is gone."""

    article_id: str
    taken_down_at: datetime
    reason: str
    url: str | None
    versions: int
    chunks: int
    embeddings: int
    generations_rewritten: tuple[Rewritten, ...]
    quarantine_entries: int
    copies: tuple[str, ...]
    files_searched: int
    bytes_searched: int
    traces: tuple[str, ...]
    surrogate_key: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation that is there; a damaged one has no more than its number."""

    number: int
    serving: bool
    served: bool
    damaged: bool
    built_at: str | None = None
    change: int | None = None
    model_name: str | None = None
    articles: int | None = None
    chunks: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Generations:
    """The generations, oldest first, and whether another is being built."""

    building: bool
    generations: tuple[Generation, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """A build that has begun."""

    building: bool


@dataclass(frozen=True, slots=True)
class Activated:
    """The generation that serves now, and the one that did before."""

    generation: int
    before: int | None
    model: str


@dataclass(frozen=True, slots=True)
class Ready:
    """What is serving. `status` is `stale` where changes cannot be taken up: answers come from before them."""

    status: str
    generation: int | None
    articles: int
    change: int
