"""Texts and terms in the fields of Milvus: what goes in comes out, in characters that no analyser parts."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.milvus.pieces import PIECE_BYTES, decoded, encoded, joined, packed, parted, unpacked
from indexer.engines.terms import BREAK

analyser = import_module("milvus_lite.analyzer.standard").StandardAnalyzer()

TERMS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.just(BREAK)
HARD = [
    "zz",
    "zzdc3a9",
    "Ünï",
    "don't",
    "a_b",
    "İ",
    "ß",
    "ﬁ",
    "ۀ",
    "क्षि",
    "東京",
    "½",
    "²",
    "x\u200cy",
    "¶¶",
    " ",
    "\n",
    "-",
]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_packed_text_comes_back_whole(text: str) -> None:
    assert unpacked(packed(text)) == text


def test_pieces_are_ascii_and_below_the_limit_in_bytes() -> None:
    text = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(200_000))
    pieces = packed(text)
    assert len(pieces) > 1
    assert all(piece.isascii() and len(piece) <= PIECE_BYTES for piece in pieces)
    assert unpacked(pieces) == text


@pytest.mark.parametrize("pieces", [[], ["AAAA"], ["AAA"], [packed("whole" * 99)[0][:20]]])
def test_pieces_that_are_not_whole_are_said_to_be_damaged(pieces: list[str]) -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpacked(pieces)


@given(st.lists(TERMS))
def test_terms_come_back_with_their_breaks(terms: list[str]) -> None:
    assert parted(joined(terms)) == tuple(terms)


@given(st.lists(TERMS | st.sampled_from(HARD)))
def test_an_analyser_finds_the_words_as_they_were_encoded_and_nothing_of_a_break(terms: list[str]) -> None:
    words = [encoded(term) for term in terms if term != BREAK]
    assert analyser.tokenize(joined(terms)) == words
    assert joined(terms).split() == words
    assert [decoded(word) for word in words] == [term for term in terms if term != BREAK]


@given(TERMS, TERMS)
def test_different_terms_are_different_words(one: str, other: str) -> None:
    assert (encoded(one) == encoded(other)) == (one == other)


def test_words_past_the_limit_are_left_out_whole() -> None:
    assert parted(joined(["ab", "é", "cd"], most_bytes=6)) == ("ab", "é")
    assert parted(joined(["ab", "é", "cd"], most_bytes=5)) == ("ab",)
    assert len(joined(["слово"] * 50_000).encode()) <= 65_000
