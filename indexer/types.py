"""The nouns of Dateline: articles, chunks, and the arrays that stand for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Embeddings: TypeAlias = NDArray[np.float32]
"""Shape (n, dimension), float32, C order, every row of unit length."""

Vector: TypeAlias = NDArray[np.float32]
"""Shape (dimension,), float32, unit length."""

Rows: TypeAlias = NDArray[np.int64]
"""Shape (n,), int64: positions of articles or chunks in one snapshot."""

Scores: TypeAlias = NDArray[np.float32]
"""Shape (n,), float32, higher is better, aligned with the rows beside it."""


class PubStatus(StrEnum):
    """IPTC publishing status; only `usable` articles are ever shown."""

    USABLE = "usable"
    WITHHELD = "withheld"
    CANCELED = "canceled"


class DateOrigin(StrEnum):
    """Where a publication date was read."""

    RECORD = "record"
    JSON_LD = "json-ld"
    META = "meta"
    PAGE = "page"
    URL = "url"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Article:
    """One news article, cleaned.

    `body` holds paragraphs separated by one empty line; `chunk` offsets count its characters.
    Times are UTC. Either `title` or `body` may be empty, never both.
    """

    id: str
    title: str
    body: str
    url: str | None = None
    published_at: datetime | None = None
    published_from: DateOrigin = DateOrigin.NONE
    updated_at: datetime | None = None
    source: str | None = None
    section: str | None = None
    authors: tuple[str, ...] = ()
    language: str = "und"
    summary: str | None = None
    image_url: str | None = None
    tags: tuple[str, ...] = ()
    license: str | None = None
    pubstatus: PubStatus = PubStatus.USABLE
    embargoed: datetime | None = None
    correction: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole sentences of one article's body that fits the model's token budget.

    `text` is what is embedded: the headline, a line break, and `body[start:end]`.
    An article without a body has one chunk with start = end = 0.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """An article read from a source, and where.

    `partial` marks sources that cannot know every field (a saved page): a field that is
    absent there is unknown, not empty, and keeps the value an earlier version had.
    `stated_id` tells whether the source gave the id, or it was derived from the URL or text.
    """

    article: Article
    source: str
    place: str
    partial: bool = False
    stated_id: bool = True


@dataclass(frozen=True, slots=True)
class Reject:
    """Something in a source that is no article: which file, where in it, and why."""

    source: str
    place: str
    reason: str
