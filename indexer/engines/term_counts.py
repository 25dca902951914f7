"""How often texts have the terms that are looked for, how often two of them meet, and which have some in a row. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress, count

import numpy as np
from numpy.typing import NDArray

from indexer.engines.word_weights import NEIGHBOUR_SLOP


@dataclass(frozen=True, slots=True)
class Pair:
    """Two terms that stand beside each other in a query; whether the first is in no more articles than the second."""

    first: str
    second: str
    rarer_first: bool


@dataclass(frozen=True, slots=True)
class TermCounts:
    """How often each of some texts has each of some terms. `times` has shape (texts, terms); `column` says which is whose."""

    texts: Sequence[tuple[str, ...]]
    column: Mapping[str, int]
    times: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[tuple[str, ...]], terms: Iterable[str]) -> TermCounts:
        """Only the terms that are looked for are counted, which is faster than counting all."""
        column = {term: place for place, term in enumerate(dict.fromkeys(terms))}
        found = [list(filter(column.__contains__, text)) for text in texts]
        rows = np.repeat(np.arange(len(texts)), np.array([len(one) for one in found], dtype=np.int64))
        columns = np.fromiter(map(column.__getitem__, chain.from_iterable(found)), dtype=np.int64, count=len(rows))
        shape = len(texts), len(column)
        times = np.bincount(rows * len(column) + columns, minlength=shape[0] * shape[1])
        return cls(texts, column, times.reshape(shape))

    def times_of(self, terms: Iterable[str]) -> NDArray[np.int64]:
        """Shape (texts, terms): the columns of these terms, in their order."""
        return self.times[:, [self.column[term] for term in terms]]

    def meetings(self, pairs: Sequence[Pair]) -> NDArray[np.int64]:
        """Shape (texts, pairs): how often the two terms of each pair stand within NEIGHBOUR_SLOP of being beside each other."""
        both = (self.times_of(pair.first for pair in pairs) > 0) & (self.times_of(pair.second for pair in pairs) > 0)
        met = np.zeros(both.shape, dtype=np.int64)
        wanted = {term for pair in pairs for term in (pair.first, pair.second)}
        for row in np.flatnonzero(both.any(axis=1)).tolist():
            places = _places(self.texts[row], wanted)
            for at in np.flatnonzero(both[row]).tolist():
                met[row, at] = _meetings(places, pairs[at])
        return met


def having_in_a_row(texts: Iterable[Sequence[str]], phrases: Iterable[Sequence[str]]) -> NDArray[np.bool_]:
    """Which texts have the terms of any of the phrases one after another; no term has a space in it."""
    wanted = [f" {' '.join(phrase)} " for phrase in phrases]
    lines = (f" {' '.join(text)} " for text in texts)
    return np.array([any(phrase in line for phrase in wanted) for line in lines], dtype=np.bool_)


def _places(text: Sequence[str], wanted: Iterable[str]) -> Mapping[str, list[int]]:
    """Where each of the terms stands."""
    places: dict[str, list[int]] = {term: [] for term in wanted}
    is_wanted = list(map(places.__contains__, text))
    for place, term in zip(compress(count(), is_wanted), compress(text, is_wanted), strict=True):
        places[term].append(place)
    return places


def _meetings(places: Mapping[str, list[int]], pair: Pair) -> int:
    """How often two terms stand near each other, as tantivy counts it: it walks along the more common of the two.

    Each meeting uses up what the rarer one has up to there.
    """
    beside_first = [place + 1 for place in places[pair.first]]
    second = places[pair.second]
    rare, common = (beside_first, second) if pair.rarer_first else (second, beside_first)
    met = used = 0
    for place in common:
        used = max(used, bisect_right(rare, place - NEIGHBOUR_SLOP - 1))
        if used < len(rare) and rare[used] <= place + NEIGHBOUR_SLOP:
            met += 1
            used = max(used + 1, bisect_right(rare, place))
    return met
