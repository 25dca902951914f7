"""What an answer is made of, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.types import Article


@dataclass(frozen=True, slots=True)
class Snippet:
    """The passage that answers best: its text, the chunk it is from (0 is the article's first), and the matching words.

    `spans` are (start, end) offsets in `text`.
    """

    text: str
    chunk: int
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Copies of the article folded into its hit: how many, and under which sources."""

    count: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the score came about: score = semantic_ratio * dense + (1 - semantic_ratio) * lexical.

    `cosine` and `bm25` are the arms' raw scores that `dense` and `lexical` normalise to 0..1.
    """

    semantic_ratio: float
    dense: float
    lexical: float
    cosine: float
    bm25: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One article of an answer. `score` is in 0..1, higher is better."""

    article: Article
    version: int
    score: float
    snippet: Snippet
    duplicates: Duplicates
    explain: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """How many articles answer, copies folded: exactly, or at least when candidates were cut off."""

    value: int
    exact: bool


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    query: str
    mode: str
    generation: int | None
    took_ms: float
    total: Total
    next_cursor: str | None
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class RelatedAnswer:
    """`fallback_used` names what filled the end of the list with `filled` hits, if anything did; those have score 0."""

    seed: str | None
    mode: str
    fallback_used: str | None
    seed_duplicates: int
    below_min_score: int
    hits: tuple[Hit, ...]
    filled: int = 0
