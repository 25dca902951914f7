from __future__ import annotations

from itertools import combinations
from pathlib import Path

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, R, nDCG

from indexer.errors import SourceError
from search_api.evaluation import (
    Agreement,
    b_cubed,
    measures,
    ndcg,
    pairwise,
    read_qrels,
    read_queries,
    recall,
    reciprocal_rank,
)

ids = st.sampled_from([f"d{number}" for number in range(30)])
judgments = st.dictionaries(ids, st.integers(0, 3), min_size=1)
rankings = st.lists(ids, unique=True, max_size=30)


@given(grades=judgments.filter(lambda found: max(found.values()) > 0), ranking=rankings)
def test_measures_agree_with_ir_measures(grades: dict[str, int], ranking: list[str]) -> None:
    qrels = [ir_measures.Qrel("q", article_id, grade) for article_id, grade in grades.items()]
    run = [ir_measures.ScoredDoc("q", article_id, -float(rank)) for rank, article_id in enumerate(ranking)]
    gains = {grade: 2**grade - 1 for grade in range(4)}
    wanted = ir_measures.calc_aggregate([nDCG(gains=gains) @ 10, R @ 10, RR @ 10], qrels, run) if run else {}
    assert ndcg(ranking, grades, 10) == pytest.approx(wanted.get(nDCG(gains=gains) @ 10, 0.0))
    assert recall(ranking, grades, 10) == pytest.approx(wanted.get(R @ 10, 0.0))
    assert reciprocal_rank(ranking, grades, 10) == pytest.approx(wanted.get(RR @ 10, 0.0))


def test_judged_queries_without_an_answer_count_as_zero() -> None:
    qrels = {"answered": {"d1": 1}, "silent": {"d2": 1}, "nothing relevant": {"d3": 0}}
    found = measures({"answered": ["d1"]}, qrels)
    assert found["ndcg@10"] == 0.5
    assert found["mrr@10"] == 0.5


def test_a_perfect_ranking_scores_one() -> None:
    assert ndcg(["b", "a"], {"a": 1, "b": 3}, 10) == 1.0


def test_a_bad_query_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"id": "1", "text": "fine"}\n{"id": "2"}\n', encoding="utf-8")
    with pytest.raises(SourceError, match="line 2"):
        read_queries(path)


def test_a_bad_judgment_is_named(tmp_path: Path) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_text("query-id\tdoc-id\tgrade\n1\td1\tvery\n", encoding="utf-8")
    with pytest.raises(SourceError, match="line 2"):
        read_qrels(path)


# Groups ----------------------------------------------------------------------------------------------------------------

groupings = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=20)


def split(pairs: list[tuple[int, int]]) -> tuple[dict[str, int], dict[str, int]]:
    """Found and known groups of items, from a pair for each."""
    return (
        {str(number): found for number, (found, _) in enumerate(pairs)},
        {str(number): known for number, (_, known) in enumerate(pairs)},
    )


def test_b_cubed_and_pairwise_of_a_small_example_are_as_worked_out_by_hand() -> None:
    known = {"a": "flood", "b": "flood", "c": "flood", "d": "vote", "e": "vote"}
    found = {"a": 1, "b": 1, "c": 2, "d": 2, "e": 2}
    whole = b_cubed(found, known)
    assert whole.precision == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3) / 5)
    assert whole.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    pairs = pairwise(found, known)
    assert (pairs.precision, pairs.recall) == (2 / 4, 2 / 4)
    assert pairs.f1 == pytest.approx(0.5)


def test_everything_alone_is_precise_and_everything_together_is_complete() -> None:
    known = dict(zip("abcd", "xxyy", strict=True))
    alone, together = {item: item for item in known}, dict.fromkeys(known, 0)
    assert b_cubed(alone, known) == Agreement(1, 0.5)
    assert b_cubed(together, known) == Agreement(0.5, 1)
    assert pairwise(alone, known) == Agreement(1, 0)
    assert pairwise(together, known) == Agreement(2 / 6, 1)


def test_only_items_whose_group_is_known_are_judged() -> None:
    known = {"a": 1, "b": 2}
    assert (
        b_cubed({"a": 7, "b": 8, "stranger": 7}, known) == pairwise({"a": 7, "b": 8, "c": 7}, known) == Agreement(1, 1)
    )


def test_an_agreement_on_nothing_has_no_f1() -> None:
    assert Agreement(0, 0).f1 == 0
    assert Agreement(1, 0).f1 == 0
    assert Agreement(1, 1).f1 == 1


@given(groupings)
def test_precision_is_recall_the_other_way_round(pairs: list[tuple[int, int]]) -> None:
    found, known = split(pairs)
    for measure in (b_cubed, pairwise):
        one, other = measure(found, known), measure(known, found)
        assert (one.precision, one.recall) == pytest.approx((other.recall, other.precision))
        assert 0 <= one.precision <= 1
        assert measure(found, found) == Agreement(1, 1)


@given(groupings)
def test_groups_are_compared_as_item_by_item_and_pair_by_pair(pairs: list[tuple[int, int]]) -> None:
    found, known = split(pairs)
    shares = []
    for item in known:
        mates = [other for other in known if found[other] == found[item]]
        shares.append(sum(known[other] == known[item] for other in mates) / len(mates))
    assert b_cubed(found, known).precision == pytest.approx(sum(shares) / len(shares))
    joined = [(one, other) for one, other in combinations(known, 2) if found[one] == found[other]]
    right = sum(known[one] == known[other] for one, other in joined)
    assert pairwise(found, known).precision == pytest.approx(right / len(joined) if joined else 1)
