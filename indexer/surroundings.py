"""The articles published around a moment, held in memory: what a new article is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.term_prints import TermPrint
from indexer.types import Embeddings, Rows, Scores, Vector

WINDOW_DAYS = 400
"""How far from an article's date copies and articles of its story are looked for."""

MOST_AROUND = 20_000
"""At most so many articles are compared with one, those nearest in time: what bounds the work where many are published."""

MOST_HELD = 30_000
"""Articles held in memory (about three kilobytes each)."""

LOADED_A_BATCH = 1_000
"""Articles that a batch may read from the archive, beside what earlier ones left over (up to MOST_AROUND)."""

DAY_S = 86_400

UNDATED = None
"""The day of articles without a date: they are compared with each other, the last that came."""

_NO_DAY = -(1 << 40)

Days = NDArray[np.float32]
"""Shape (articles,): how many days apart each was published from a moment."""


@dataclass(slots=True, eq=False)
class Neighbour:
    """What is compared of an article. `published` in seconds (None: no date), `vector` of unit length."""

    seq: int
    published: int | None
    section: str | None
    group: int
    story: int | None
    vector: Vector
    terms: TermPrint

    @property
    def day(self) -> int | None:
        """Days since 1970."""
        return UNDATED if self.published is None else self.published // DAY_S


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """How like some articles are to one by their vectors, and how far in time (None without dates), aligned."""

    cosines: Scores
    days: Days | None


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """The articles around one, and what is known of all of them, aligned."""

    held: Surroundings
    places: Rows
    cosines: Scores
    days: Days | None

    def at(self, positions: Sequence[int]) -> Signals:
        chosen = np.array(positions, dtype=np.int64)
        return Signals(self.cosines[chosen], None if self.days is None else self.days[chosen])

    def article(self, position: int) -> Neighbour:
        return self.held.articles[int(self.places[position])]

    def of_story(self, story: int) -> Rows:
        """The positions of those that belong to a story."""
        found: Rows = np.flatnonzero(self.held.stories[self.places] == story)
        return found


class Surroundings:
    """Days of articles, read when first needed; those farthest from what comes in go first.

    A batch may read only so much. In order of publication that is never too little; articles that come in no order are
    compared with fewer, the nearest, and `regroup` makes up for it.
    """

    def __init__(self, load: Callable[[int | None], Iterable[Neighbour]]) -> None:
        """`load` gives the placed articles of a day (days since 1970; None: the last ones without a date)."""
        self._load = load
        self._may_read = MOST_AROUND
        self._read: set[int | None] = set()
        self._place_of: dict[int, int] = {}
        self._first_coming = 0
        self._cosines: Embeddings = np.empty((0, 0), dtype=np.float32)
        self.articles: list[Neighbour] = []
        self.stories = np.empty(0, dtype=np.int64)
        self._days = np.empty(0, dtype=np.int64)
        self._times = np.empty(0, dtype=np.float64)
        self._placed = np.empty(0, dtype=np.bool_)
        self._room: Embeddings = np.empty((0, 0), dtype=np.float32)
        """The vectors, with room for more: they are most of what is held, and not copied for each batch."""

    def receive(self, coming: Sequence[Neighbour]) -> None:
        """Make ready for a batch of articles to be placed, in this order; earlier versions of them are forgotten."""
        days = list(dict.fromkeys(article.day for article in coming))
        self._let_go(days)
        self._bring(days)
        for article in coming:
            if article.seq in self._place_of:
                self._placed[self._place_of.pop(article.seq)] = False
        self._first_coming = len(self.articles)
        self._append(coming)
        vectors = self._room[: len(self.articles)]
        self._cosines = vectors[self._first_coming :] @ vectors.T

    def take_in(self, placed: Sequence[Neighbour], gone: Sequence[int] = ()) -> None:
        """Articles that another process placed: they stand where an earlier version of theirs stood, if their day was read."""
        for seq in [*gone, *(article.seq for article in placed)]:
            if seq in self._place_of:
                self._placed[self._place_of.pop(seq)] = False
        held = [article for article in placed if article.day in self._read]
        first = len(self.articles)
        self._append(held)
        self._placed[first:] = True
        self._place_of |= {article.seq: first + number for number, article in enumerate(held)}

    def around(self, number: int) -> Around:
        """The placed articles around the one of that number in the batch."""
        article = self.articles[self._first_coming + number]
        if article.published is None:
            places = np.flatnonzero(self._placed & (self._days == _NO_DAY))[-MOST_AROUND:]
            return Around(self, places, self._cosines[number][places], None)
        apart = np.abs(self._times - article.published)
        places = np.flatnonzero(self._placed & (self._days != _NO_DAY) & (apart <= WINDOW_DAYS * DAY_S))
        if len(places) > MOST_AROUND:
            places = np.sort(places[np.argpartition(apart[places], MOST_AROUND)[:MOST_AROUND]])
        return Around(self, places, self._cosines[number][places], (apart[places] / DAY_S).astype(np.float32))

    def settle(self, number: int) -> None:
        """The article of that number in the batch has its place now."""
        place = self._first_coming + number
        article = self.articles[place]
        assert article.story is not None
        self.stories[place] = article.story
        self._placed[place] = True
        self._place_of[article.seq] = place

    def _bring(self, days: Sequence[int | None]) -> None:
        """Read the days around these that were not read, the nearest first, as far as may be."""
        self._may_read = min(MOST_AROUND, self._may_read + LOADED_A_BATCH)
        distance: dict[int | None, int] = {}
        for day in days:
            around = [day] if day is None else range(day - WINDOW_DAYS, day + WINDOW_DAYS + 1)
            for one in around:
                apart = 0 if day is None or one is None else abs(one - day)
                if one not in self._read and apart <= distance.get(one, apart):
                    distance[one] = apart
        found: list[Neighbour] = []
        for day in sorted(distance, key=lambda one: (distance[one], one or 0)):
            if self._may_read <= 0:
                break
            of_day = [article for article in self._load(day) if article.seq not in self._place_of]
            self._may_read -= len(of_day)
            self._read.add(day)
            found += of_day
        first = len(self.articles)
        self._append(found)
        self._placed[first:] = True
        self._place_of |= {article.seq: first + number for number, article in enumerate(found)}

    def _append(self, articles: Sequence[Neighbour]) -> None:
        if not articles:
            return
        vectors = np.stack([article.vector for article in articles])
        self.articles += articles
        self.stories = np.append(self.stories, [article.story or 0 for article in articles])
        self._days = np.append(self._days, [_NO_DAY if article.day is None else article.day for article in articles])
        self._times = np.append(self._times, [float(article.published or 0) for article in articles])
        self._placed = np.append(self._placed, np.zeros(len(articles), dtype=np.bool_))
        held = len(self.articles) - len(articles)
        if len(self.articles) > len(self._room):
            room = np.empty((max(len(self.articles), len(self._room) * 3 // 2), vectors.shape[1]), dtype=np.float32)
            if held:
                room[:held] = self._room[:held]
            self._room = room
        self._room[held : len(self.articles)] = vectors

    def _let_go(self, days: Sequence[int | None]) -> None:
        """Forget the articles of the days farthest from these, the first that came first, when too much is held."""
        if len(self.articles) <= MOST_HELD * 5 // 4:
            return
        wanted = np.array([_NO_DAY if day is None else day for day in days])
        held, day_of = np.unique(self._days, return_inverse=True)
        apart = np.abs(held[:, None] - wanted).min(axis=1)[day_of]
        placed = np.flatnonzero(self._placed)
        order = np.lexsort((-placed, apart[placed]))
        places = np.sort(placed[order[:MOST_HELD]])
        cut = np.unique(self._days[placed[order[MOST_HELD:]]])
        self._read -= {None if day == _NO_DAY else day for day in cut.tolist()} - set(days)
        self.articles = [self.articles[place] for place in places.tolist()]
        self._place_of = {article.seq: place for place, article in enumerate(self.articles)}
        self.stories, self._days, self._times = self.stories[places], self._days[places], self._times[places]
        self._placed = self._placed[places]
        self._room[: len(places)] = self._room[places]
