"""What an answer is made of, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from indexer.types import Article


@dataclass(frozen=True, slots=True)
class Snippet:
    """The passage that answers best: its text, the chunk it is from (0 is the article's first), and what matches in it.

    `spans` are (start, end) offsets in `text`, in order and apart: the query's words or, where the passage was found by
    meaning, the sentence that is most like the question.
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
class Story:
    """What an article unfolds in: `size` counts its articles that readers may see, copies of one text once."""

    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the score came about.

    dense = (1 - article_share) * cosine + article_share * article_cosine, at least 0; lexical = bm25 / full_marks, at most
    1; blend = semantic_ratio * dense + (1 - semantic_ratio) * lexical; score = blend * recency. The ranks are those of each
    arm among the results, 1 the best. All parts are those of the best ranked copy of the text, whichever is shown; `folded`
    are the ids of the other copies.
    """

    semantic_ratio: float
    article_share: float
    cosine: float
    article_cosine: float
    dense: float
    dense_rank: int
    bm25: float
    full_marks: float
    lexical: float
    lexical_rank: int
    blend: float
    recency: float
    folded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One article of an answer. `score` is in 0..1, higher is better; `story` is None while its place is not known."""

    article: Article
    version: int
    score: float
    snippet: Snippet
    duplicates: Duplicates
    story: Story | None = None
    explain: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """How many articles answer, copies folded: exactly, or at least when candidates were cut off."""

    value: int
    exact: bool


@dataclass(frozen=True, slots=True)
class ReadDates:
    """A date filter that the question's own words gave: from `start` on, before `past` (an open side is None).

    It was not `applied` when it would have left no answer; then its words were searched like the others.
    """

    words: str
    start: datetime | None
    past: datetime | None
    applied: bool

    @property
    def described(self) -> str:
        """`published from 1 March 2026 to 31 March 2026`; days are UTC."""
        first = f"from {_day(self.start)}" if self.start else ""
        last = f"to {_day(self.past - timedelta(seconds=1))}" if self.past else ""
        if first[5:] == last[3:]:
            return f"published on {last[3:]}"
        return " ".join(part for part in ("published", first, last) if part)


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


@dataclass(frozen=True, slots=True)
class Understood:
    """How a typed query was read: the words that were searched for, and what its time words and spelling gave."""

    text: str
    dates: ReadDates | None = None
    recency: float = 0.0
    """The most that age could take from a score; 0 when it took nothing."""
    suggestion: str | None = None
    """The query with unknown words spelled like near ones that are common."""


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    query: str
    mode: str
    generation: int | None
    took_ms: float
    total: Total
    next_cursor: str | None
    hits: tuple[Hit, ...]
    understood: Understood
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoryArticle:
    """One text of a story: the article that stands for it, and its copies; `numbers` are the archive's of all of them."""

    article: Article
    duplicates: Duplicates
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class StoryPage:
    """One story, told from its beginning.

    `central` is the most central of its articles that have a headline; `sources` and `sections` count all its articles,
    copies too, most first; `timeline` is a part of its texts in order of publication, those without a date last.
    """

    story: Story
    central: Article | None
    first: StoryArticle
    latest: StoryArticle
    sources: Mapping[str, int]
    sections: Mapping[str, int]
    timeline: tuple[StoryArticle, ...]

    @property
    def told(self) -> tuple[Article, ...]:
        """Every article that something is told of, some more than once."""
        entries = (self.first, self.latest, *self.timeline)
        return (*(entry.article for entry in entries), *filter(None, [self.central]))


@dataclass(frozen=True, slots=True)
class MovingStory:
    """A story with new texts: `recent` is how many, `newest` the newest of all its texts, latest first.

    The rest is as in a StoryPage, but of the articles asked for only.
    """

    story: Story
    central: Article | None
    score: float
    recent: int
    sources: Mapping[str, int]
    sections: Mapping[str, int]
    first_at: datetime
    newest: tuple[StoryArticle, ...]

    @property
    def told(self) -> tuple[Article, ...]:
        """Every article that something is told of, some more than once."""
        return (*(entry.article for entry in self.newest), *filter(None, [self.central]))


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
