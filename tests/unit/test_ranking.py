from __future__ import annotations

import numpy as np
import pytest

from search_api.ranking import (
    Candidates,
    blend,
    by_date,
    canonical,
    capped,
    copies_of,
    diversified,
    first_of_each,
    with_recency,
)

UNDATED = int(np.iinfo(np.int64).min)


def candidates(cosine: list[float], bm25: list[float], published: list[int] | None = None) -> Candidates:
    count = len(cosine)
    near, words = np.array(cosine, dtype=np.float32), np.array(bm25, dtype=np.float32)
    times = np.array(published or [0] * count, dtype=np.int64)
    return Candidates(np.arange(count), near, near, words, np.full(count, 10.0, dtype=np.float32), times)


def test_the_score_is_the_convex_combination_of_its_parts() -> None:
    ranked = blend(candidates([0.2, 0.8, 0.4], [10.0, 0.0, 5.0]), 0.25)
    assert ranked.score == pytest.approx(0.25 * ranked.dense + 0.75 * ranked.lexical)
    assert ranked.rows.tolist() == [0, 2, 1]


def test_scores_stay_between_zero_and_one() -> None:
    ranked = blend(candidates([-0.3, 1.0, 0.5], [0.0, 19.0, 3.0]), 0.6)
    assert ranked.score.min() >= 0
    assert ranked.score.max() <= 1


def test_a_score_does_not_depend_on_the_other_candidates() -> None:
    alone = blend(candidates([0.4], [3.0]), 0.5)
    among = blend(candidates([0.4, 0.9, 0.1], [3.0, 9.0, 1.0]), 0.5)
    assert alone.score[0] == among.score[among.rows == 0][0]


def test_without_any_common_word_the_lexical_part_is_zero() -> None:
    assert blend(candidates([0.5, 0.4, 0.3], [0.0, 0.0, 0.0]), 0.5).lexical.tolist() == [0, 0, 0]


def test_ties_go_to_the_newer_article_and_undated_ones_last() -> None:
    assert blend(candidates([0.5, 0.5, 0.5], [1.0, 1.0, 1.0], [UNDATED, 100, 200]), 0.5).rows.tolist() == [2, 1, 0]


def test_recency_multiplies_and_orders_anew() -> None:
    found = candidates([0.5, 0.6], [0.0, 0.0], [200, 100])
    ranked = blend(found, 1.0)
    assert ranked.rows.tolist() == [1, 0]
    newer = with_recency(ranked, np.array([0.5, 1.0], dtype=np.float32), found.published[ranked.candidate])
    assert newer.rows.tolist() == [0, 1]
    assert newer.score == pytest.approx(newer.blend * newer.recency)


@pytest.mark.parametrize(("newest", "expected"), [(True, [2, 1, 0]), (False, [1, 2, 0])])
def test_an_order_by_date_puts_undated_articles_last(newest: bool, expected: list[int]) -> None:
    found = candidates([0.9, 0.1, 0.2], [0.0, 0.0, 0.0], [UNDATED, 100, 200])
    ranked = blend(found, 1.0)
    assert by_date(ranked, found.published[ranked.candidate], UNDATED, newest=newest).rows.tolist() == expected


def test_copies_are_folded_into_the_best_ranked() -> None:
    keys = np.array([7, 8, 7, 9, 8])
    assert first_of_each(keys).tolist() == [0, 1, 3]
    assert copies_of(keys, 0).tolist() == [2]
    assert copies_of(keys, 3).tolist() == []


def standing(published: list[int], length: list[int], texts: list[int] | None = None) -> list[int]:
    """For each article, the place of the one that stands for it; rows count down, so that ties go to the last."""
    count = len(published)
    places = canonical(
        np.array(texts or [1] * count),
        np.arange(count)[::-1],
        np.array(published, dtype=np.int64),
        np.array(length, dtype=np.int32),
        undated=UNDATED,
    )
    return [int(place) for place in places]


@pytest.mark.parametrize(
    ("published", "length", "place"),
    [
        ([300, 100, 200], [50, 50, 50], 1),
        ([300, 100, 200], [100, 20, 80], 2),
        ([300, 100, 200], [100, 20, 79], 0),
        ([UNDATED, 100, 200], [50, 50, 50], 1),
        ([UNDATED, 100], [100, 20], 0),
        ([100, 100, 100], [50, 50, 50], 2),
        ([UNDATED, UNDATED], [0, 0], 1),
        ([100], [0], 0),
    ],
    ids=["earliest", "long enough", "too short", "dated", "full text without a date", "tie", "all alike", "alone"],
)
def test_the_earliest_full_text_stands_for_its_copies(published: list[int], length: list[int], place: int) -> None:
    assert standing(published, length) == [place] * len(published)


def test_each_text_is_stood_for_by_a_copy_of_its_own() -> None:
    assert standing([300, 100, 200, 50], [9, 90, 9, 90], texts=[7, 8, 7, 8]) == [2, 3, 2, 3]
    assert standing([], []) == []


def test_diversity_sets_alike_results_apart_and_none_leaves_the_order() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    scores = np.array([0.9, 0.89, 0.5], dtype=np.float32)
    assert diversified(scores, vectors, 0.0).tolist() == [0, 1, 2]
    assert diversified(scores, vectors, 0.5).tolist() == [0, 2, 1]


def test_a_source_comes_at_most_so_often_and_those_without_one_always() -> None:
    assert capped([1, 1, -1, 2, 1, -1], 1).tolist() == [0, 2, 3, 5]
    assert capped([1, 1, -1, 2, 1, -1], 2).tolist() == [0, 1, 2, 3, 5]
