"""Articles met elsewhere are scored as tantivy scores its own: a real index of the same articles is the oracle."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import compress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.articles import is_visible
from indexer.engines.analysis import QueryTerms, QueryWord
from indexer.engines.corpus_words import AskedWords
from indexer.engines.lexical import LexicalIndex
from indexer.engines.met_words import MetWords
from indexer.engines.terms import Terms, terms_of
from indexer.filters import Filters, Holds, Place
from indexer.types import Article, PubStatus, Scores
from tests.counted_words import CountedWords
from tests.support import NOW

LATIN = [
    *("ferry", "ferries", "the", "The", "of", "Bank", "banks", "rate", "rates", "Oslo", "harbour", "running", "policy"),
    *("Häuser", "Haus", "über", "Münchens", "München", "laufen", "die", "und", "weather", "report", "reports"),
]
WORDS = {
    "en": LATIN,
    "de": LATIN,
    "und": LATIN,
    "fr": ["élections", "election", "élus", "les", "ville", "villes", "maire"],
    "tr": ["kitaplar", "kitap", "İstanbul", "ışık", "evlerden", "evler", "ve", "ağaç", "agac"],
    "fa": ["کتاب‌ها", "کتابها", "نفت", "قیمت", "می‌رود", "است", "خانه‌ها", "تهران"],
    "zh": ["東京", "大阪", "市長", "新聞", "選挙", "京"],
}
QUERY_WORDS = [*dict.fromkeys(word for words in WORDS.values() for word in words), "zebra", "zeppelin"]
LENGTHS = (0, 1, 3, 7, 12, 22, 23, 24, 25, 40, 41, 43, 60, 130, 500)


@dataclass(frozen=True)
class Corpus:
    """Articles in an index, and met one by one."""

    articles: Sequence[Article]
    terms: Sequence[Terms]
    index: LexicalIndex
    read: list[int]

    @classmethod
    def of(cls, folder: Path, articles: Sequence[Article]) -> Corpus:
        LexicalIndex.append(folder, 0, articles)
        return cls(articles, [terms_of(one) for one in articles], LexicalIndex.open(folder), [])

    @property
    def rows(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.arange(len(self.articles))

    @property
    def asked(self) -> AskedWords:
        return AskedWords(CountedWords(self.terms), self.index.analyses)

    @property
    def met(self) -> MetWords:
        """Their terms as an engine elsewhere gives them back."""
        kept = [replace(one, exact=(), exact_title=()) for one in self.terms]
        return MetWords(kept, self.asked, self._texts)

    def _texts(self, positions: Sequence[int]) -> list[Article]:
        self.read.extend(positions)
        return [self.articles[position] for position in positions]

    def known(self, word: QueryWord) -> bool:
        """Whether an article that readers may see has the word."""
        seen = [is_visible(one, NOW) for one in self.articles]
        return any(term in one.text for one in compress(self.terms, seen) for term in word.terms)


def invented(rng: random.Random, number: int) -> Article:
    language = rng.choice(list(WORDS))
    words = [*WORDS[language], *(f"w{rng.randrange(40)}" for _ in range(4))]
    return Article(
        str(number),
        " ".join(rng.choices(words, k=rng.choice((0, 2, 5, 9)))),
        " ".join(rng.choices(words, k=rng.choice(LENGTHS))),
        language=language,
        published_at=NOW - timedelta(days=number + 1),
        pubstatus=rng.choices(list(PubStatus), (12, 1, 1))[0],
        embargoed=NOW + timedelta(days=1) if rng.random() < 0.05 else None,
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    rng = random.Random(26)
    articles = [invented(rng, number) for number in range(200)]
    hidden = Article("h", "Zeppelin", "zeppelin over the harbour", language="en", embargoed=NOW + timedelta(days=1))
    return Corpus.of(tmp_path_factory.mktemp("met") / "lexical", [*articles, hidden])


def queries(count: int, longest: int = 9) -> list[str]:
    rng = random.Random(7)
    return [" ".join(rng.choices(QUERY_WORDS, k=rng.randint(1, longest))) for _ in range(count)]


def assert_same(found: Scores, expected: Scores) -> None:
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, rel=1e-4, abs=0)


@pytest.mark.parametrize("titles", [True, False])
def test_articles_score_what_the_index_gives_them(corpus: Corpus, titles: bool) -> None:
    met = corpus.met
    near = 0
    for query in queries(150):
        terms = corpus.index.terms_of(query)
        expected = corpus.index.score(terms, corpus.rows, titles=titles)
        assert_same(met.scores(terms, titles=titles), expected)
        near += len(corpus.index.near(terms)[0])
    assert near > 1000


def test_weighed_terms_of_one_analysis_score_alike(corpus: Corpus) -> None:
    terms = QueryTerms(
        (QueryWord({"en": "ferri"}, 1.0), QueryWord({"en": "bank"}, 0.3), QueryWord({"de": "haus"}, 2.5))
    )
    assert_same(corpus.met.scores(terms), corpus.index.score(terms, corpus.rows))


def test_no_articles_and_no_words_score_nothing(corpus: Corpus) -> None:
    terms = corpus.index.terms_of("ferry rates")
    nothing = MetWords([], corpus.asked, lambda _: [])
    assert nothing.scores(terms).shape == (0,)
    assert nothing.holding(Holds("ferry")).shape == (0,)
    assert nothing.holding_enough(terms, corpus.known).shape == (0,)
    assert not corpus.met.scores(QueryTerms()).any()
    assert not corpus.met.holding_enough(QueryTerms(), corpus.known).any()
    assert not corpus.met.holding(Holds("--")).any()


def test_lengths_count_as_the_index_keeps_them(tmp_path: Path) -> None:
    lengths = [*range(1, 150), *range(150, 3000, 37), 20_000]
    corpus = Corpus.of(tmp_path / "lexical", [Article(str(n), "", " ".join(["word"] * n)) for n in lengths])
    terms = corpus.index.terms_of("word")
    assert_same(corpus.met.scores(terms), corpus.index.score(terms, corpus.rows))


def test_articles_without_any_headline_score_alike(tmp_path: Path) -> None:
    corpus = Corpus.of(tmp_path / "lexical", [Article("a", "", "ferry to Oslo"), Article("b", "", "ferry")])
    terms = corpus.index.terms_of("ferry Oslo")
    assert_same(corpus.met.scores(terms), corpus.index.score(terms, corpus.rows))


def test_articles_that_were_replaced_count_until_they_are_merged_away(tmp_path: Path) -> None:
    rng = random.Random(3)
    articles = [invented(rng, number) for number in range(40)]
    LexicalIndex.append(tmp_path / "old", 0, articles[:30])
    index = LexicalIndex.extend(tmp_path / "old", tmp_path / "new", [2, 3, 5], list(enumerate(articles))[30:])
    counted = CountedWords([terms_of(one) for one in articles])
    rows = np.array([row for row in range(40) if row not in (2, 3, 5)])
    met = MetWords([terms_of(articles[row]) for row in rows], AskedWords(counted, index.analyses), lambda _: [])
    for query in queries(40):
        terms = replace(index.terms_of(query), neighbours=())
        assert_same(met.scores(terms), index.score(terms, rows))


def test_a_word_that_is_in_most_articles_makes_no_pair(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    terms = corpus.index.terms_of("ferry rates harbour zebra")
    for most in (0, 30, 10_000):
        monkeypatch.setattr("indexer.engines.lexical.MOST_NEAR", most)
        monkeypatch.setattr("indexer.engines.met_words.MOST_NEAR", most)
        assert_same(corpus.met.scores(terms), corpus.index.score(terms, corpus.rows))


CONDITIONS = [
    *QUERY_WORDS,
    "ferry rates",
    "the ferry",
    "rates of",
    "of the",
    "The Bank of Oslo",
    "harbour harbour",
    "Häuser die",
    "munchen",
    "kitaplar ve",
    "ISTANBUL",
    "नहीं",
    "東京大阪",
    "کتاب‌ها نفت",
    "قیمت نفت",
    "¶",
    "",
]


@pytest.mark.parametrize("place", list(Place))
@pytest.mark.parametrize("exact", [True, False])
def test_conditions_are_met_by_the_articles_that_the_index_finds(corpus: Corpus, place: Place, exact: bool) -> None:
    met = corpus.met
    found = 0
    for words in CONDITIONS:
        condition = Holds(words, place, exact=exact)
        expected = np.isin(corpus.rows, corpus.index.rows_where(condition))
        assert met.holding(condition).tolist() == expected.tolist(), words
        found += int(expected.sum())
    assert found > 200


def test_texts_are_read_only_of_articles_that_do_not_hold_the_words_by_their_terms(corpus: Corpus) -> None:
    corpus.read.clear()
    corpus.met.holding_enough(corpus.index.terms_of("ferry rates"), corpus.known)
    corpus.met.scores(corpus.index.terms_of("ferry rates"))
    corpus.met.holding(Holds("--"))
    assert corpus.read == []
    held = np.array(["ferri" in one.text for one in corpus.terms])
    corpus.met.holding(Holds("ferries"))
    assert not held[corpus.read].any()
    assert len(corpus.read) < len(corpus.articles)


def test_enough_words_are_held_by_the_articles_that_the_index_orders_by_date(corpus: Corpus) -> None:
    seen = np.array([is_visible(one, NOW) for one in corpus.articles])
    met = corpus.met
    found = 0
    for query in queries(120, longest=5):
        terms = corpus.index.terms_of(query)
        expected = corpus.index.dated(terms, len(corpus.articles), Filters(NOW), newest=True)
        enough = met.holding_enough(terms, corpus.known)
        assert np.flatnonzero(enough & seen).tolist() == sorted(expected.tolist()), query
        found += len(expected)
    assert found > 1000


def test_full_marks_are_those_of_the_index(corpus: Corpus) -> None:
    asked = corpus.asked
    for query in ["zeppelin", "zeppelin ferry", *queries(60)]:
        terms = corpus.index.terms_of(query)
        assert asked.full_marks(terms, corpus.known) == corpus.index.full_marks(terms, NOW)


words = st.sampled_from(["ferry", "ferries", "bank", "the", "rates", "Haus", "Häuser"])
texts = st.lists(words, max_size=30).map(" ".join)
corpora = st.lists(
    st.builds(
        lambda title, body, language, status: Article("x", title, body, language=language, pubstatus=status),
        st.lists(words, max_size=4).map(" ".join),
        texts,
        st.sampled_from(["en", "de", "und"]),
        st.sampled_from([PubStatus.USABLE, PubStatus.USABLE, PubStatus.WITHHELD]),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(articles=corpora, typed=st.lists(st.lists(words, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=4))
def test_any_small_corpus_scores_alike(articles: list[Article], typed: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus.of(Path(folder) / "lexical", articles)
        met = corpus.met
        for query in typed:
            terms = corpus.index.terms_of(query)
            assert_same(met.scores(terms), corpus.index.score(terms, corpus.rows))
            assert corpus.asked.full_marks(terms, corpus.known) == corpus.index.full_marks(terms, NOW)
            for condition in (Holds(query), Holds(query, exact=True), Holds(query, Place.TITLE)):
                expected = np.isin(corpus.rows, corpus.index.rows_where(condition))
                assert met.holding(condition).tolist() == expected.tolist()
