from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from indexer.layout import IndexFolder
from tests.support import command, index_of, record, write_jsonl


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return index_of(tmp_path, [record(number) for number in range(20)])


def test_ingest_prints_one_json_document_and_nothing_else(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [record(1), "{broken", record(2)])
    done = command("ingest", str(source), "--index", str(tmp_path / "index"), "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert (report["read"], report["new"], report["rejected"]) == (3, 2, 1)
    assert report["rejects"][0]["place"] == "line 2"
    assert {"read", "new", "updated", "unchanged", "rejected", "duplicates", "rejects", "seconds"} <= report.keys()
    assert command("search", "ferry", "--index", str(tmp_path / "index"), "--json").returncode == 0


def test_search_answers_the_documented_document(index: IndexFolder) -> None:
    done = command("search", "ferry", "--index", str(index.root), "--json", "--limit", "3", "--explain")
    answer = json.loads(done.stdout)
    assert {
        "query",
        "mode",
        "generation",
        "took_ms",
        "total",
        "next_cursor",
        "facets",
        "understood",
        "hits",
    } == answer.keys()
    hit = answer["hits"][0]
    assert hit["section"] == "ferry"
    assert {
        "id",
        "url",
        "title",
        "section",
        "source",
        "authors",
        "language",
        "published_at",
        "updated_at",
        "version",
    } <= hit.keys()
    assert {"correction", "score", "snippet", "story", "duplicates", "explain"} <= hit.keys()
    parts = hit["explain"]
    ratio = parts["semantic_ratio"]
    assert hit["score"] == pytest.approx(
        (ratio * parts["dense"] + (1 - ratio) * parts["lexical"]) * parts["recency"], abs=1e-5
    )


def test_search_folds_caps_and_cuts_as_the_api_does(index: IndexFolder) -> None:
    asked = ("search", "report", "--index", str(index.root), "--json", "--limit", "100")
    everything = json.loads(command(*asked).stdout)
    capped = json.loads(command(*asked, "--max-per-source", "2", "--diversity", "0.5", "--collapse", "none").stdout)
    sources = [hit["source"] for hit in capped["hits"]]
    assert 0 < len(sources) < len(everything["hits"])
    assert max(map(sources.count, sources)) == 2
    least = everything["hits"][2]["score"]
    cut = json.loads(command(*asked, "--min-score", str(least)).stdout)
    assert {hit["id"] for hit in cut["hits"]} == {hit["id"] for hit in everything["hits"] if hit["score"] >= least}


def test_search_for_people_shows_titles_and_takes_filters(index: IndexFolder) -> None:
    done = command("search", "report", "--index", str(index.root), "--section", "quake", "--from", "2026-01-02")
    assert done.returncode == 0
    assert "Quake report" in done.stdout
    assert "Ferry report" not in done.stdout


def test_related_takes_an_id_or_a_page(index: IndexFolder, tmp_path: Path) -> None:
    by_id = json.loads(command("related", "a0", "--index", str(index.root), "--json").stdout)
    assert {"seed", "mode", "fallback_used", "removed", "hits"} == by_id.keys()
    assert by_id["hits"][0]["section"] == "ferry"
    assert "a0" not in [hit["id"] for hit in by_id["hits"]]
    page = tmp_path / "page.txt"
    page.write_text(f"Ferry report\n\n{record(0)['body']}\n\nComments\n", encoding="utf-8")
    by_page = json.loads(command("related", "--file", str(page), "--index", str(index.root), "--json").stdout)
    assert by_page["seed"] is None
    assert by_page["hits"][0]["section"] == "ferry"
    assert by_page["removed"]["seed_duplicates"] == 1
    edited = write_jsonl(tmp_path / "edited.jsonl", [record(0) | {"body": record(0)["body"] + " Nobody was hurt."}])
    by_record = json.loads(command("related", "--file", str(edited), "--index", str(index.root), "--json").stdout)
    assert by_record["hits"]
    assert "a0" not in [hit["id"] for hit in by_record["hits"]]
    assert command("related", "--index", str(index.root)).returncode == 2


def test_status_and_verify_tell_the_state_of_the_index(index: IndexFolder) -> None:
    status = json.loads(command("status", "--index", str(index.root), "--json").stdout)
    assert status["archive"]["articles"] == status["generation"]["articles"] == 20
    assert command("verify", "--index", str(index.root)).returncode == 0
    measured = command("verify", "--recall", "--index", str(index.root), "--json")
    assert {one["kind"] for one in json.loads(measured.stdout)["recall"]} == {"passages", "headlines"}
    assert all(one["recall"] == 1 for one in json.loads(measured.stdout)["recall"])
    (index.generation(1) / "columns" / "seq.npy").unlink()
    damaged = command("verify", "--index", str(index.root), "--json")
    assert damaged.returncode == 1
    assert "seq.npy is missing" in json.loads(damaged.stdout)["problems"][0]


def test_reindex_reports_and_can_leave_the_old_generation_serving(index: IndexFolder) -> None:
    report = json.loads(command("reindex", "--index", str(index.root), "--no-activate", "--json").stdout)
    assert (report["generation"], report["activated"], report["encoded"]) == (2, False, 0)
    assert index.current() == 1


def test_evaluate_measures_all_modes_and_reuses_its_index(tmp_path: Path) -> None:
    folder = tmp_path / "judged"
    folder.mkdir()
    write_jsonl(folder / "articles.jsonl", [record(number) for number in range(20)])
    write_jsonl(folder / "queries.jsonl", [{"id": "q1", "text": "ferry dispatch 4"}, {"id": "q2", "text": "unjudged"}])
    (folder / "qrels.tsv").write_text("query-id\tdoc-id\tgrade\nq1\ta4\t2\nq3\ta1\t1\n", encoding="utf-8")
    (folder / "related_qrels.tsv").write_text("query-id\tdoc-id\tgrade\na0\ta4\t2\n", encoding="utf-8")
    arguments = ("evaluate", str(folder), "--index", str(tmp_path / "var" / "index"), "--json")
    first = json.loads(command(*arguments).stdout)
    assert (first["collection"], first["task"]) == ("judged", "search")
    assert [row["mode"] for row in first["results"]] == ["hybrid", "semantic", "keyword"]
    assert first["results"][0]["queries"] == 1
    assert first["results"][2]["ndcg@10"] > 0
    related = json.loads(command(*arguments, "--task", "related").stdout)
    assert [row["mode"] for row in related["results"]] == ["related", "semantic", "keyword"]
    assert len(list((tmp_path / "var" / "index-evaluate").iterdir())) == 1
    filtered = [{"id": "q1", "text": "ferry", "filters": {"section": "ferry", "to": "2026-01-02"}}]
    write_jsonl(folder / "queries.jsonl", filtered)
    narrow = json.loads(command(*arguments, "--mode", "keyword").stdout)["results"][0]
    assert narrow["recall@10"] == 1.0
    write_jsonl(folder / "queries.jsonl", [{"id": "q1", "text": "ferry", "filters": {"colour": "red"}}])
    assert "has the filter 'colour'" in command(*arguments).stderr
    write_jsonl(folder / "queries.jsonl", [{"id": "q1", "text": "ferry", "filters": {"section": 5}}])
    assert "expected texts or lists of texts" in command(*arguments).stderr
    write_jsonl(folder / "queries.jsonl", filtered)
    write_jsonl(folder / "articles.jsonl", [record(1), "{"])
    broken = command(*arguments)
    assert broken.returncode == 2
    assert "line 2" in broken.stderr


def test_a_dry_run_leaves_no_trace(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [record(1)])
    done = command("ingest", str(source), "--dry-run", "--index", str(tmp_path / "index"), "--json")
    assert json.loads(done.stdout)["new"] == 1
    assert not (tmp_path / "index").exists()


def test_a_taken_port_is_named(index: IndexFolder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = command("serve", "--index", str(index.root), "--port", port)
    assert done.returncode == 2
    assert f"127.0.0.1:{port} cannot be served on" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("search", "ferry", "--index", "/nowhere"), "ingest articles first"),
        (("ingest", "/nowhere/at/all"), "does not exist"),
        (("search", " "), "q is empty"),
        (("search", "x", "--from", "soon"), "--from is 'soon'"),
        (("evaluate", "/nowhere"), "cannot be read"),
        (("search",), "Missing argument"),
        (("evaluate", "x", "--mode", "magic"), "magic"),
        (("ingest", __file__, "--index", __file__), "no index can be made at"),
    ],
)
def test_wrong_use_ends_in_one_clear_line_and_status_2(arguments: tuple[str, ...], message: str) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_PORT", "eighty")
    done = command("status")
    assert done.returncode == 2
    assert "DATELINE_PORT is 'eighty'" in done.stderr


def test_a_setting_that_is_no_list_is_named_and_a_list_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_CORS_ORIGINS", "https://news.example")
    done = command("status")
    assert done.returncode == 2
    assert (
        """DATELINE_CORS_ORIGINS is 'https://news.example'; expected a list as JSON, such as ["first",""" in done.stderr
    )
    assert "Traceback" not in done.stderr


def test_an_exclusion_is_no_option(index: IndexFolder) -> None:
    done = command("search", "-ferry report", "--index", str(index.root), "--json", "--limit", "50")
    assert done.returncode == 0, done.stderr
    hits = json.loads(done.stdout)["hits"]
    assert hits
    assert all(hit["section"] != "ferry" for hit in hits)


def test_bytes_that_are_no_text_are_taken_as_typed_wrongly(index: IndexFolder) -> None:
    root = str(index.root)
    missing = command("related", "\udcff", "--index", root)
    assert (missing.returncode, "no article with id" in missing.stderr) == (2, True)
    assert command("related", "a1", "--exclude", "\udcff", "--section", "\udcff", "--index", root).returncode == 0
    assert command("search", "ferry \udcff", "--source", "\udcff", "--index", root).returncode == 0
    wrong = command("search", "ferry", "--from", "\udcff", "--index", root)
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr
