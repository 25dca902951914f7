from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from indexer.errors import QueryError
from search_api.recency import ASKED, ASKED_STRENGTH, SENSED, Recency, asked_recency, sensed_recency
from tests.support import NOW

DAY_S = 86_400
UNDATED = int(np.iinfo(np.int64).min)


def published(*days_ago: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([int(NOW.timestamp() - days * DAY_S) for days in days_ago], dtype=np.int64)


def alike(count: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.full(count, 0.5, dtype=np.float32)


def test_age_takes_half_of_the_strength_after_one_half_life_and_never_more_than_all() -> None:
    factors = Recency(0.4, 7 * DAY_S).factors(published(0, 7, 7000), NOW, UNDATED)
    assert factors.tolist() == pytest.approx([1.0, 0.8, 0.6])


def test_an_article_of_tomorrow_is_as_new_as_one_of_now_and_one_without_a_date_is_old() -> None:
    times = np.array([int((NOW + timedelta(days=1)).timestamp()), UNDATED], dtype=np.int64)
    assert Recency(0.4, DAY_S).factors(times, NOW, UNDATED).tolist() == pytest.approx([1.0, 0.6])


@pytest.mark.parametrize(
    ("setting", "seconds"), [("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600), ("1y", 31_536_000)]
)
def test_a_half_life_can_be_asked_for(setting: str, seconds: int) -> None:
    assert asked_recency(setting) == Recency(ASKED_STRENGTH, seconds)


@pytest.mark.parametrize("setting", ["7", "d", "0d", "-7d", "soon", "", "7 d"])
def test_any_other_setting_is_refused_by_its_value(setting: str) -> None:
    with pytest.raises(QueryError, match=f"recency is '{setting}'"):
        asked_recency(setting)


@pytest.mark.parametrize(
    "text", ["latest on the ferry", "what is happening in Santos", "who is ahead now", "ferry updates"]
)
def test_words_of_the_moment_strengthen_it(text: str) -> None:
    assert sensed_recency(text, alike(2), published(400, 500), NOW) == ASKED


@pytest.mark.parametrize(
    "text",
    ["history of the port", "how did the strike begin", "the 1998 flood", "first report now", "who founded the firm"],
)
def test_questions_about_the_past_are_left_alone(text: str) -> None:
    assert sensed_recency(text, alike(3), published(0, 0, 0), NOW) is None


def test_when_words_say_nothing_the_dates_of_the_best_answers_decide() -> None:
    assert sensed_recency("ferry strait", alike(10), published(0, 1, 2, *[400] * 7), NOW) == SENSED
    assert sensed_recency("ferry strait", alike(10), published(0, *[400] * 9), NOW) is None
    assert sensed_recency("ferry strait", alike(0), published(), NOW) is None
