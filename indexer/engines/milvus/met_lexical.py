"""The lexical arm over Milvus: its BM25 proposes articles, what they score is worked out from their terms."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import numpy as np

from indexer.engines.analysis import QueryTerms, QueryWord, folded
from indexer.engines.columns import NO_TIME, Mask
from indexer.engines.corpus_words import AskedWords, Field
from indexer.engines.met_words import MetWords
from indexer.engines.milvus.keys import Kind
from indexer.engines.milvus.met_rows import MetRows
from indexer.engines.milvus.serving import Serving
from indexer.engines.word_scores import WordScores
from indexer.engines.word_weights import RARE
from indexer.filters import Condition, Fact, Filters, Holds
from indexer.records import stored_article
from indexer.types import Article, Rows, Scores

PHRASE_PROPOSALS = 500
"""How many articles are looked through for words in a row."""

WORD_PROPOSALS = 30
"""How many are looked through for a single word, of which it is only asked whether some hold it."""

ENDINGS = 20
"""How many words an unfinished one is completed to, the most common first."""

TITLES_READ = 100
"""How many headlines are read for those with words in a row."""

MOST_NAMES = 3
_MOST_WORDS = 16_000
_KINDS = {Fact.SECTION: Kind.SECTION, Fact.SOURCE: Kind.SOURCE, Fact.AUTHOR: Kind.AUTHOR, Fact.TAG: Kind.TAG}

Propose: TypeAlias = Callable[[QueryTerms, int, Filters], Rows]
"""The articles that words propose: at most so many of those that the filters let through, best first."""


class MetLexical:
    """`searchable.Words` over the articles that a question met, with the statistics of all."""

    def __init__(self, serving: Serving, rows: MetRows, propose: Propose) -> None:
        self._serving = serving
        self._store = serving.store
        self._rows = rows
        self._propose = propose
        self._asked = AskedWords(serving, serving.analyses)

    @property
    def size(self) -> int:
        return self._asked.size

    def holders_of(self, terms: Collection[str]) -> Mapping[str, int]:
        return self._asked.holders_of(terms)

    def rarity_of(self, terms: Collection[str]) -> Mapping[str, float]:
        return self._asked.rarity_of(terms)

    def terms_of(self, text: str) -> QueryTerms:
        return self._asked.terms_of(text)

    def score(self, terms: QueryTerms, rows: Rows, *, titles: bool = True, known: WordScores | None = None) -> Scores:
        """What is `known` is worked out again: from terms that are here already, it takes no longer."""
        del known
        if not terms or not len(rows):
            return np.zeros(len(rows), dtype=np.float32)
        return self._words(rows).scores(terms, titles=titles)

    def near(self, terms: QueryTerms) -> tuple[Rows, Scores]:
        """Nothing: `score` has it in it."""
        del terms
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)

    def full_marks(self, terms: QueryTerms, now: datetime) -> Mapping[str, float]:
        return self._asked.full_marks(terms, lambda word: self._knows(word, now))

    def holding(self, condition: Holds, rows: Rows) -> Mask:
        """Which of the rows hold words in a row, aligned with them."""
        return self._words(rows).holding(condition) if len(rows) else np.zeros(0, dtype=np.bool_)

    def holding_enough(self, terms: QueryTerms, rows: Rows, now: datetime) -> Mask:
        """Which of the rows hold enough of the words to be an answer where answers are ordered by date."""
        if not len(rows):
            return np.zeros(0, dtype=np.bool_)
        return self._words(rows).holding_enough(terms, lambda word: self._knows(word, now))

    def rows_where(self, condition: Condition, most: int | None = None) -> Rows:
        assert isinstance(condition, Holds), "other conditions are decided by columns"
        terms = self.terms_of(condition.words)
        several = len(condition.words.split()) > 1
        rows = self._proposed(terms, PHRASE_PROPOSALS if several else WORD_PROPOSALS, Filters(datetime.now(UTC)))
        return rows[self.holding(condition, rows)][:most]

    def rarities(self, words: Sequence[str]) -> Scores:
        return self._asked.rarities(words)

    def holds(self, word: str, now: datetime) -> bool:
        """A word that every analysis keeps and that no visible text has is not there, whatever a hidden one says.

        Of one that some pass over, being common, RARE holders are enough; of one that all do, which names nobody, a single one.
        """
        words = self.terms_of(word).words
        if any(self._knows(found, now) for found in words):
            return True
        kept = {name for found in words for name in found.forms}
        if kept.issuperset(self._asked.analyses):
            return False
        forms = folded(word)
        holders = min(self._asked.holders_of(forms, Field.EXACT).values(), default=0)
        if holders >= RARE or not words:
            return holders > 0
        return holders > 0 and len(self.rows_where(Holds(word, exact=True))) > 0

    def common_words(self, prefix: str, letters: tuple[int, int], least: int) -> Mapping[str, int]:
        generation = self._serving.generation
        found = self._store.beginning(generation, Kind.EXACT, prefix, letters=letters, limit=_MOST_WORDS)
        return {word: holders for word, holders in found if holders >= least}

    def names(self, fact: Fact, prefix: str) -> Sequence[str]:
        if fact not in _KINDS:
            return ()
        return list(self._store.names(self._serving.generation, _KINDS[fact], prefix, MOST_NAMES))

    def titles_with(self, words: list[str], count: int, filters: Filters) -> Rows:
        *whole, last = words
        endings = self._store.beginning(self._serving.generation, Kind.EXACT, last, letters=None, limit=ENDINGS)
        completed = dict.fromkeys([last, *(word for word, _ in endings)])
        terms = self.terms_of(" ".join([*whole, *completed]))
        rows = self._proposed(terms, PHRASE_PROPOSALS, filters)
        rows = self._newest_first(rows)[:TITLES_READ]
        titles = (f" {' '.join(folded(article.title))}" for article in self._articles(rows))
        phrase = f" {' '.join(words)}"
        return rows[np.array([phrase in title for title in titles], dtype=np.bool_)][:count]

    def _newest_first(self, rows: Rows) -> Rows:
        """Undated ones last; of one date, the lower seq comes first."""
        view = self._rows.view
        times = view.published[rows]
        ordered: Rows = rows[np.lexsort((view.seq[rows], -times, times == NO_TIME))]
        return ordered

    def _proposed(self, terms: QueryTerms, count: int, filters: Filters) -> Rows:
        if not terms or self._store.capabilities.missing:
            return np.empty(0, dtype=np.int64)
        return self._propose(terms, count, filters)

    def _knows(self, word: QueryWord, now: datetime) -> bool:
        """Whether an article that readers may see has the word: a rare one is looked up, so that none tells of a hidden one."""
        holders = sum(self._asked.holders_of(word.terms).values())
        if holders == 0 or holders >= RARE or self._store.capabilities.missing:
            return holders > 0
        return bool(len(self._proposed(QueryTerms((word,)), 1, Filters(now))))

    def _words(self, rows: Rows) -> MetWords:
        def texts(positions: Sequence[int]) -> Sequence[Article]:
            return self._articles(rows[list(positions)])

        return MetWords(self._rows.terms(rows), self._asked, texts)

    def _articles(self, rows: Rows) -> list[Article]:
        """The articles of rows; an empty one for what is gone by now."""
        kept = self._rows.records(rows)
        return [stored_article(record) if record else Article("gone", "", "") for record in kept]
