"""Stories as readers see them: what a hit says of its own, one with its timeline, those that are moving now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np

from indexer.engines.columns import NO_STORY, NO_TIME, Columns
from indexer.errors import StoryNotFound
from indexer.filters import Filters
from indexer.types import Article, Rows
from search_api import facets
from search_api.folding import duplicates_of, faces_of
from search_api.library import Library, View, first_shown
from search_api.moving import movement
from search_api.query import Facet
from search_api.results import MovingStory, Story, StoryArticle, StoryPage
from search_api.seeds import rows_of

STEPS = 1000
"""How many steps of time a window has: of 7 days, one is ten minutes."""

LONGEST_STEP_S = 3600.0

NEWEST = 3
"""How many of its newest articles a moving story shows."""

_NOTHING = np.empty(0, dtype=np.int64)
_COUNTED = (Facet.SOURCE, Facet.SECTION)


@dataclass(frozen=True, slots=True)
class StoriesQuery:
    """Which stories have moved within a `window` before now, or before the moment that the filters take for it.

    Only articles that the filters let through move a story or are shown of it.
    """

    filters: Filters
    window: timedelta
    limit: int

    @property
    def start(self) -> float:
        """When the window begins, in seconds since 1970; as a number, for it may lie before all calendars."""
        return self.filters.clock.timestamp() - self.window.total_seconds()


def labels(library: Library, view: View, numbers: Iterable[int], filters: Filters) -> dict[int, Story]:
    """The public id and the size of each story, by its number; NO_STORY is none. Only the filters' times count."""
    known = sorted(set(numbers) - {NO_STORY})
    if not known:
        return {}
    members = library.unwithdrawn(view, view.snapshot.story_members(known, filters.now))
    columns = view.snapshot.columns
    if filters.as_of:
        members = members[columns.known_by(filters.as_of, members)]
    sizes = _sizes(columns, members, _text_keys(columns, members))
    ids = library.records.story_ids(known)
    return {number: Story(ids[number], sizes[number]) for number in known if number in ids}


def story_of(library: Library, article_id: str, now: datetime) -> Story | None:
    """The story that a visible article is part of; None while it has no place in the index."""
    view = library.view
    if view is None:
        return None
    rows = rows_of(library, view.snapshot, [article_id], now)
    numbers = view.snapshot.columns.story[rows].tolist()
    return next(iter(labels(library, view, numbers, Filters(now)).values()), None)


def story_page(library: Library, story_id: str, now: datetime, *, limit: int, offset: int) -> StoryPage:
    """A story, and `limit` texts of its timeline after the first `offset`.

    An id that was merged away gives the story that it is part of now, under that story's own id, once a generation
    that knows of it serves. Raises StoryNotFound for an unknown id and for a story that readers may see nothing of.
    """
    view = library.view
    numbers = library.records.story_numbers(story_id) if view else []
    found = ((number, view.snapshot.story_members([number], now)) for number in numbers if view)
    number, rows = next((one for one in found if len(one[1])), (NO_STORY, _NOTHING))
    if view is None or number == NO_STORY:
        raise StoryNotFound(story_id)
    columns = view.snapshot.columns
    texts = _timeline(columns, rows)
    teller = _Teller(library, view, now)
    first = next(teller.articles(texts), None)
    if first is None:
        raise StoryNotFound(story_id)
    counts = facets.count(columns, rows, _COUNTED)
    return StoryPage(
        story=Story(library.records.story_ids([number])[number], len(texts)),
        central=teller.central(texts),
        first=first,
        latest=next(teller.articles(_newest_first(columns, texts)), first),
        sources=counts[Facet.SOURCE],
        sections=counts[Facet.SECTION],
        timeline=tuple(teller.articles(texts[offset : offset + limit])),
    )


def moving_stories(library: Library, query: StoriesQuery) -> tuple[MovingStory, ...]:
    """The stories with new texts, those of two texts or more first, then by score (see `moving.movement`).

    A text is as old as the copy that stands for it: a reprint moves nothing. Ties go to the story that began later.
    """
    filters = query.filters
    view = library.view_of(filters)
    if view is None:
        return ()
    snapshot = view.snapshot
    recent = snapshot.published_since(filters, query.start)
    moving = snapshot.columns.story[recent]
    rows = np.sort(snapshot.story_members(np.unique(moving[moving != NO_STORY]).tolist(), filters.now))
    rows = rows[snapshot.allows(Filters(filters.now, as_of=filters.as_of), rows)]
    columns = snapshot.columns
    keys = _text_keys(columns, rows)
    sizes = _sizes(columns, rows, keys)
    fitting = snapshot.allows(filters, rows)
    rows, keys = rows[fitting], keys[fitting]
    moved = _moved(columns, rows, keys, query)
    best = sorted(moved, key=lambda number: (sizes[number] > 1, moved[number][0], number), reverse=True)[: query.limit]
    ids = library.records.story_ids(best)
    teller = _Teller(library, view, filters.now)
    told = (
        teller.moving(Story(ids[number], sizes[number]), rows[columns.story[rows] == number], *moved[number])
        for number in best
    )
    return tuple(story for story in told if story is not None)


def _moved(columns: Columns, rows: Rows, keys: Rows, query: StoriesQuery) -> Mapping[int, tuple[float, int]]:
    """The score of each story that has texts published within the window, and how many; `keys` are of the rows' texts."""
    new = columns.published[rows] >= query.start
    texts = rows[new & (faces_of(columns, rows, keys) == rows)]
    numbers, place, recent = np.unique(columns.story[texts], return_inverse=True, return_counts=True)
    named = rows[new & (columns.source[rows] >= 0)]
    names = max(1, len(columns.vocabulary["source"]))
    pairs = np.sort(columns.story[named] * names + columns.source[named])
    stories = pairs[np.diff(pairs, prepend=-1) != 0] // names
    first, past = (np.searchsorted(stories, numbers, side=side) for side in ("left", "right"))
    ages_s = _in_steps(query) - columns.published[texts].astype(np.float64)
    scores = movement(ages_s, place, past - first, query.window)
    return dict(zip(numbers.tolist(), zip(scores.tolist(), recent.tolist(), strict=True), strict=True))


def _in_steps(query: StoriesQuery) -> float:
    """The moment that ages are counted from: it moves in steps, so that an answer stays the same for a while."""
    step_s = min(query.window.total_seconds() / STEPS, LONGEST_STEP_S)
    return query.filters.clock.timestamp() // step_s * step_s


def _sizes(columns: Columns, rows: Rows, keys: Rows) -> Counter[int]:
    """How many different texts of each story are among the article rows; `keys` are of their texts."""
    _, first = np.unique(keys, return_index=True)
    return Counter(columns.story[rows[first]].tolist())


def _text_keys(columns: Columns, rows: Rows) -> Rows:
    """For each article row a number that only copies of its text in the same story share."""
    story, text = columns.story[rows], columns.text_group[rows]
    order = np.lexsort((text, story))
    another = (np.diff(story[order]) != 0) | (np.diff(text[order]) != 0)
    keys = np.zeros(len(rows), dtype=np.int64)
    keys[order[1:]] = np.cumsum(another)
    return keys


def _timeline(columns: Columns, rows: Rows) -> list[Rows]:
    """The texts of one story's article rows in order of time, those without a date last.

    Each is the rows of its copies, the one that stands for it first.
    """
    if not len(rows):
        return []
    faces = faces_of(columns, rows, columns.text_group[rows])
    order = np.lexsort((rows, rows != faces, faces))
    texts = np.split(rows[order], np.flatnonzero(np.diff(faces[order])) + 1)
    published = columns.published
    return sorted(texts, key=lambda copies: (published[copies[0]] == NO_TIME, published[copies[0]], copies[0]))


def _newest_first(columns: Columns, texts: Sequence[Rows]) -> list[Rows]:
    """The texts of a timeline that have a date, the last first."""
    return [copies for copies in reversed(texts) if columns.published[copies[0]] != NO_TIME]


class _Teller:
    """Tells of stories what readers may see at a moment."""

    def __init__(self, library: Library, view: View, now: datetime) -> None:
        self._library = library
        self._view = view
        self._columns = view.snapshot.columns
        self._now = now

    def articles(self, texts: Sequence[Rows]) -> Iterator[StoryArticle]:
        """Each text as the first of its copies that was not withdrawn since the snapshot was taken, if one was not."""
        for copies in texts:
            found = first_shown(self._library, self._view, copies, self._now)
            if found is not None:
                position, article = found
                shown = copies[position:]
                numbers = frozenset(self._columns.seq[shown].tolist())
                yield StoryArticle(article, duplicates_of(self._columns, shown[1:]), numbers)

    def central(self, texts: Sequence[Rows]) -> Article | None:
        """The article with a headline whose vector is nearest to the mean of all: its headline is the story's.

        The newest headline is often that of a reaction or a detail, and is shown anyway; this one says what the story as
        a whole is about, and changes seldom.
        """
        faces = np.array([copies[0] for copies in texts], dtype=np.int64)
        vectors = self._view.snapshot.article_vectors(faces)
        nearest = np.argsort(-(vectors @ vectors.mean(axis=0)), kind="stable")
        shown = self._library.shown(self._view, faces[nearest], self._now)
        return next((article for article in shown if article and article.title), None)

    def moving(self, story: Story, rows: Rows, score: float, recent: int) -> MovingStory | None:
        """A story told by these of its article rows; None when all were withdrawn since."""
        texts = _timeline(self._columns, rows)
        newest = tuple(islice(self.articles(_newest_first(self._columns, texts)), NEWEST))
        if not newest:
            return None
        counts = facets.count(self._columns, rows, _COUNTED)
        return MovingStory(
            story=story,
            central=self.central(texts),
            score=score,
            recent=recent,
            sources=counts[Facet.SOURCE],
            sections=counts[Facet.SECTION],
            first_at=datetime.fromtimestamp(int(self._columns.published[texts[0][0]]), UTC),
            newest=newest,
        )
