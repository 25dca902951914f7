"""Answers of two engines beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from search_api.results import Hit, RelatedAnswer, SearchAnswer

TOLERANCE = 1e-3
"""Of scores: what is rounded to half precision in one engine is not in the other."""


def ids(answer: SearchAnswer | RelatedAnswer) -> list[str]:
    """The articles of an answer, in its order."""
    return [hit.article.id for hit in answer.hits]


def assert_same_hits(found: Sequence[Hit], expected: Sequence[Hit]) -> None:
    """The same articles in the same order, told in the same words; where scores differ by less than the tolerance, but do
    differ, the order is free."""
    assert sorted(hit.article.id for hit in found) == sorted(hit.article.id for hit in expected)
    known = {hit.article.id: hit for hit in expected}
    for hit, other in zip(found, expected, strict=True):
        same = known[hit.article.id]
        assert hit.score == pytest.approx(same.score, abs=TOLERANCE), hit.article.id
        if hit.article.id != other.article.id:
            assert 0 < abs(same.score - other.score) < TOLERANCE, (hit.article.id, other.article.id)
        assert (hit.article, hit.version, hit.duplicates, hit.story) == (
            same.article,
            same.version,
            same.duplicates,
            same.story,
        )
        assert hit.snippet == same.snippet, hit.article.id


def assert_same_answer(found: SearchAnswer, expected: SearchAnswer) -> None:
    """All of two answers but their generation and their times."""
    assert_same_hits(found.hits, expected.hits)
    assert found.total == expected.total
    assert found.facets == expected.facets
    assert found.understood.text == expected.understood.text
    assert found.understood.dates == expected.understood.dates
    assert found.understood.suggestion == expected.understood.suggestion
    assert found.understood.recency == pytest.approx(expected.understood.recency, abs=TOLERANCE)
    assert (found.next_cursor is None) == (expected.next_cursor is None)


def assert_same_related(found: RelatedAnswer, expected: RelatedAnswer) -> None:
    """All of two lists of related articles."""
    assert_same_hits(found.hits, expected.hits)
    assert (
        found.seed,
        found.mode,
        found.fallback_used,
        found.seed_duplicates,
        found.below_min_score,
        found.filled,
    ) == (
        expected.seed,
        expected.mode,
        expected.fallback_used,
        expected.seed_duplicates,
        expected.below_min_score,
        expected.filled,
    )
