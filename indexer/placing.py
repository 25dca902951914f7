"""Finds an article's place among those around it: the text it is a copy of, and the story it belongs to.

The work for one article is bounded: it is compared with at most MOST_AROUND vectors of articles near it in time, with the
words of a few hundred of them, and with the texts of the few that could be copies.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.duplicates import TextPrint, same_text
from indexer.stories import BELONGS, MEANING, TIME, Likeness, belonging, closeness, likeness
from indexer.surroundings import Around, Days, Neighbour, Signals
from indexer.term_prints import TermPrint, buckets_of, held, share_held, weights_of
from indexer.types import Rows, Scores

CANDIDATES = 40
"""Articles whose words are compared: the likest by vector and date."""

NEAREST = 20
"""And the likest by vector alone, for copies that come late."""

SHARED_BY_COPIES = 0.6
"""The share of the shorter text's terms that a copy holds; others are not compared word for word."""

COMPARED_TEXTS = 8

MOST_TEXTS = 512
"""Texts whose prints are kept."""

LIKEST = 10
"""The stories of so many of the likest articles are looked at."""

MEMBERS = 20
"""A story is judged by so many of its articles, those nearest in time."""


@dataclass(frozen=True, slots=True)
class Place:
    """`group` None: no copy was found; `story` None: it begins one."""

    group: int | None
    story: int | None


class Placing:
    """Compares articles; holds what was learnt of how common words are."""

    def __init__(self, counts: NDArray[np.int64], articles: int, read: Callable[[int], TextPrint]) -> None:
        """`counts` (shape (BUCKETS,)) says in how many of the `articles` each term occurs; `read` gives a text by seq."""
        self._counts = counts
        self._articles = articles
        self._read = read
        self._prints: OrderedDict[int, TextPrint] = OrderedDict()

    def learn(self, terms: TermPrint) -> None:
        """Count the terms of a new article."""
        self._counts[buckets_of(terms)] += 1
        self._articles += 1

    def forget_texts(self, seqs: Iterable[int]) -> None:
        """Read these texts anew: they have changed."""
        for seq in seqs:
            self._prints.pop(seq, None)

    def place(self, article: Neighbour, around: Around, twin: Place | None) -> Place:
        """The article's place among those around it, itself left out; that of its `twin`, which has the same words, if known."""
        if twin is not None:
            return twin
        candidates = _likest(around.cosines, around.days)
        if not candidates:
            return Place(None, None)
        near = [around.article(position) for position in candidates]
        shares = held(article.terms, [other.terms for other in near])
        copy = self._copied(article, near, shares)
        if copy is not None:
            return Place(copy.group, copy.story)
        alike = self._likeness(article, near, around.at(candidates), shares)
        stories = dict.fromkeys(near[place].story for place in np.argsort(-alike, kind="stable")[:LIKEST])
        return Place(None, self._story(article, around, [story for story in stories if story is not None]))

    def _copied(self, article: Neighbour, near: Sequence[Neighbour], shares: NDArray[np.bool_]) -> Neighbour | None:
        """The first of the articles that could be copies whose text is the same."""
        shorter = np.array([max(1, min(len(article.terms), len(other.terms))) for other in near])
        contained = shares.sum(axis=1) / shorter
        likely = np.flatnonzero(contained >= SHARED_BY_COPIES)
        likely = likely[np.argsort(-contained[likely], kind="stable")][:COMPARED_TEXTS]
        compared = (near[int(place)] for place in likely)
        return next((other for other in compared if same_text(self._print(article.seq), self._print(other.seq))), None)

    def _print(self, seq: int) -> TextPrint:
        if seq not in self._prints:
            self._prints[seq] = self._read(seq)
            if len(self._prints) > MOST_TEXTS:
                self._prints.popitem(last=False)
        return self._prints[seq]

    def _likeness(
        self, article: Neighbour, others: Sequence[Neighbour], signals: Signals, shares: NDArray[np.bool_]
    ) -> Likeness:
        weights = weights_of(article.terms, self._counts, self._articles)
        shared = share_held(shares, weights)
        sections = None if article.section is None else np.array([other.section == article.section for other in others])
        return likeness(signals.cosines, shared, signals.days, sections)

    def _story(self, article: Neighbour, around: Around, stories: Sequence[int]) -> int | None:
        """The one of the stories that the article belongs to most; None when to none enough."""
        members = [_members(around, around.of_story(story)) for story in stories]
        positions = [position for some in members for position in some]
        if not positions:
            return None
        everyone = [around.article(position) for position in positions]
        shares = held(article.terms, [member.terms for member in everyone])
        alike = self._likeness(article, everyone, around.at(positions), shares)
        parts = np.split(alike, np.cumsum([len(some) for some in members])[:-1])
        degrees = [belonging(part) for part in parts]
        best = int(np.argmax(degrees))
        return stories[best] if degrees[best] >= BELONGS else None


def _members(around: Around, positions: Rows) -> list[int]:
    """Those of a story that it is judged by: one of each text, nearest in time; the last that came where there are no dates."""
    if around.days is None:
        in_order = positions[::-1].tolist()
    else:
        in_order = positions[np.argsort(around.days[positions], kind="stable")].tolist()
    texts: dict[int, int] = {}
    for position in in_order:
        texts.setdefault(around.article(position).group, position)
        if len(texts) == MEMBERS:
            break
    return list(texts.values())


def _likest(cosines: Scores, days: Days | None) -> list[int]:
    """The positions of the likest articles by vector and date, and by vector alone."""
    by_both = MEANING * cosines if days is None else MEANING * cosines + TIME * closeness(days)
    return list(dict.fromkeys([*_best(by_both, CANDIDATES), *_best(cosines, NEAREST)]))


def _best(scores: Scores, count: int) -> list[int]:
    """The places of the highest scores, in order, the earlier of equals first."""
    if len(scores) > count:
        least = np.partition(scores, -count)[-count]
        places = np.flatnonzero(scores >= least)
    else:
        places = np.arange(len(scores))
    best: list[int] = places[np.argsort(-scores[places], kind="stable")][:count].tolist()
    return best
