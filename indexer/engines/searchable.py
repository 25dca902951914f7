"""What a search asks of an engine at one moment: the protocol between Dateline's ranking and where articles are kept.

Engines find; fusing, recency, copies, stories, related articles and pages are decided above them, alike for all. Filters are a
typed tree (`indexer.filters`) that each engine compiles for itself. A row is a number that stands for an article as long as one
`Searchable` lives: an engine in this process has all articles as rows, one elsewhere those that it was asked for so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from indexer.engines.analysis import QueryTerms
from indexer.engines.columns import Columns, Mask
from indexer.engines.telling import CountedWords
from indexer.engines.word_scores import WordScores
from indexer.filters import Condition, Fact, Filters
from indexer.types import Embeddings, Rows, Scores, Vector


class Words(CountedWords, Protocol):
    """The lexical arm."""

    def terms_of(self, text: str) -> QueryTerms:
        """A typed query's words, in every analysis that there are texts of."""
        ...

    def score(self, terms: QueryTerms, rows: Rows, *, titles: bool = True, known: WordScores | None = None) -> Scores:
        """BM25 of each article, in the order of `rows`, with what neighbouring words add; 0 where no word occurs.

        `known` is what was found of the same words before.
        """
        ...

    def near(self, terms: QueryTerms) -> tuple[Rows, Scores]:
        """Articles in which neighbouring words of the query stand near each other, and what that adds to the score of each."""
        ...

    def full_marks(self, terms: QueryTerms, now: datetime) -> Mapping[str, float]:
        """For each analysis, what a text of it would score that holds every known word of the query without end."""
        ...

    def rows_where(self, condition: Condition, most: int | None = None) -> Rows:
        """The articles that meet a condition, or any `most` of them, in no order; hidden ones may be among them.

        Where words are only scored, of those proposed: a few hundred, none of them hidden.
        """
        ...

    def rarities(self, words: Sequence[str]) -> Scores:
        """How rare each word is; 0 for one that is passed over everywhere."""
        ...

    def holds(self, word: str, now: datetime) -> bool:
        """Whether an article that readers may see has the word, or another form of it."""
        ...

    def common_words(self, prefix: str, letters: tuple[int, int], least: int) -> Mapping[str, int]:
        """Words (folded) that begin so and stand in at least `least` articles, and in how many each; `letters` is how many the
        wanted ones have, at least and at most, and others may be among them."""
        ...

    def names(self, fact: Fact, prefix: str) -> Sequence[str]:
        """Values of a field (casefolded) that begin so, the most common first."""
        ...

    def titles_with(self, words: list[str], count: int, filters: Filters) -> Rows:
        """The newest articles whose headline has these folded words in a row, the last perhaps unfinished."""
        ...


class Searchable(Protocol):
    """Everything searchable at one moment, for any number of threads."""

    @property
    def columns(self) -> Columns:
        """The facts of each row; rows that are met later are appended."""
        ...

    @property
    def lexical(self) -> Words: ...

    @property
    def words_missing(self) -> str | None:
        """Why words cannot propose articles here, though they are scored by them; None where they can."""
        ...

    def __len__(self) -> int:
        """How many articles there are, hidden ones among them."""
        ...

    def prepare(self, filters: Filters) -> None:
        """Work out what the filters mean here, so that what is asked with them next need not."""
        ...

    def allows(self, filters: Filters, rows: Rows) -> Mask:
        """Which of these rows the filters let through, aligned with them."""
        ...

    def count(self, filters: Filters) -> int:
        """How many articles the filters let through."""
        ...

    def by_date(self, filters: Filters, count: int | None, *, newest: bool) -> tuple[Rows, bool]:
        """The newest (or oldest) articles that the filters let through, undated ones last, and whether these are all; None
        asks for as many as the engine gives."""
        ...

    def published_since(self, filters: Filters, start_s: float) -> Rows:
        """The articles that the filters let through and that are dated from a moment on (seconds since 1970), in no order."""
        ...

    def nearest(self, vector: Vector, count: int, filters: Filters) -> tuple[Rows, int]:
        """The articles of the `count` chunks most similar to a vector, each once and in order of rows, and how many chunks
        were found."""
        ...

    def alike(self, vector: Vector, least: float, filters: Filters) -> tuple[Rows, bool]:
        """Every article that has a chunk whose similarity is above `least`, and whether none is left out."""
        ...

    def by_words(self, terms: QueryTerms, count: int, filters: Filters, *, titles: bool = True) -> tuple[Rows, Scores]:
        """The `count` best articles that hold any of the words, best first, by words alone and not their nearness."""
        ...

    def dated_by_words(self, terms: QueryTerms, count: int, filters: Filters, *, newest: bool) -> tuple[Rows, bool]:
        """The `count` newest (or oldest) articles that hold enough of the words, undated ones last, and whether the engine
        could look at all."""
        ...

    def chunk_similarities(self, query: Vector, article_rows: Rows) -> tuple[Rows, Rows, Scores]:
        """Every chunk of the articles: its row, the position of its article in `article_rows`, its similarity."""
        ...

    def article_similarities(self, query: Vector, article_rows: Rows) -> Scores:
        """Cosine similarity of a vector to each article's."""
        ...

    def article_vectors(self, rows: Rows) -> Embeddings:
        """Shape (rows, dimension): the mean of each article's chunk embeddings, of unit length (zero without chunks)."""
        ...

    def row_of(self, seq: int) -> int | None:
        """The row of an article, by its number in the archive."""
        ...

    def rows_of(self, seqs: Iterable[int]) -> Rows:
        """The rows of those of the articles that are there, in the order given."""
        ...

    def rows_of_groups(self, groups: Rows) -> Rows:
        """The articles of some text groups, hidden ones among them."""
        ...

    def story_members(self, stories: Sequence[int], now: datetime) -> Rows:
        """The articles of some stories that readers may see, in no order; copies of one text are all among them."""
        ...

    def visible(self, rows: Rows, now: datetime) -> Rows:
        """Those of the rows that are live and that readers may see."""
        ...

    def sections(self, filters: Filters) -> list[str]:
        """The sections of the articles that the filters let through, in alphabetical order, each in one spelling."""
        ...

    def spelled(self, fact: Fact, value: str, filters: Filters) -> str | None:
        """A value as an article that the filters let through writes it; None when none has it."""
        ...
