from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.stories import MEANING, SECTION, TIME, WORDS, YEAR, belonging, closeness, likeness, story_id_from

shares = st.floats(0, 1, width=32)
signals = st.tuples(st.floats(-1, 1, width=32), shares, st.floats(0, 2000, width=32), st.booleans())


def days(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


def like(cosine: float, shared: float, apart: float | None, same_section: bool | None) -> float:
    found = likeness(
        days(cosine),
        days(shared),
        None if apart is None else days(apart),
        None if same_section is None else np.array([same_section]),
    )
    assert found.dtype == np.float32
    assert found.shape == (1,)
    return float(found[0])


@given(st.lists(st.floats(-2000, 2000, width=32), min_size=2, max_size=20))
def test_closeness_falls_with_the_days_between(apart: list[float]) -> None:
    ordered = sorted(apart, key=abs)
    found = closeness(days(*ordered))
    assert np.all((found >= 0) & (found <= 1))
    assert np.all(np.diff(found) <= 1e-6)
    assert found.tolist() == closeness(-days(*ordered)).tolist()


def test_closeness_is_one_on_the_same_moment_and_nothing_from_a_year_on() -> None:
    found = closeness(days(0, YEAR - 1, YEAR, YEAR + 1, 4000))
    assert found[0] == 1
    assert found[1] > 0
    assert found[2:].tolist() == pytest.approx([0, 0, 0], abs=1e-6)


@given(signals)
def test_likeness_is_a_share(signal: tuple[float, float, float, bool]) -> None:
    assert 0 <= like(*signal) <= 1 + 1e-6


@given(signals, st.integers(0, 3), st.floats(0, 1, width=32))
def test_likeness_grows_with_each_signal(signal: tuple[float, float, float, bool], which: int, more: float) -> None:
    cosine, shared, apart, same_section = signal
    better = [
        (max(cosine, more), shared, apart, same_section),
        (cosine, max(shared, more), apart, same_section),
        (cosine, shared, min(apart, more * 100), same_section),
        (cosine, shared, apart, True),
    ][which]
    assert like(*better) >= like(*signal) - 1e-6


def test_likeness_of_all_signals_is_one_and_of_none_nothing() -> None:
    assert like(1, 1, 0, True) == pytest.approx(1)
    assert like(0, 0, YEAR, False) == pytest.approx(0, abs=1e-6)
    assert like(-1, 0, None, None) == 0


def test_an_unknown_signal_is_left_out_and_the_others_count_for_more() -> None:
    assert like(1, 1, None, None) == pytest.approx(1)
    assert like(1, 1, 0, None) == pytest.approx(1)
    assert like(1, 1, None, True) == pytest.approx(1)
    assert like(1, 0, None, None) == pytest.approx(MEANING / (MEANING + WORDS))
    assert like(1, 0, YEAR, None) == pytest.approx(MEANING / (MEANING + WORDS + TIME), abs=1e-6)
    assert like(0, 0, None, True) == pytest.approx(SECTION / (MEANING + WORDS + SECTION))


@given(st.lists(shares, min_size=1, max_size=20))
def test_belonging_lies_between_the_mean_and_the_likest(alike: list[float]) -> None:
    found = belonging(days(*alike))
    assert np.mean(alike) - 1e-6 <= found <= max(alike) + 1e-6


def test_one_alike_does_not_make_an_article_belong_as_much_as_many() -> None:
    assert belonging(days(0.9, 0.1, 0.1, 0.1)) < belonging(days(0.7, 0.7, 0.7, 0.7))


@given(st.lists(st.tuples(st.text(max_size=5), st.integers(0, 3)), unique=True, min_size=2, max_size=10))
def test_story_ids_are_16_hex_digits_that_differ_by_article_and_attempt(begun: list[tuple[str, int]]) -> None:
    ids = [story_id_from(*one) for one in begun]
    assert len(set(ids)) == len(begun)
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in ids)
    assert ids == [story_id_from(*one) for one in begun]
