"""A corpus's words are asked for once each, several at a time, and are as rare as the index has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.articles import article_from_record
from indexer.engines.corpus_words import AskedWords, Field
from indexer.engines.lexical import LexicalIndex
from indexer.engines.met_words import MetWords
from indexer.engines.telling import expected_score, telling_terms
from indexer.engines.terms import terms_of
from indexer.engines.word_weights import inverse_frequency
from tests.counted_words import CountedWords
from tests.support import NOW, record

ARTICLES = [article_from_record(record(number), now=NOW)[0] for number in range(40)]
TERMS = [terms_of(article) for article in ARTICLES]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder: Path = tmp_path_factory.mktemp("corpus") / "lexical"
    LexicalIndex.append(folder, 0, ARTICLES)
    return LexicalIndex.open(folder)


@pytest.fixture
def counted() -> CountedWords:
    return CountedWords(TERMS)


@pytest.fixture
def asked(counted: CountedWords, index: LexicalIndex) -> AskedWords:
    return AskedWords(counted, index.analyses)


def test_words_are_as_rare_as_the_index_has_them(index: LexicalIndex, asked: AskedWords) -> None:
    for term in ("ferri", "oslo", "report", "zebra"):
        assert asked.holders(term) == index.holders(term)
        assert asked.rarity(term) == index.rarity(term)
        assert asked.rarity(term, Field.TITLE) == index.rarity(term, "title")
    assert asked.size == index.size
    typed = ["Ferry", "the", "Oslo rates", "zebra"]
    assert asked.rarities(typed).tolist() == index.rarities(typed).tolist()
    assert asked.rarities([]).shape == (0,)


def test_what_tells_of_an_article_is_the_same_and_asked_for_at_once(
    index: LexicalIndex, counted: CountedWords, asked: AskedWords
) -> None:
    for row in (0, 9, 22):
        counted.asked.clear()
        terms = telling_terms(asked, ARTICLES[row], 25, own_copies=1)
        assert terms == telling_terms(index, ARTICLES[row], 25, own_copies=1)
        assert expected_score(asked, terms, ARTICLES[row]) == expected_score(index, terms, ARTICLES[row])
        assert len(counted.asked) <= 1


def test_a_question_asks_once_for_each_field_and_never_again(counted: CountedWords, asked: AskedWords) -> None:
    terms = asked.terms_of("ferry report from Oslo and the bridge report from Lima")
    met = MetWords(TERMS, asked, lambda positions: [ARTICLES[position] for position in positions])
    first = met.scores(terms)
    assert [field for field, _ in counted.asked] == [Field.TEXT, Field.TITLE]
    assert met.scores(terms).tolist() == first.tolist()
    asked.full_marks(terms, lambda _: True)
    assert len(counted.asked) == 2


def test_holders_counted_after_the_articles_leave_a_word_its_rarity() -> None:
    assert 0 < inverse_frequency(40, 43) < inverse_frequency(40, 39)
