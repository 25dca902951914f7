from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexer.errors import SourceError
from scripts.evaluate import FLOORS, Measured, broken, collections, digest, pin, read_floors, tasks_of
from search_api.judging import Judged, Task


def judged(mode: str, ndcg: float) -> Judged:
    return Judged(mode, {"ndcg@10": ndcg, "recall@10": 0.9, "recall@100": 1.0, "mrr@10": 0.8}, 10, 1.0, 2.0)


def measured(folder: Path, ndcg: float, *arms: float) -> Measured:
    modes = ["hybrid", "semantic", "keyword"]
    return Measured(
        folder, Task.SEARCH, [judged(mode, value) for mode, value in zip(modes, (ndcg, *arms), strict=False)]
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    collection = tmp_path / "all" / "collection"
    collection.mkdir(parents=True)
    for name in ("articles.jsonl", "queries.jsonl", "qrels.tsv"):
        (collection / name).write_text(name, encoding="utf-8")
    return collection


def test_collections_are_found_below_a_folder(folder: Path) -> None:
    assert collections([folder.parent]) == collections([folder]) == [folder]
    assert tasks_of(folder) == [Task.SEARCH]
    (folder / "qrels.tsv").unlink()
    with pytest.raises(SourceError, match="no judged collection"):
        collections([folder])


def test_floors_are_set_a_little_below_what_was_measured_and_hold(folder: Path) -> None:
    assert pin([measured(folder, 0.9)], allow_lower=False) == []
    floors = read_floors(folder)
    assert floors == {"digest": digest(folder), "search": {"ndcg@10": 0.89, "recall@10": 0.89, "mrr@10": 0.79}}
    assert list(broken(floors, measured(folder, 0.891, 0.8, 0.8))) == []


def test_a_measure_below_its_floor_or_below_a_single_arm_is_named(folder: Path) -> None:
    pin([measured(folder, 0.9)], allow_lower=False)
    floors = read_floors(folder)
    assert floors is not None
    problems = list(broken(floors, measured(folder, 0.8, 0.85, 0.1)))
    assert len(problems) == 2
    assert "search ndcg@10 is 0.8000, below its floor 0.89" in problems[0]
    assert "below that of semantic alone" in problems[1]


def test_floors_of_other_judgments_do_not_hold(folder: Path) -> None:
    pin([measured(folder, 0.9)], allow_lower=False)
    (folder / "qrels.tsv").write_text("changed", encoding="utf-8")
    (problem,) = broken(read_floors(folder) or {}, measured(folder, 0.9))
    assert "pin it anew" in problem


def test_a_floor_goes_down_only_when_it_is_asked_for(folder: Path) -> None:
    pin([measured(folder, 0.9)], allow_lower=False)
    before = (folder / FLOORS).read_text(encoding="utf-8")
    (problem,) = pin([measured(folder, 0.7)], allow_lower=False)
    assert "search ndcg@10 would go from 0.89 to 0.69" in problem
    assert "--allow-lower" in problem
    assert (folder / FLOORS).read_text(encoding="utf-8") == before
    assert pin([measured(folder, 0.7)], allow_lower=True) == []
    assert json.loads((folder / FLOORS).read_text(encoding="utf-8"))["search"]["ndcg@10"] == 0.69
    assert pin([measured(folder, 0.95)], allow_lower=False) == []
