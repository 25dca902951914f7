from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from indexer.layout import IndexFolder
from search_api import jobs
from tests.support import command, index_of, record, write_jsonl


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return index_of(tmp_path, [record(number) for number in range(20)])


def answer(index: IndexFolder, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = command(*arguments, "--index", str(index.root), "--json")
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_reindex_keeps_as_many_generations_as_it_is_told_and_rollback_goes_back(
    index: IndexFolder, tmp_path: Path
) -> None:
    assert answer(index, "reindex", "--keep", "2")["pruned"] == []
    assert answer(index, "reindex", "--keep", "2")["pruned"] == []
    jobs.ingest(index, [str(write_jsonl(tmp_path / "late.jsonl", [record(30)]))])
    done = answer(index, "rollback")
    assert (done["number"], done["before"], done["model"], done["encoded"]) == (2, 3, "text-hash", 0)
    assert answer(index, "status")["generation"]["number"] == 2
    assert any(hit["id"] == "a30" for hit in answer(index, "search", "dispatch 30", "--limit", "20")["hits"])
    assert (
        " serves again (text-hash), in place of generation 2" in command("rollback", "--index", str(index.root)).stdout
    )
    answer(index, "reindex", "--keep", "0")
    assert len(index.numbers()) == 1
    none = command("rollback", "--index", str(index.root), "--json")
    assert (none.returncode, none.stdout) == (2, "")
    assert "no generation that served before" in none.stderr


def test_the_gate_s_step_is_asked_for_in_ndcg(index: IndexFolder, tmp_path: Path) -> None:
    judged = tmp_path / "judged"
    judged.mkdir()
    write_jsonl(judged / "queries.jsonl", [{"id": "q1", "text": "ferry dispatch 4"}])
    (judged / "qrels.tsv").write_text("query-id\tdoc-id\tgrade\nq1\ta4\t2\n", encoding="utf-8")
    done = answer(index, "reindex", "--gate", str(judged), "--gate-step", "0")
    assert (done["gate"]["step"], done["gate"]["passed"], done["activated"]) == (0, True, True)
    assert done["gate"]["before"] == done["gate"]["after"]
    wrong = command("reindex", "--index", str(index.root), "--gate-step", "2")
    assert wrong.returncode == 2


def test_takedown_prints_a_receipt_and_the_article_is_gone(index: IndexFolder) -> None:
    receipt = answer(index, "takedown", "a4", "--reason", "court order 12/26")
    assert (receipt["article_id"], receipt["reason"], receipt["traces"]) == ("a4", "court order 12/26", [])
    assert all(hit["id"] != "a4" for hit in answer(index, "search", "ferry", "--limit", "50")["hits"])
    exported = command("export", "--index", str(index.root)).stdout
    assert {json.loads(line)["id"] for line in exported.splitlines()} == {f"a{n}" for n in range(20)} - {"a4"}
    shown = command("takedown", "a8", "--reason", "asked for", "--index", str(index.root))
    assert "article_id: a8\n" in shown.stdout
    assert "traces: none\n" in shown.stdout
    for arguments, message in (
        (("a8", "--reason", "again"), "was taken down"),
        (("nobody", "--reason", "x"), "no article with id 'nobody'"),
        (("a9",), "--reason"),
    ):
        refused = command("takedown", *arguments, "--index", str(index.root))
        assert (refused.returncode, refused.stdout) == (2, "")
        assert message in refused.stderr
    assert jobs.verify(index) == []


def test_help_lists_what_answers_before_what_keeps_order() -> None:
    listed = command("--help").stdout
    names = [line.split()[0] for line in listed.partition("Commands:")[2].splitlines() if line.strip()]
    assert names == [
        *("ingest", "serve", "search", "related", "evaluate"),
        *("status", "verify", "lines", "reindex", "rollback", "takedown", "export", "backup", "restore", "keys"),
    ]


def test_an_ingest_that_leaves_a_long_tail_folds_it(
    index: IndexFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATELINE_FOLD_AFTER", "5")
    few = str(write_jsonl(tmp_path / "few.jsonl", [record(number) for number in range(30, 35)]))
    assert answer(index, "ingest", few)["generation_built"] is None
    more = str(write_jsonl(tmp_path / "more.jsonl", [record(35)]))
    assert answer(index, "ingest", more, "--dry-run")["generation_built"] is None
    assert answer(index, "ingest", more)["generation_built"] == 2
    status = answer(index, "status")
    assert (status["changes_since_generation"], status["generation"]["articles"]) == (0, 26)
