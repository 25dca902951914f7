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
    """Where a publication date was read; `update` is the day of an update, where nothing else was shown."""

    RECORD = "record"
    JSON_LD = "json-ld"
    META = "meta"
    PAGE = "page"
    URL = "url"
    UPDATE = "update"
    NONE = "none"

    @property
    def confidence(self) -> float:
        """How far to trust a date from there, 0 to 1: stated for machines, shown to readers, or inferred."""
        return _CONFIDENCE[self]


_CONFIDENCE = {
    DateOrigin.RECORD: 1.0,
    DateOrigin.JSON_LD: 1.0,
    DateOrigin.META: 0.9,
    DateOrigin.PAGE: 0.7,
    DateOrigin.URL: 0.5,
    DateOrigin.UPDATE: 0.3,
    DateOrigin.NONE: 0.0,
}


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
class Embedded:
    """Embeddings that an article's source brought along, as they lie there, unchecked.

    `recipe` is the key of the recipe that its texts were cut and embedded by; `vectors` are fp16, by the hash of the text.
    `origin` says which input the article was first read from: two files may hold parts of one.
    """

    model_name: str
    recipe: str
    vectors: Mapping[bytes, bytes]
    origin: str


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
    embedded: Embedded | None = None

    @property
    def origin(self) -> str:
        """The input that it was first read from."""
        return self.embedded.origin if self.embedded else self.source


@dataclass(frozen=True, slots=True)
class Reject:
    """Something in a source that is no article: which file, where in it, and why.

    `content` is the item itself where it is a part of the file (a line, a page, a record), and `ending` says how it is to be
    read (`.jsonl`, `.html`); None where the file as a whole is no source.
    """

    source: str
    place: str
    reason: str
    content: bytes | None = field(default=None, repr=False)
    ending: str = ""
