"""Any text at all is read: what is required was typed, and without an operator nothing is changed."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from indexer.filters import Holds
from search_api.query_language import read_query
from search_api.time_words import read_time_words

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
PIECES = (
    '"', "“", "”", "„", "«", "»", "-", "(", ")", "..", " ", " OR ", " AND ", "title:", "section:", "ſection:", "date:",
    "2026-03", "9999", "until:", "ferry", "boat", "\u0000", "\u202e", "🚢", ",", "قنات",
)  # fmt: skip
TIMES = (
    "last ", "past ", "two ", "3 ", "weeks ", "ago ", "since ", "between ", "and ", "in ", "May ", "march ", "Q1 ", "2024 ",
    "1900", "2027", "-", "today", "'s ", "yeſterday ", "the ", "30 ", "February ", "999 years ", "(", ")", ", ",
)  # fmt: skip

texts = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)
times = st.text() | st.lists(st.sampled_from(TIMES), max_size=12).map("".join)


@given(typed=texts)
def test_any_text_is_read(typed: str) -> None:
    query = read_query(typed)
    line = " ".join(typed.split())
    assert query.text == " ".join(query.text.split())
    if not (query.require or query.exclude or "AND" in typed):
        assert query.text == line
    for condition in (*query.exclude, *(one for group in query.require for one in group)):
        if isinstance(condition, Holds):
            assert condition.words in line
            assert any(letter.isalnum() for letter in condition.words)
    assert all(query.require)
    assert all(phrase in query.text for phrase in query.phrases)


@given(words=st.lists(st.from_regex(r"[a-z0-9]+(?:[-'][a-z]+)?[,.?]?", fullmatch=True)))
def test_plain_words_come_through_unchanged(words: list[str]) -> None:
    query = read_query("  ".join(words))
    assert (query.text, query.require, query.exclude) == (" ".join(words), (), ())


@given(text=times)
def test_time_words_are_part_of_the_text_and_name_a_time_that_has_begun(text: str) -> None:
    found = read_time_words(text, NOW)
    if found is None:
        return
    line = " ".join(text.split())
    assert found.words in line
    assert found.rest == " ".join(found.rest.split())
    assert found.rest == line or len(found.rest) <= len(line) - len(found.words)
    assert found.start or found.past
    assert (found.start or found.past or NOW) <= NOW
    assert found.start is None or found.past is None or found.start < found.past
