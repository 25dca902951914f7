"""The words that tell what an article is about, as a query for others like it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from math import log
from typing import Protocol

from indexer.engines.analysis import QueryTerms, QueryWord, analyse, analysis_of, named_terms
from indexer.engines.word_weights import BM25_K1
from indexer.types import Article

RARITY_POWER = 1.5
"""How much more a rare word tells of an article than a common one; docs/relevance.md has the figures."""

NAME_BOOST = 2.0
"""What a word written as a name weighs against another one."""


class CountedWords(Protocol):
    """How common the words of the text are in an index; several are asked for at once, since it may be far away."""

    @property
    def size(self) -> int:
        """How many articles it holds."""

    def holders_of(self, terms: Collection[str]) -> Mapping[str, int]:
        """In how many articles each of the terms stands."""

    def rarity_of(self, terms: Collection[str]) -> Mapping[str, float]:
        """BM25's inverse document frequency of each of the terms."""


def telling_terms(index: CountedWords, article: Article, count: int, *, own_copies: int) -> QueryTerms:
    """The words that set an article apart, for use as a query, the most telling first and of weight 1.

    A word weighs (1 + ln tf) * idf^RARITY_POWER, NAME_BOOST times as much where it is written as a name; the headline
    counts twice in tf. Words that no other article has are left out: they can match nothing. `own_copies` is how many
    articles of the index have the same text, itself among them.
    """
    analysis = analysis_of(article.language)
    frequency = Counter(analyse(f"{article.title}\n{article.title}\n{article.body}", analysis))
    names = named_terms(article.body or article.title, analysis)
    total = max(1, index.size)
    scored = []
    for word, holders in index.holders_of([word for word in frequency if len(word) > 1]).items():
        if holders > own_copies:
            weight = (1 + log(frequency[word])) * log(1 + total / holders) ** RARITY_POWER
            scored.append((weight * (NAME_BOOST if word in names else 1.0), word))
    best = sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:count]
    top = best[0][0] if best else 1.0
    return QueryTerms(tuple(QueryWord({analysis: word}, weight / top) for weight, word in best))


def expected_score(index: CountedWords, terms: QueryTerms, article: Article) -> float:
    """The BM25 score of its text alone that an article would have for the terms, were it of average length."""
    analyses = {name for word in terms.words for name in word.forms}
    frequency = {name: Counter(analyse(f"{article.title}\n{article.body}", name)) for name in analyses}
    rarities = index.rarity_of({term for word in terms.words for term in word.terms})
    score = 0.0
    for word in terms.words:
        times = max(frequency[name][term] for name, term in word.forms.items())
        rarity = min(rarities[term] for term in word.terms)
        score += word.weight * rarity * times * (BM25_K1 + 1) / (times + BM25_K1)
    return score
