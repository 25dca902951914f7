"""Filters as expressions of Milvus, and the keys that stand in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.milvus.expressions import NEVER, All, Not, OneOf, Some, begun, expression, keyed, literal, written
from indexer.engines.milvus.keys import MOST_BYTES, Key, Kind, compared, identity, word_key, word_prefix
from indexer.filters import Condition, Fact, Filters, Holds, Is, Published

NOW = datetime.fromtimestamp(1_000, UTC)
EARLIER = datetime.fromtimestamp(500, UTC)
SEEN = "usable == true and embargoed <= 1000"
ANY_TEXT = st.text(st.characters())


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(NOW), SEEN),
        (Filters(NOW, sections=("World", "Ünï")), f'{SEEN} and section_key in ["world", "ünï"]'),
        (Filters(NOW, sections=("World", "WORLD")), f'{SEEN} and section_key in ["world"]'),
        (Filters(NOW, languages=("EN",)), f'{SEEN} and array_contains_any(language_keys, ["en"])'),
        (Filters(NOW, authors=("A",), tags=("b",)),
         f'{SEEN} and array_contains_any(author_keys, ["a"]) and array_contains_any(tag_keys, ["b"])'),
        (Filters(NOW, exclude_sources=("Wire",)), f'{SEEN} and not (source_key in ["wire"])'),
        (Filters(NOW, sources=("",)), f"{SEEN} and version < -1"),
        (Filters(NOW, exclude_sources=("",)), f"{SEEN} and not (version < -1)"),
        (Filters(NOW, published_from=EARLIER), f"{SEEN} and published >= 500"),
        (Filters(NOW, published_before=NOW), f"{SEEN} and (published >= -62135596800 and published < 1000)"),
        (Filters(NOW, as_of=EARLIER), f"{SEEN} and published <= 500 and embargoed <= 500 and known_from <= 500"),
        (Filters(NOW, require=((Is(Fact.TAG, "a"), Is(Fact.SOURCE, "b")), (Published(EARLIER),))),
         f'{SEEN} and (array_contains_any(tag_keys, ["a"]) or source_key in ["b"]) and published >= 500'),
        (Filters(NOW, exclude=(Published(EARLIER, NOW),)), f"{SEEN} and not (published >= 500 and published < 1000)"),
    ],
)  # fmt: skip
def test_filters_are_written_so(filters: Filters, expected: str) -> None:
    assert (expression(filters).text, expression(filters).is_exact) == (expected, True)


@pytest.mark.parametrize(
    ("require", "exclude"),
    [
        ([(Holds("ferry"),)], ()),
        ([(Is(Fact.TAG, "a"), Holds("ferry"))], ()),
        ([], [Holds("ferry", exact=True)]),
    ],
)
def test_what_asks_for_words_lets_all_through_and_says_so(
    require: list[tuple[Condition, ...]], exclude: list[Condition]
) -> None:
    made = expression(Filters(NOW, require=tuple(require), exclude=tuple(exclude)))
    assert (made.text, made.is_exact) == (SEEN, False)


def test_a_condition_beside_one_for_words_still_holds() -> None:
    filters = Filters(NOW, require=((Holds("ferry"),), (Is(Fact.SOURCE, "Wire"),)), exclude=(Is(Fact.TAG, "a"),))
    assert (
        expression(filters).text == f'{SEEN} and source_key in ["wire"] and not (array_contains_any(tag_keys, ["a"]))'
    )


def test_trees_of_nothing_hold_always_or_never() -> None:
    assert written(Some(())) == written(OneOf("seq", ())) == written(NEVER) == "version < -1"
    assert written(All(())) == written(Not(NEVER)) == "not (version < -1)"


def test_keys_are_looked_up_as_numbers_and_as_texts() -> None:
    assert keyed(Key.STORY, [5, 7]) == "story in [5, 7]"
    assert keyed(Key.ID, ["a", "B"]) == 'id_key in ["a", "B"]'
    assert keyed(Key.STORY_ID, []) == "version < -1"
    with pytest.raises(ValueError, match="1 or seq > 0"):
        keyed(Key.SEQ, ["1 or seq > 0"])


@pytest.mark.parametrize("text", ['"', "\\", "a\nb", "\0", "\ud800", 'x" or seq > 0 or "', "é" * MOST_BYTES])
def test_a_text_that_could_end_a_literal_or_is_too_long_stands_for_itself_as_a_digest(text: str) -> None:
    assert identity(text).startswith("sha256:")
    with pytest.raises(ValueError, match=r"keys\.identity"):
        literal(text)


@given(ANY_TEXT)
def test_what_is_compared_needs_no_escape_and_fits(text: str) -> None:
    for key in (identity(text), compared(text)):
        assert not set(key) & set('"\\\n\r\0')
        assert len(key.encode()) <= MOST_BYTES
        assert literal(key) == f'"{key}"'


@given(ANY_TEXT, ANY_TEXT)
def test_texts_that_differ_have_different_keys(one: str, other: str) -> None:
    assert (identity(one) == identity(other)) == (one == other)
    assert (compared(one) == compared(other)) == (one.casefold() == other.casefold())
    assert (word_key(Kind.TEXT, one) == word_key(Kind.TEXT, other)) == (one == other)


@given(st.text("ab%_~é\\\"'", max_size=6), st.text("ab%_~é\\\"'", max_size=6))
def test_a_key_begins_as_its_word_begins_and_has_no_wildcard(word: str, prefix: str) -> None:
    key, start = word_key(Kind.EXACT, word), word_prefix(Kind.EXACT, prefix)
    assert key.startswith(start) == word.startswith(prefix)
    assert not set(key) & set("%_\\\"'")


def test_a_long_word_is_still_found_by_its_beginning() -> None:
    word = "é" * 10_000
    assert word_key(Kind.EXACT, word).startswith(word_prefix(Kind.EXACT, word))
    assert len(word_key(Kind.EXACT, word).encode()) < 1024
    assert word_key(Kind.EXACT, word) != word_key(Kind.EXACT, f"{word}é")


def test_counted_words_are_asked_for_by_beginning_letters_and_holders() -> None:
    assert begun(Kind.TAG, "a b", None, (1, None)) == 'word_key like "tag:a~20~b%" and holders >= 1'
    assert (
        begun(Kind.TEXT, "", (3, 4), (2, 2))
        == 'word_key like "text:%" and holders >= 2 and holders <= 2 and letters >= 3 and letters <= 4'
    )
