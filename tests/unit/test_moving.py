from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from indexer.errors import QueryError
from search_api.moving import asked_window, movement

DAY_S = 86_400.0
WEEK = timedelta(days=7)


def scores(ages_days: list[float], story: list[int], sources: list[int]) -> list[float]:
    places, counts = np.array(story, dtype=np.int64), np.array(sources, dtype=np.int64)
    found: list[float] = movement(np.array(ages_days) * DAY_S, places, counts, WEEK).tolist()
    return found


def test_a_text_counts_half_as_much_after_a_quarter_of_the_window_and_a_sixteenth_after_all() -> None:
    assert scores([0, 1.75, 7], [0, 1, 2], [1, 1, 1]) == pytest.approx([1, 0.5, 1 / 16])


def test_texts_add_up_and_sources_multiply_by_their_logarithm() -> None:
    once, twice, spread = scores([0, 0, 0, 0, 0], [0, 1, 1, 2, 2], [1, 1, 2])
    assert twice == pytest.approx(2 * once)
    assert spread == pytest.approx(twice * (1 + np.log(2)))


def test_no_source_counts_as_one_and_what_is_dated_later_than_now_as_new() -> None:
    assert scores([-3], [0], [0]) == pytest.approx([1])
    assert scores([], [], []) == []


@pytest.mark.parametrize(("setting", "days"), [("24h", 1), ("7d", 7), ("4w", 28), ("1y", 365)])
def test_a_window_is_a_length_of_time(setting: str, days: int) -> None:
    assert asked_window(setting) == timedelta(days=days)


@pytest.mark.parametrize("setting", ["7", "0d", "-7d", "auto", "off", "", "7 d", "7m"])
def test_any_other_window_is_refused_by_its_value(setting: str) -> None:
    with pytest.raises(QueryError, match=f"window is '{setting}'"):
        asked_window(setting)
