"""Articles that a search elsewhere met, scored by their words as `LexicalIndex` scores its own. Pure but for the asking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from indexer.engines.analysis import QueryTerms, QueryWord, analyse, folded
from indexer.engines.corpus_words import AskedWords, Field
from indexer.engines.term_counts import Pair, TermCounts, having_in_a_row
from indexer.engines.terms import Terms, exact_terms
from indexer.engines.word_weights import MOST_NEAR, NEIGHBOUR_BOOST, TITLE_BOOST, enough_words, saturated
from indexer.filters import Holds, Place
from indexer.types import Article, Scores

Texts = Callable[[Sequence[int]], Sequence[Article]]
"""The articles at these positions, in their order."""


class MetWords:
    """The words of met articles; every answer is aligned with them.

    Of their terms, `exact` and `exact_title` are not used: where an exact phrase is looked for, they are made from `texts`.
    """

    def __init__(self, met: Sequence[Terms], corpus: AskedWords, texts: Texts) -> None:
        self._bodies = [one.text for one in met]
        self._titles = [one.title for one in met]
        self._analyses = np.array([one.analysis for one in met], dtype=np.str_)
        self._corpus = corpus
        self._texts = texts

    def __len__(self) -> int:
        return len(self._bodies)

    def scores(self, terms: QueryTerms, *, titles: bool = True) -> Scores:
        """BM25 of each article, with what neighbouring words add; 0 where no word occurs."""
        asked = [*_terms_of(terms.words), *chain.from_iterable(terms.neighbours)]
        self._corpus.holders_of(asked)
        counted = TermCounts.of(self._bodies, asked)
        scores = self._by_words(terms, counted, Field.TEXT)
        if titles:
            in_titles = TermCounts.of(self._titles, _terms_of(terms.words))
            scores += TITLE_BOOST * self._by_words(terms, in_titles, Field.TITLE)
        return np.where(scores > 0, scores + self._near(terms, counted), 0.0).astype(np.float32)

    def holding(self, condition: Holds) -> NDArray[np.bool_]:
        """The articles that meet a condition; the texts of those that do not by their terms are read."""
        in_title = condition.place is Place.TITLE
        met = np.zeros(len(self), dtype=np.bool_)
        if not condition.exact:
            forms = {tuple(analyse(condition.words, name)) for name in self._corpus.analyses}
            met = having_in_a_row(self._titles if in_title else self._bodies, filter(None, forms))
        words = folded(condition.words)
        others = np.flatnonzero(~met)
        if words and len(others):
            exact = (exact_terms(article, title_only=in_title) for article in self._texts(others.tolist()))
            met[others] = having_in_a_row(exact, [words])
        return met

    def holding_enough(self, terms: QueryTerms, known: Callable[[QueryWord], bool]) -> NDArray[np.bool_]:
        """The articles that hold MATCHING_SHARE of those known words that the analysis of their language keeps."""
        words = [word for word in terms.words if known(word)]
        counted = TermCounts.of(self._bodies, _terms_of(words))
        held = np.zeros((len(words), len(self)), dtype=np.bool_)
        for place, word in enumerate(words):
            held[place] = counted.times_of(word.terms).any(axis=1)
        enough = np.zeros(len(self), dtype=np.bool_)
        for name in set(self._analyses.tolist()):
            kept = np.array([name in word.forms for word in words], dtype=np.bool_)
            if kept.any():
                enough |= (self._analyses == name) & (held[kept].sum(axis=0) >= enough_words(int(kept.sum())))
        return enough

    def _by_words(self, terms: QueryTerms, counted: TermCounts, field: Field) -> NDArray[np.float64]:
        """What each article scores in one field. A word's terms count as much as the most common of them; the best counts."""
        asked = _terms_of(terms.words)
        rarities = self._corpus.rarity_of(asked, field)
        found = saturated(counted.times, _lengths(counted), self._corpus.average_length(field))
        scores = np.zeros(len(self))
        for word in terms.words:
            rarity = min(rarities[term] for term in word.terms)
            columns = [counted.column[term] for term in word.terms]
            scores += word.weight * rarity * found[:, columns].max(axis=1)
        return scores

    def _near(self, terms: QueryTerms, counted: TermCounts) -> NDArray[np.float64]:
        """What the neighbouring words of the query that stand near each other in an article add to its score."""
        holders = self._corpus.holders_of([*chain.from_iterable(terms.neighbours)])
        pairs = [
            Pair(first, second, rarer_first=holders[first] <= holders[second])
            for first, second in terms.neighbours
            if 0 < min(holders[first], holders[second]) <= MOST_NEAR
        ]
        rarities = self._corpus.rarity_of(holders)
        weights = np.array([rarities[pair.first] + rarities[pair.second] for pair in pairs])
        found = saturated(counted.meetings(pairs), _lengths(counted), self._corpus.average_length(Field.TEXT))
        bonus: NDArray[np.float64] = NEIGHBOUR_BOOST * (found @ weights)
        return bonus


def _terms_of(words: Iterable[QueryWord]) -> list[str]:
    """The terms of the words, each once."""
    return list(dict.fromkeys(chain.from_iterable(word.terms for word in words)))


def _lengths(counted: TermCounts) -> NDArray[np.int64]:
    """Shape (texts, 1): how many terms each text has."""
    return np.array([len(text) for text in counted.texts], dtype=np.int64)[:, None]
