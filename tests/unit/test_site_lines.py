from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.site_lines import LEFT_OUT, LineCount, line_key, lines_of, with_lines, without_lines
from indexer.types import Article

INVITATION = "Sign up for the morning letter, 4 minutes a day."


def article(*paragraphs: str, title: str = "Ferry crews strike") -> Article:
    return Article(id="a", title=title, body="\n\n".join(paragraphs))


def test_a_line_is_the_same_whatever_its_case_and_marks() -> None:
    assert line_key(INVITATION) == line_key("SIGN UP for the morning letter – 4 minutes a day!")
    assert line_key(INVITATION) != line_key("Sign up for the morning letter, 5 minutes a day.")
    assert line_key("… *") == 0


def test_what_a_line_shares_with_the_article_around_it_is_measured_without_its_own_repetition() -> None:
    lines = {
        line.text: line.shared
        for line in lines_of(article("Crews strike again.", INVITATION, INVITATION, "The ferry crews met."))
    }
    assert lines[INVITATION] == pytest.approx(1 / 10)  # "the" of ten words
    assert lines["Crews strike again."] == pytest.approx(2 / 3)


def test_long_paragraphs_and_texts_of_one_paragraph_have_no_lines() -> None:
    assert list(lines_of(article(INVITATION))) == []
    assert [line.text for line in lines_of(article("word " * 61, INVITATION))] == [INVITATION]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (LineCount(4, 0.0, 4), False),
        (LineCount(5, 0.5, 5), True),
        (LineCount(5, 0.5, 501), False),
        (LineCount(50, 30.0, 100), False),
    ],
    ids=["too few", "repeated", "too rare", "shares its words with the articles"],
)
def test_a_line_is_repeated_by_its_number_its_share_and_how_strange_it_is(count: LineCount, expected: bool) -> None:
    assert count.is_repeated is expected


def test_lines_taken_out_are_kept_beside_the_text() -> None:
    whole = article("First.", INVITATION, "Second.", INVITATION)
    cleaned = without_lines(whole, {line_key(INVITATION)})
    assert cleaned.body == "First.\n\nSecond."
    assert cleaned.extra[LEFT_OUT] == [{"at": 1, "text": INVITATION}, {"at": 3, "text": INVITATION}]
    assert with_lines(cleaned) == whole
    assert without_lines(cleaned, set()) == whole
    assert without_lines(cleaned, {line_key("Second.")}).body == f"First.\n\n{INVITATION}\n\n{INVITATION}"


def test_an_article_of_nothing_but_repeated_lines_stays_whole() -> None:
    whole = article(INVITATION, INVITATION)
    assert without_lines(whole, {line_key(INVITATION)}) == whole


@pytest.mark.parametrize("field", ["text", [1], [{"at": "x"}], [{"at": -1, "text": "y"}], {"at": 0}])
def test_a_field_of_another_form_is_passed_over(field: object) -> None:
    stored = Article(id="a", title="t", body="b", extra={LEFT_OUT: field})
    assert with_lines(stored).body == "b"


TEXTS = st.text(alphabet="abc ,.1", min_size=1, max_size=8).map(str.strip).filter(bool)


@given(st.lists(TEXTS, min_size=1, max_size=8), st.sets(st.integers(0, 7)))
def test_putting_lines_back_undoes_taking_them_out(paragraphs: list[str], chosen: set[int]) -> None:
    whole = article(*paragraphs)
    keys = {line_key(paragraphs[place]) for place in chosen if place < len(paragraphs)}
    assert with_lines(without_lines(whole, keys)) == whole
