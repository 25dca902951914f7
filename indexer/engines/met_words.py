"""Articles that a search elsewhere met, scored by their words as `LexicalIndex` scores its own. Pure but for the asking."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from indexer.engines.analysis import QueryTerms, QueryWord, analyse, folded
from indexer.engines.corpus_words import AskedWords, Field
from indexer.engines.terms import Terms, exact_terms
from indexer.engines.word_weights import (
    MOST_NEAR,
    NEIGHBOUR_BOOST,
    NEIGHBOUR_SLOP,
    TITLE_BOOST,
    enough_words,
    saturated,
)
from indexer.filters import Holds, Place
from indexer.types import Article, Scores

Texts = Callable[[Sequence[int]], Sequence[Article]]
"""The articles at these positions, in their order."""


class MetWords:
    """The words of met articles; every answer is aligned with them."""

    def __init__(self, met: Sequence[Terms], corpus: AskedWords, texts: Texts) -> None:
        self._met = met
        self._corpus = corpus
        self._texts = texts

    def scores(self, terms: QueryTerms, *, titles: bool = True) -> Scores:
        """BM25 of each article, with what neighbouring words add; 0 where no word occurs."""
        asked = [*_terms_of(terms.words), *chain.from_iterable(terms.neighbours)]
        self._corpus.holders_of(asked)
        scores = self._by_words(terms, Field.TEXT)
        if titles:
            scores += TITLE_BOOST * self._by_words(terms, Field.TITLE)
        bonus = self._near(terms)
        return np.where(scores > 0, scores + bonus, 0.0).astype(np.float32)

    def holding(self, condition: Holds) -> NDArray[np.bool_]:
        """The articles that meet a condition; the texts of those that do not by their terms are read."""
        in_title = condition.place is Place.TITLE
        met = np.zeros(len(self._met), dtype=np.bool_)
        if not condition.exact:
            forms = {tuple(analyse(condition.words, name)) for name in self._corpus.analyses}
            texts = (one.title if in_title else one.text for one in self._met)
            met[:] = _with_any_in_a_row(texts, [form for form in forms if form])
        words = tuple(folded(condition.words))
        others = np.flatnonzero(~met)
        if words and len(others):
            exact = (exact_terms(article, title_only=in_title) for article in self._texts(others.tolist()))
            met[others] = _with_any_in_a_row(exact, [words])
        return met

    def holding_enough(self, terms: QueryTerms, known: Callable[[QueryWord], bool]) -> NDArray[np.bool_]:
        """The articles that hold MATCHING_SHARE of those known words that the analysis of their language keeps."""
        words = [word for word in terms.words if known(word)]
        enough = np.zeros(len(self._met), dtype=np.bool_)
        if not words:
            return enough
        places = {term: place for place, term in enumerate(_terms_of(words))}
        stands = _times([one.text for one in self._met], places) > 0
        held = np.stack([stands[:, [places[term] for term in word.terms]].any(axis=1) for word in words], axis=1)
        analyses = np.array([one.analysis for one in self._met], dtype=np.str_)
        for name in set(analyses.tolist()):
            kept = np.array([name in word.forms for word in words])
            if kept.any():
                enough |= (analyses == name) & (held[:, kept].sum(axis=1) >= enough_words(int(kept.sum())))
        return enough

    def _by_words(self, terms: QueryTerms, field: Field) -> NDArray[np.float64]:
        """What each article scores in one field. A word's terms count as much as the most common of them; the best counts."""
        places = {term: place for place, term in enumerate(_terms_of(terms.words))}
        rarities = self._corpus.rarity_of(places, field)
        texts = [one.title if field is Field.TITLE else one.text for one in self._met]
        lengths = self._title_lengths if field is Field.TITLE else self._text_lengths
        found = saturated(_times(texts, places), lengths[:, None], self._corpus.average_length(field))
        scores = np.zeros(len(texts))
        for word in terms.words:
            rarity = min(rarities[term] for term in word.terms)
            scores += word.weight * rarity * found[:, [places[term] for term in word.terms]].max(axis=1)
        return scores

    def _near(self, terms: QueryTerms) -> NDArray[np.float64]:
        """What the neighbouring words of the query that stand near each other in an article add to its score."""
        bonus = np.zeros(len(self._met))
        holders = self._corpus.holders_of([*chain.from_iterable(terms.neighbours)])
        pairs = [pair for pair in terms.neighbours if 0 < min(holders[term] for term in pair) <= MOST_NEAR]
        if not pairs:
            return bonus
        rarities = self._corpus.rarity_of([*chain.from_iterable(pairs)])
        weights = np.array([rarities[first] + rarities[second] for first, second in pairs])
        rarer_first = [holders[first] <= holders[second] for first, second in pairs]
        wanted = frozenset(chain.from_iterable(pairs))
        times = np.zeros((len(self._met), len(pairs)))
        for position, one in enumerate(self._met):
            present = wanted.intersection(one.text)
            here = [at for at, pair in enumerate(pairs) if pair[0] in present and pair[1] in present]
            if here:
                places = _places(one.text, present)
                for at in here:
                    times[position, at] = _meetings(places, *pairs[at], rarer_first=rarer_first[at])
        found = saturated(times, self._text_lengths[:, None], self._corpus.average_length(Field.TEXT))
        bonus += NEIGHBOUR_BOOST * (found @ weights)
        return bonus

    @cached_property
    def _text_lengths(self) -> NDArray[np.int64]:
        return np.array([len(one.text) for one in self._met], dtype=np.int64)

    @cached_property
    def _title_lengths(self) -> NDArray[np.int64]:
        return np.array([len(one.title) for one in self._met], dtype=np.int64)


def _terms_of(words: Iterable[QueryWord]) -> list[str]:
    """The terms of the words, each once."""
    return list(dict.fromkeys(chain.from_iterable(word.terms for word in words)))


def _times(texts: Sequence[tuple[str, ...]], places: Mapping[str, int]) -> NDArray[np.int64]:
    """Shape (texts, places): how often each text has each term. Only what is looked for is counted, which is faster."""
    found = [list(filter(places.__contains__, text)) for text in texts]
    rows = np.repeat(np.arange(len(texts)), np.array([len(one) for one in found], dtype=np.int64))
    columns = np.fromiter(map(places.__getitem__, chain.from_iterable(found)), dtype=np.int64, count=len(rows))
    shape = len(texts), len(places)
    return np.bincount(rows * len(places) + columns, minlength=shape[0] * shape[1]).reshape(shape)


def _places(text: Sequence[str], wanted: frozenset[str]) -> Mapping[str, list[int]]:
    """Where each of the terms stands."""
    places: dict[str, list[int]] = {term: [] for term in wanted}
    for place, term in enumerate(text):
        if term in places:
            places[term].append(place)
    return places


def _meetings(places: Mapping[str, list[int]], first: str, second: str, *, rarer_first: bool) -> int:
    """How often two terms stand near each other, as tantivy counts it: it walks along the more common of the two.

    Each meeting uses up what the rarer one has up to there.
    """
    befores = [place + 1 for place in places[first]]
    rare, common = (befores, places[second]) if rarer_first else (places[second], befores)
    met = used = 0
    for place in common:
        used = max(used, bisect_right(rare, place - NEIGHBOUR_SLOP - 1))
        if used < len(rare) and rare[used] <= place + NEIGHBOUR_SLOP:
            met += 1
            used = max(used + 1, bisect_right(rare, place))
    return met


def _with_any_in_a_row(texts: Iterable[Sequence[str]], phrases: Sequence[Sequence[str]]) -> NDArray[np.bool_]:
    """Which texts have the terms of any of the phrases one after another; no term has a space in it."""
    wanted = [f" {' '.join(phrase)} " for phrase in phrases]
    lines = (f" {' '.join(text)} " for text in texts)
    return np.array([any(phrase in line for phrase in wanted) for line in lines], dtype=np.bool_)
