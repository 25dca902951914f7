from __future__ import annotations

from indexer.engines.analysis import QueryTerms
from indexer.types import Article
from search_api.snippets import MAX_CHARS, best_snippet, sentence_snippet


def asked(text: str) -> QueryTerms:
    return QueryTerms.of_query(text, ("en", "fa", "folded"))


BODY = (
    "The council met on Monday. It heard a report about buses. "
    + "Nothing was decided. " * 20
    + "Two ferries collided off Mwanza, he said."
)


def test_the_snippet_holds_the_sentence_with_the_words_asked_for() -> None:
    article = Article(id="a", title="T", body=BODY, language="en")
    snippet = best_snippet(article, 0, (0, len(BODY)), asked("ferry collision at Mwanza"))
    assert "ferries collided off Mwanza" in snippet.text
    assert {"ferries", "Mwanza"} <= {snippet.text[start:end] for start, end in snippet.spans}
    assert len(snippet.text) <= MAX_CHARS + 1


def test_other_forms_of_a_word_are_marked_in_english_and_the_word_itself_elsewhere() -> None:
    english = Article(id="a", title="", body="The ferries sailed.", language="en")
    snippet = best_snippet(english, 0, (0, len(english.body)), asked("ferry"))
    assert [snippet.text[start:end] for start, end in snippet.spans] == ["ferries"]
    persian = Article(id="b", title="", body="زلزله کرمانشاه را لرزاند.", language="fa")
    snippet = best_snippet(persian, 0, (0, len(persian.body)), asked("زلزله"))
    assert [snippet.text[start:end] for start, end in snippet.spans] == ["زلزله"]


def test_words_without_meaning_are_not_marked_in_english() -> None:
    article = Article(id="a", title="", body="The ferry left in the fog.", language="en")
    snippet = best_snippet(article, 0, (0, len(article.body)), asked("why did the ferry sink in fog"))
    assert [snippet.text[start:end] for start, end in snippet.spans] == ["ferry", "fog"]


def test_an_article_without_body_shows_its_summary() -> None:
    article = Article(id="a", title="T", body="", summary="In short.")
    assert best_snippet(article, 0, (0, 0), asked("x")).text == "In short."


def test_a_sentence_found_by_meaning_is_marked_as_a_whole() -> None:
    body = "The council met.  It heard a\nreport. Nothing was decided."
    article = Article(id="a", title="", body=body, language="en")
    snippet = sentence_snippet(article, 0, (0, len(body)), 1)
    assert snippet.text == "It heard a report. Nothing was decided."
    assert [snippet.text[start:end] for start, end in snippet.spans] == ["It heard a report."]
