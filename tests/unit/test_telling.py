"""The words that tell what an article is about, and the walk over the index that they ask for."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.articles import article_from_record
from indexer.engines.lexical import LexicalIndex
from indexer.engines.telling import NAME_BOOST, expected_score, telling_terms
from indexer.engines.word_scores import WordScores
from indexer.filters import Filters
from indexer.types import Article
from tests.support import NOW, record

ARTICLES = [article_from_record(record(number), now=NOW)[0] for number in range(40)]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("telling") / "lexical"
    LexicalIndex.append(folder, 0, ARTICLES)
    return LexicalIndex.open(folder)


def weights(index: LexicalIndex, article: Article, count: int = 25) -> dict[str, float]:
    terms = telling_terms(index, article, count, own_copies=0)
    return {word.forms["en"]: word.weight for word in terms.words}


def test_rare_words_tell_more_and_the_most_telling_weighs_1(index: LexicalIndex) -> None:
    found = weights(index, Article("x", "", "the ferry and the report of oslo", language="en"))
    assert found["oslo"] == 1.0
    assert found["oslo"] > found["ferri"] > found["report"] > 0


def test_a_name_weighs_twice_what_the_word_does(index: LexicalIndex) -> None:
    plain = weights(index, Article("x", "", "ferry, then from oslo ferry", language="en"))
    named = weights(index, Article("x", "", "ferry, then from Oslo ferry", language="en"))
    assert plain["ferri"] / plain["oslo"] == pytest.approx(NAME_BOOST * named["ferri"] / named["oslo"])


def test_a_word_that_only_the_article_and_its_copies_have_is_left_out(index: LexicalIndex) -> None:
    article = Article("x", "", "ferry zeppelin oslo", language="en")
    assert set(weights(index, article)) == {"ferri", "oslo"}
    holders = index.holders("oslo")
    terms = telling_terms(index, article, 25, own_copies=holders)
    assert [word.forms["en"] for word in terms.words] == ["ferri"]
    assert not telling_terms(index, Article("x", "", "", language="en"), 25, own_copies=0)


def test_an_article_scores_about_what_is_expected_of_it(index: LexicalIndex) -> None:
    for row in (0, 9, 22):
        terms = telling_terms(index, ARTICLES[row], 25, own_copies=1)
        found = float(index.score(terms, np.array([row]), titles=False)[0])
        assert expected_score(index, terms, ARTICLES[row]) == pytest.approx(found, rel=0.1)


@pytest.mark.parametrize("filters", [None, Filters(NOW), Filters(NOW, sections=("ferry",))])
def test_the_walk_finds_the_best_with_their_scores(index: LexicalIndex, filters: Filters | None) -> None:
    terms = telling_terms(index, ARTICLES[0], 25, own_copies=1)
    everything = np.arange(len(ARTICLES))
    if filters and filters.sections:
        everything = everything[::4]
    scores = index.score(terms, everything, titles=False)
    rows, found = index.search(terms, 5, filters, titles=False)
    assert found == pytest.approx(np.sort(scores)[::-1][:5], rel=1e-5)
    assert index.score(terms, rows, titles=False) == pytest.approx(found, rel=1e-5)
    assert (
        len(index.search(telling_terms(index, Article("x", "", ""), 5, own_copies=0), 5, filters, titles=False)[0]) == 0
    )


def test_scores_found_before_are_those_found_anew(index: LexicalIndex) -> None:
    terms = index.terms_of("ferry report from Oslo and the bridge report from Lima")
    rows = np.arange(len(ARTICLES))
    found, scores = index.search(terms, 7, None)
    known = WordScores(found, scores, index.near(terms))
    assert len(known.near[0])
    assert index.score(terms, rows, known=known) == pytest.approx(index.score(terms, rows), rel=1e-6)
    assert index.score(terms, found) == pytest.approx(index.score(terms, found, known=known), rel=1e-6)
