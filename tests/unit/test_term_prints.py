from __future__ import annotations

import ctypes
import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.term_prints import (
    BUCKETS,
    NAME,
    NAME_WEIGHT,
    TermPrint,
    buckets_of,
    held,
    share_held,
    term_print,
    weights_of,
)
from indexer.types import Article
from tests.support import ROOT

BODY = "The pilot boat left Grimhaven before dawn. Its skipper, Oda Brekke, had seen a light that no chart of Grimhaven shows."

WORDS = ("buoy", "chart", "Dorn", "gale", "harbour", "Ilse", "keel", "lamp", "Mora", "pilot", "quay", "rope")
words = st.lists(st.sampled_from(WORDS), max_size=12)
prints = st.sets(st.tuples(st.integers(0, 40), st.booleans()), max_size=15).map(
    lambda found: np.array(
        sorted({bucket: bucket | (int(NAME) if name else 0) for bucket, name in sorted(found)}.values(), key=bucket_of),
        dtype=np.uint32,
    )
)


def bucket_of(term: int) -> int:
    return term & (BUCKETS - 1)


def article(body: str, title: str = "Light off the coast", language: str = "en") -> Article:
    return Article(id="a", title=title, body=body, language=language)


def terms_of(text: str, language: str = "en") -> list[int]:
    """The buckets of a text of its own, as a headline, where nothing is a name."""
    found: list[int] = buckets_of(term_print(article("", title=text.lower(), language=language))).tolist()
    return found


def test_a_print_is_the_same_in_every_process() -> None:
    code = (
        "from indexer.term_prints import term_print; from indexer.types import Article; "
        f"print(term_print(Article(id='a', title='Light off the coast', body={BODY!r}, language='en')).tolist())"
    )
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
        )
        assert found.stdout.strip() == str(term_print(article(BODY)).tolist())


@given(title=words, body=words)
def test_a_print_is_sorted_and_holds_each_term_of_headline_and_body_once(title: list[str], body: list[str]) -> None:
    found = term_print(article(" ".join(body), title=" ".join(title)))
    buckets = buckets_of(found)
    assert found.dtype == np.uint32
    assert np.all(buckets[1:] > buckets[:-1])
    assert buckets.tolist() == terms_of(" ".join([*title, *body]))


def test_names_are_marked_and_other_words_are_not() -> None:
    found = term_print(article(BODY))
    marked = set(buckets_of(found[(found & NAME) > 0]).tolist())
    assert marked == set(terms_of("Grimhaven Oda Brekke"))
    assert not marked & set(terms_of("pilot boat skipper light chart"))


def test_capitals_of_a_headline_mark_no_name_unless_it_is_all_there_is() -> None:
    shouting = term_print(article(BODY.replace("Grimhaven", "port"), title="Pilot Boat Leaves Grimhaven Harbour"))
    marked = set(buckets_of(shouting[(shouting & NAME) > 0]).tolist())
    assert not marked & set(terms_of("Grimhaven Harbour Boat"))
    alone = term_print(article("", title="Pilot boat leaves Grimhaven"))
    assert buckets_of(alone[(alone & NAME) > 0]).tolist() == terms_of("Grimhaven")


def test_a_text_of_stop_words_only_has_an_empty_print() -> None:
    found = term_print(article("", title="To be or not to be"))
    assert found.shape == (0,)
    assert found.dtype == np.uint32


def test_a_text_of_a_language_without_stemmer_has_a_print() -> None:
    assert len(term_print(article("قایق بادبانی در بندر انزلی لنگر انداخت", title="قایق", language="fa"))) >= 6


@given(st.lists(st.integers(0, 5000), min_size=2, max_size=20), st.integers(1, 10_000))
def test_weights_fall_with_frequency(counted: list[int], articles: int) -> None:
    counts = np.zeros(BUCKETS, dtype=np.int64)
    counts[: len(counted)] = sorted(counted)
    weights = weights_of(np.arange(len(counted), dtype=np.uint32), counts, articles)
    assert weights.dtype == np.float32
    assert np.all(weights > 0)
    assert np.all(np.diff(weights) <= 0)
    assert (weights[0] > weights[-1]) == (min(counted) < max(counted))


def test_a_name_weighs_more_than_another_word_as_rare() -> None:
    counts = np.zeros(BUCKETS, dtype=np.int64)
    word, name = weights_of(np.array([7, 8 | NAME], dtype=np.uint32), counts, 100)
    assert name == NAME_WEIGHT * word


@given(prints, st.lists(prints, max_size=6))
def test_held_says_what_sets_would(terms: TermPrint, others: list[TermPrint]) -> None:
    found = held(terms, others)
    wanted = [[bucket in set(buckets_of(other).tolist()) for bucket in buckets_of(terms).tolist()] for other in others]
    assert found.shape == (len(others), len(terms))
    assert found.tolist() == wanted


class Stack(ctypes.Structure):
    """As much of the stack as products of small matrices use."""

    _fields_ = (("words", ctypes.c_uint32 * 16384),)


SIGNALLING_NAN = 0x7F800001
"""The bits of a number in single precision that no sum may read without a warning."""


def test_no_share_is_made_of_what_the_stack_happens_to_hold() -> None:
    """By OpenBLAS 0.3.31 it is, on a processor with AVX-512."""
    absolute = ctypes.CDLL(None).abs
    absolute.argtypes = [ctypes.c_int, Stack]
    left_behind = Stack((ctypes.c_uint32 * 16384)(*[SIGNALLING_NAN] * 16384))
    rng = np.random.default_rng(5)
    for terms in range(1, 20):
        for others in (1, 2, 3, 6, 7, 24, 40):
            found = rng.random((others, terms)) < 0.3
            weights = rng.random(terms, dtype=np.float32)
            absolute(-1, left_behind)  # it is passed by value, so its words lie on the stack from here on
            shares = share_held(found, weights)
            assert shares.dtype == np.float32
            assert np.allclose(
                shares, np.where(found, weights, 0).sum(axis=1, dtype=np.float64) / weights.sum(), atol=1e-6
            )


def test_others_of_nothing_hold_no_share() -> None:
    assert share_held(np.zeros((3, 0), dtype=np.bool_), np.zeros(0, dtype=np.float32)).tolist() == [0, 0, 0]
