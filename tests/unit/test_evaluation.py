from __future__ import annotations

from pathlib import Path

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, R, nDCG

from indexer.errors import SourceError
from search_api.evaluation import measures, ndcg, read_qrels, read_queries, recall, reciprocal_rank

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
