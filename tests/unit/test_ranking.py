from __future__ import annotations

import numpy as np
import pytest

from search_api.ranking import Candidates, best_scores, blend, fold_duplicates


def candidates(dense: list[float], lexical: list[float]) -> Candidates:
    rows = np.arange(len(dense), dtype=np.int64)
    return Candidates(rows, np.array(dense, dtype=np.float32), np.array(lexical, dtype=np.float32))


UNDATED = np.zeros(3, dtype=np.int64)


def test_the_score_is_the_convex_combination_of_its_parts() -> None:
    found = candidates([0.2, 0.8, 0.4], [10.0, 0.0, 5.0])
    ranked = blend(found, 0.25, best_scores(found), UNDATED)
    assert ranked.score == pytest.approx(0.25 * ranked.dense + 0.75 * ranked.lexical)
    assert ranked.rows.tolist() == [0, 2, 1]


def test_scores_stay_between_zero_and_one() -> None:
    found = candidates([-0.3, 1.0, 0.5], [0.0, 9.0, 3.0])
    ranked = blend(found, 0.6, (0.5, 3.0), UNDATED)
    assert ranked.score.min() >= 0
    assert ranked.score.max() <= 1


def test_without_any_common_word_the_lexical_part_is_zero() -> None:
    found = candidates([0.5, 0.4, 0.3], [0.0, 0.0, 0.0])
    assert blend(found, 0.5, best_scores(found), UNDATED).lexical.tolist() == [0, 0, 0]


def test_ties_go_to_the_newer_article_and_undated_ones_last() -> None:
    found = candidates([0.5, 0.5, 0.5], [1.0, 1.0, 1.0])
    published = np.array([np.iinfo(np.int64).min, 100, 200], dtype=np.int64)
    assert blend(found, 0.5, best_scores(found), published).rows.tolist() == [2, 1, 0]


def test_copies_are_folded_into_the_best_ranked() -> None:
    groups = fold_duplicates([7, 8, 7, 9, 8])
    assert [(group.position, group.copies) for group in groups] == [(0, (2,)), (1, (4,)), (3, ())]
