"""The score of related articles: bounded, absolute, and neutral about what is not known."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.stories import closeness
from search_api.related_ranking import (
    UNKNOWN,
    WEIGHTS,
    Signals,
    alike,
    expanded,
    room_to_explain,
    score,
    shared_words,
    unit,
)

shares = st.floats(0, 1, width=32)


def signals(**given: float) -> Signals:
    """One article's signals; what is not given is not known, content is 0."""
    values = {"dense": 0.0, "lexical": 0.0} | given
    return Signals(
        **{field.name: np.array([values.get(field.name, UNKNOWN)], dtype=np.float32) for field in fields(Signals)}
    )


def scored(**given: float) -> float:
    return float(score(signals(**given))[0])


@given(shares, shares, st.dictionaries(st.sampled_from(["section", "time", "story", "length"]), shares))
def test_a_score_is_in_0_to_1_and_no_signal_lowers_it_by_rising(
    dense: float, lexical: float, context: dict[str, float]
) -> None:
    given_signals = {"dense": dense, "lexical": lexical, **context}
    found = scored(**given_signals)
    assert 0 <= found <= 1
    for name in given_signals:
        assert scored(**{**given_signals, name: 1.0}) >= found - 1e-6


@given(shares, shares)
def test_content_alone_is_the_score_when_nothing_else_is_known(dense: float, lexical: float) -> None:
    assert scored(dense=dense, lexical=lexical) == pytest.approx((dense + lexical) / 2, abs=1e-6)


def test_full_marks_in_everything_are_1_and_nothing_in_common_is_0() -> None:
    assert scored(dense=1, lexical=1, section=1, time=1, story=1) == pytest.approx(1)
    assert scored(section=1, time=1, story=1) == 0


def test_the_same_day_and_section_do_not_make_two_subjects_related() -> None:
    unlike = scored(dense=0.08, lexical=0.02, section=1, time=1)
    alike_and_late = scored(dense=0.5, lexical=0.3, section=0, time=0.1)
    assert unlike < alike_and_late / 2


def test_an_article_without_context_is_between_one_with_good_and_one_with_bad_context() -> None:
    good = scored(dense=0.5, lexical=0.4, section=1, time=1)
    bad = scored(dense=0.5, lexical=0.4, section=0, time=0)
    assert bad < scored(dense=0.5, lexical=0.4) < good


def test_length_counts_only_where_it_is_weighed() -> None:
    long, short = signals(dense=0.5, lexical=0.5, length=1.0), signals(dense=0.5, lexical=0.5, length=0.0)
    assert score(long)[0] == score(short)[0]
    weighed = replace(WEIGHTS, length=0.2)
    assert score(long, weighed)[0] > score(short, weighed)[0]


def test_closeness_in_time_falls_from_1_to_0_over_a_year_and_does_not_know_unknown_dates() -> None:
    found = closeness(np.array([0, 1, 7, 30, 365, 5000, np.nan], dtype=np.float32))
    assert found[0] == 1
    assert np.all(np.diff(found[:5]) < 0)
    assert np.allclose(found[4:6], 0, atol=1e-6)
    assert np.isnan(found[6])


def test_words_in_common_are_a_share_of_full_marks() -> None:
    found = shared_words(np.array([0, 5, 10, 20], dtype=np.float32), 10)
    assert found[0] == 0
    assert 0.5 < found[1] < found[2] == found[3] == 1
    assert not shared_words(np.array([3], dtype=np.float32), 0).any()


def test_a_longer_body_has_more_room_to_explain_up_to_an_end() -> None:
    found = room_to_explain(np.array([0, 600, 2000, 6000, 90_000], dtype=np.int32))
    assert found[0] == found[1] == 0
    assert 0 < found[2] < found[3] == found[4] == 1


def test_a_fact_is_unknown_where_either_side_has_none() -> None:
    values = np.array([-1, 3, 4], dtype=np.int32)
    assert np.isnan(alike(values, None, -1)).all()
    found = alike(values, np.array([3]), -1)
    assert np.isnan(found[0])
    assert found[1:].tolist() == [1, 0]


def test_a_vector_moves_towards_its_neighbours_and_more_towards_the_nearer() -> None:
    vector = np.array([1, 0, 0], dtype=np.float32)
    neighbours = np.array([unit(np.array([2, 1, 0], dtype=np.float32)), unit(np.array([1, 0, 2], dtype=np.float32))])
    moved = expanded(vector, neighbours, 1.0)
    assert np.linalg.norm(moved) == pytest.approx(1)
    assert moved[1] > 0
    assert np.array_equal(expanded(vector, neighbours, 0.0), vector)
    assert np.array_equal(expanded(vector, neighbours[:0], 1.0), vector)
    assert not unit(np.zeros(3, dtype=np.float32)).any()
