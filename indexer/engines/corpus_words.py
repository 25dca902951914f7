"""What is known of the words of a whole corpus that is kept elsewhere, asked for once each. Pure but for the asking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import numpy as np

from indexer.engines.analysis import QueryTerms, QueryWord
from indexer.engines.word_weights import BM25_K1, inverse_frequency
from indexer.types import Scores


class Field(StrEnum):
    """Which of an article's terms are counted: `Terms.text`, `Terms.title` or `Terms.exact`."""

    TEXT = "text"
    TITLE = "title"
    EXACT = "exact"


class CorpusWords(Protocol):
    """The words of the whole corpus, counted."""

    @property
    def articles(self) -> int:
        """Articles as BM25 counts them."""

    def average_length(self, field: Field) -> float:
        """The mean number of terms of the field, BREAK among them, over all articles; those without any count as well."""

    def holders(self, field: Field, terms: Collection[str]) -> Mapping[str, int]:
        """In how many articles each of the terms stands; an unknown one is 0 or missing."""


class AskedWords:
    """A corpus's words for one question: what was asked of them is remembered, and several are asked for at once."""

    def __init__(self, corpus: CorpusWords, analyses: tuple[str, ...]) -> None:
        self.analyses = analyses
        """The analyses that the corpus's texts got: what a query's words must be looked up by."""
        self._corpus = corpus
        self._holders: dict[Field, dict[str, int]] = defaultdict(dict)

    @property
    def size(self) -> int:
        """How many articles the corpus has, as BM25 counts them."""
        return self._corpus.articles

    def average_length(self, field: Field) -> float:
        """The mean number of terms of the field over all articles."""
        return self._corpus.average_length(field)

    def terms_of(self, text: str) -> QueryTerms:
        """A typed query's words, in every analysis that the corpus has texts of."""
        return QueryTerms.of_query(text, self.analyses)

    def holders_of(self, terms: Collection[str], field: Field = Field.TEXT) -> Mapping[str, int]:
        """In how many articles each of several terms stands."""
        known = self._holders[field]
        asked = [term for term in dict.fromkeys(terms) if term not in known]
        if asked:
            found = self._corpus.holders(field, asked)
            known |= {term: found.get(term, 0) for term in asked}
        return {term: known[term] for term in terms}

    def holders(self, term: str) -> int:
        """In how many articles a term stands."""
        return self.holders_of([term])[term]

    def rarity_of(self, terms: Collection[str], field: Field = Field.TEXT) -> Mapping[str, float]:
        """BM25's inverse document frequency of each of several terms."""
        articles = self.size
        return {term: inverse_frequency(articles, holders) for term, holders in self.holders_of(terms, field).items()}

    def rarity(self, term: str, field: Field = Field.TEXT) -> float:
        """BM25's inverse document frequency of a term."""
        return self.rarity_of([term], field)[term]

    def full_marks(self, terms: QueryTerms, known: Callable[[QueryWord], bool]) -> dict[str, float]:
        """For each analysis, what a text of it would score that holds every word of the query without end.

        Words that are not `known` (that no text has which readers may see) are left out, so that a misspelt one does not lower
        every article alike.
        """
        rarities = self.rarity_of([term for word in terms.words for term in word.terms])
        marks = [
            (word, word.weight * min(rarities[term] for term in word.terms) * (BM25_K1 + 1))
            for word in terms.words
            if known(word)
        ]
        return {name: sum(mark for word, mark in marks if name in word.forms) for name in self.analyses}

    def rarities(self, words: Sequence[str]) -> Scores:
        """How rare each word is among the articles (inverse document frequency); 0 for one that is passed over everywhere."""
        found = [self.terms_of(word).words for word in words]
        rarities = self.rarity_of([term for forms in found for form in forms for term in form.terms])
        rarest = [max((min(rarities[term] for term in form.terms) for form in forms), default=0.0) for forms in found]
        return np.array(rarest, dtype=np.float32)
