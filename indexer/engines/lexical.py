"""BM25 over headlines and bodies by tantivy, under any filter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import tantivy
from tantivy import Occur, Order, Query

from indexer.engines.analysis import FOLDED, QueryTerms, QueryWord, folded
from indexer.engines.lexical_filters import Clause, condition_query, filter_clauses
from indexer.engines.lexical_schema import EXACT, EXACT_TITLE, TEXT, TITLE, schema
from indexer.engines.lexical_writing import add_articles, linked_copy
from indexer.engines.sound_searcher import SoundSearcher
from indexer.engines.word_scores import WordScores, put
from indexer.engines.word_weights import (
    BM25_K1,
    MOST_NEAR,
    NEIGHBOUR_BOOST,
    NEIGHBOUR_SLOP,
    RARE,
    TITLE_BOOST,
    enough_words,
    inverse_frequency,
)
from indexer.filters import Condition, Fact, Filters, Holds, Published
from indexer.types import Article, Rows, Scores

MOST_WORDS = 50_000
"""How many of the most common words with one beginning are looked at for spelling."""

MOST_ENDINGS = 60
"""How many words that begin with a single letter may follow the words before it, the most common first."""

MOST_NAMES = 3  # values of a field that complete a prefix

FEW_ROWS = 1000
"""Up to so many articles are faster looked up one by one than as a set."""


class LexicalIndex:
    """An immutable tantivy index, opened for searching."""

    def __init__(self, index: Any) -> None:
        self._searcher = SoundSearcher(index.searcher())
        vocabulary = self._searcher.terms_with_prefix("analysis", "")
        self.analyses: tuple[str, ...] = tuple(sorted(name for name, _ in vocabulary)) or (FOLDED,)
        """The analyses that its texts got: what a query's words must be looked up by."""
        self._counted = sum(count for _, count in vocabulary)
        """Articles as tantivy counts them for BM25: deleted ones stay until their segment is merged."""
        self._common_words: dict[tuple[str, int], Mapping[str, int]] = {}

    @classmethod
    def append(cls, folder: Path, first_row: int, articles: Iterable[Article]) -> None:
        """Add articles to the index in a folder, which is made where there is none; the first gets the row given."""
        new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        index = tantivy.Index(schema(), path=str(folder)) if new else tantivy.Index.open(str(folder))
        add_articles(index, enumerate(articles, first_row), dead_rows=())

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        return cls(tantivy.Index.open(str(folder)))

    @classmethod
    def extend(
        cls, base: Path, folder: Path, dead_rows: Iterable[int], new: Iterable[tuple[int, Article]]
    ) -> LexicalIndex:
        """A copy of the index at `base`, without the dead rows and with the new ones, in `folder` (made if missing).

        Segment files never change, so they are linked, not copied; word statistics span old and new rows.
        """
        if not folder.exists():
            linked_copy(base, folder)
        index = tantivy.Index.open(str(folder))
        add_articles(index, new, dead_rows)
        return cls(index)

    @property
    def size(self) -> int:
        """How many articles it holds."""
        return self._searcher.num_docs

    def terms_of(self, text: str) -> QueryTerms:
        """A typed query's words, in every analysis that the index holds texts of."""
        return QueryTerms.of_query(text, self.analyses)

    def search(
        self,
        terms: QueryTerms,
        count: int,
        filters: Filters | None,
        without: Rows | None = None,
        *,
        titles: bool = True,
    ) -> tuple[Rows, Scores]:
        """The `count` best articles that hold any of the words, best first; words alone count, not their nearness.

        None of the rows `without` is among them. Without filters the walk passes over most of the index and takes a fraction of
        the time, and articles that readers may not see are among them.
        """
        if not terms:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        words = self._weighed(terms, titles)
        if filters is None:
            return self._run(words, count)
        return self._run([(Occur.Must, Query.boolean_query(words)), *self._conditions(filters, without)], count)

    def score(self, terms: QueryTerms, rows: Rows, *, titles: bool = True, known: WordScores | None = None) -> Scores:
        """BM25 of each of these article rows, in their order, with what neighbouring words add; 0 where no word occurs.

        `known` is what was found of the same words before.
        """
        scores = np.zeros(len(rows), dtype=np.float32)
        if not len(rows) or not terms:
            return scores
        is_known = put(scores, rows, known.rows, known.scores) if known else np.zeros(len(rows), dtype=np.bool_)
        if not is_known.all():
            among = Query.const_score_query(_among(rows[~is_known]), 0.0)
            words = Query.boolean_query(self._weighed(terms, titles))
            put(scores, rows, *self._run([(Occur.Must, words), (Occur.Must, among)], len(rows)))
        bonus = np.zeros(len(rows), dtype=np.float32)
        put(bonus, rows, *(known.near if known else self.near(terms)))
        return np.where(scores > 0, scores + bonus, scores)

    def near(self, terms: QueryTerms) -> tuple[Rows, Scores]:
        """Every article in which two neighbouring words of the query stand near each other, and what that adds to its score."""
        pairs = [pair for pair in terms.neighbours if 0 < min(map(self.holders, pair)) <= MOST_NEAR]
        if not pairs:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        holders = sum(min(map(self.holders, pair)) for pair in pairs)
        return self._run([(Occur.Should, _near(*pair)) for pair in pairs], holders)

    def full_marks(self, terms: QueryTerms, now: datetime) -> dict[str, float]:
        """For each analysis, what a text of it would score that holds every word of the query without end.

        Words that no text has which readers may see are left out, so that a misspelt one does not lower every article alike.
        """
        known = [(word, min(map(self.rarity, word.terms))) for word in terms.words if self._knows(word, now)]
        return {
            name: sum(word.weight * rarity * (BM25_K1 + 1) for word, rarity in known if name in word.forms)
            for name in self.analyses
        }

    def dated(
        self, terms: QueryTerms, count: int, filters: Filters, without: Rows | None = None, *, newest: bool
    ) -> Rows:
        """The `count` newest (or oldest) articles that hold enough of the words, undated ones last.

        Enough is MATCHING_SHARE of the words that the analysis of the article's language keeps, and that some article has.
        None of the rows `without` is among them.
        """
        known = [word for word in terms.words if self._knows(word, filters.now)]
        enough = [query for name in self.analyses if (query := self._enough(known, name)) is not None]
        if not enough:
            return np.empty(0, dtype=np.int64)
        wanted = Query.boolean_query([(Occur.Should, query) for query in enough])
        clauses = [(Occur.Must, wanted), *self._conditions(filters, without)]
        if newest:
            return self._by_date(clauses, count, Order.Desc)
        dated = self._by_date([*clauses, (Occur.Must, condition_query(Published(), self.analyses))], count, Order.Asc)
        undated = self._by_date(
            [*clauses, (Occur.MustNot, condition_query(Published(), self.analyses))], count, Order.Asc
        )
        return np.concatenate([dated, undated])[:count]

    def _by_date(self, clauses: Sequence[Clause], count: int, order: Any) -> Rows:
        options = {"limit": count, "count": False, "order_by_field": "published", "order": order}
        return self._rows_of(self._searcher.search(Query.boolean_query(list(clauses)), **options).hits)

    def _enough(self, words: Sequence[QueryWord], analysis: str) -> Any:
        """Articles of one analysis that hold enough of the words; None when it keeps none of them."""
        kept = [(Occur.Should, self._word_query(word)) for word in words if analysis in word.forms]
        if not kept:
            return None
        of_language = Query.term_query(schema(), "analysis", analysis, index_option="basic")
        held = Query.boolean_query(kept, minimum_number_should_match=enough_words(len(kept)))
        return Query.boolean_query([(Occur.Must, of_language), (Occur.Must, held)])

    def rows_where(self, condition: Condition, most: int | None = None) -> Rows:
        """Every article row that meets a condition, or any `most` of them, in no order."""
        query = Query.const_score_query(condition_query(condition, self.analyses), 0.0)
        return self._rows_of(
            self._searcher.search(query, limit=max(1, self.size if most is None else most), count=False).hits
        )

    def rarities(self, words: Sequence[str]) -> Scores:
        """How rare each word is among the articles (inverse document frequency); 0 for one that is passed over everywhere."""
        found = [self.terms_of(word).words for word in words]
        rarest = [max((min(map(self.rarity, form.terms)) for form in forms), default=0.0) for forms in found]
        return np.array(rarest, dtype=np.float32)

    def holds(self, word: str, now: datetime) -> bool:
        """Whether an article that readers may see has the word, or another form of it; a word passed over counts as well.

        What RARE articles or more have is known, whether or not one of them may be seen.
        """
        if any(self._knows(found, now) for found in self.terms_of(word).words):
            return True
        forms = folded(word)
        if len(forms) == 1 and self._searcher.doc_freq(EXACT, forms[0]) >= RARE:
            return True
        clauses = [
            (Occur.Must, condition_query(Holds(word, exact=True), self.analyses)),
            *self._conditions(Filters(now)),
        ]
        return bool(self._searcher.search(Query.boolean_query(clauses), limit=1, count=False).hits)

    def common_words(self, prefix: str, letters: tuple[int, int], least: int) -> Mapping[str, int]:
        """Words (folded) that begin so and stand in at least `least` articles, and in how many, whatever their `letters`.

        They are kept: reading the dictionary takes far longer than comparing what is found.
        """
        del letters
        kept = self._common_words.get((prefix, least))
        if kept is None:
            words = self._searcher.terms_with_prefix(EXACT, prefix, limit=MOST_WORDS)
            kept = {word: holders for word, holders in words if holders >= least}
            if kept:  # else any letter that somebody types would take its place
                self._common_words[prefix, least] = kept
        return kept

    def names(self, fact: Fact, prefix: str) -> list[str]:
        """Values of a field (casefolded) that begin so, the most common first."""
        return [name for name, _ in self._searcher.terms_with_prefix(fact.value, prefix, limit=MOST_NAMES)]

    def titles_with(self, words: list[str], count: int, filters: Filters) -> Rows:
        """The newest articles whose headline has these folded words in a row, the last perhaps unfinished."""
        fitting = self._title_begins(words)
        return self._by_date([(Occur.Must, fitting), *self._conditions(filters)], count, Order.Desc)

    def _title_begins(self, words: list[str]) -> Any:
        """tantivy's own phrase_prefix_query looks at the first few dozen endings only; a single letter has too many for all."""
        *whole, last = words
        if not whole:
            return Query.phrase_prefix_query(schema(), EXACT_TITLE, words)
        if len(last) > 1:
            return Query.regex_phrase_query(schema(), EXACT_TITLE, [*whole, f"{last}.*"])
        endings = self._searcher.terms_with_prefix(EXACT_TITLE, last, limit=MOST_ENDINGS)
        phrases = (Query.phrase_query(schema(), EXACT_TITLE, [*whole, ending]) for ending, _ in endings)
        return Query.boolean_query([(Occur.Should, phrase) for phrase in phrases])

    def holders(self, term: str) -> int:
        """In how many articles a term stands."""
        return self._searcher.doc_freq(TEXT, term)

    def holders_of(self, terms: Collection[str]) -> Mapping[str, int]:
        """In how many articles each of several terms stands."""
        return {term: self.holders(term) for term in terms}

    def _knows(self, word: QueryWord, now: datetime) -> bool:
        """Whether an article that readers may see has the word: a rare one is looked up, so that none tells of a hidden one."""
        holders = sum(self._searcher.doc_freq(TEXT, term) for term in word.terms)
        if holders == 0 or holders >= RARE:
            return holders > 0
        clauses = [(Occur.Must, self._word_query(word)), *self._conditions(Filters(now))]
        return bool(self._searcher.search(Query.boolean_query(clauses), limit=1, count=False).hits)

    def rarity(self, term: str, field: str = TEXT) -> float:
        """BM25's inverse document frequency, as tantivy has it."""
        return inverse_frequency(self._counted, self._searcher.doc_freq(field, term))

    def rarity_of(self, terms: Collection[str]) -> Mapping[str, float]:
        """The rarity of each of several terms."""
        return {term: self.rarity(term) for term in terms}

    def _conditions(self, filters: Filters, without: Rows | None = None) -> list[Clause]:
        clauses = filter_clauses(filters, self.analyses)
        if without is not None and len(without):
            clauses.append((Occur.MustNot, Query.term_set_query(schema(), "row", without.tolist())))
        return clauses

    def _weighed(self, terms: QueryTerms, titles: bool) -> list[Clause]:
        """One clause for each word in each field."""
        fields = {TEXT: 1.0, TITLE: TITLE_BOOST} if titles else {TEXT: 1.0}
        return [
            (Occur.Should, Query.boost_query(self._word_query(word, field), word.weight * boost))
            for word in terms.words
            for field, boost in fields.items()
        ]

    def _word_query(self, word: QueryWord, field: str = TEXT) -> Any:
        """Any of the word's terms; each counts as much as the most common of them, so that no analysis is preferred."""
        found = [Query.term_query(schema(), field, term, index_option="freq") for term in word.terms]
        if len(found) == 1:
            return found[0]
        rarity = [self.rarity(term, field) for term in word.terms]
        boosts = [min(rarity) / one for one in rarity]
        return Query.disjunction_max_query([Query.boost_query(*pair) for pair in zip(found, boosts, strict=True)])

    def _run(self, clauses: Sequence[Clause], count: int) -> tuple[Rows, Scores]:
        hits = self._searcher.search(Query.boolean_query(list(clauses)), limit=max(1, count), count=False).hits
        return self._rows_of(hits), np.array([score for score, _ in hits], dtype=np.float32)

    def _rows_of(self, hits: Sequence[tuple[Any, Any]]) -> Rows:
        return np.array(self._searcher.fast_field_values("row", [address for _, address in hits]), dtype=np.int64)


def _among(rows: Rows) -> Any:
    """The articles of these rows."""
    if len(rows) > FEW_ROWS:
        return Query.term_set_query(schema(), "row", rows.tolist())
    one_by_one = (Query.term_query(schema(), "row", row, index_option="basic") for row in rows.tolist())
    return Query.boolean_query([(Occur.Should, query) for query in one_by_one])


def _near(first: str, second: str) -> Any:
    return Query.boost_query(Query.phrase_query(schema(), TEXT, [first, second], slop=NEIGHBOUR_SLOP), NEIGHBOUR_BOOST)
