from __future__ import annotations

from pathlib import Path

import pytest

from indexer.generations import FORMAT_VERSION
from indexer.layout import IndexFolder
from scripts import nightly_reindex
from scripts.nightly_reindex import nightly
from tests.support import record, write_jsonl


def test_the_nightly_job_takes_new_files_in_reindexes_and_is_safe_to_run_twice(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    index = IndexFolder(tmp_path / "index")
    write_jsonl(incoming / "monday.jsonl", [record(number) for number in range(10)])
    assert nightly(index, [str(incoming)])["status"]["generation"]["articles"] == 10
    write_jsonl(incoming / "tuesday.jsonl", [record(number) for number in range(10, 15)])
    second = nightly(index, [str(incoming)])
    assert (second["ingest"]["new"], second["ingest"]["unchanged"]) == (5, 10)
    assert second["reindex"]["encoded"] == 0
    assert second["status"]["generation"]["articles"] == 15
    third = nightly(index, [str(incoming)])
    assert third["reindex"] is None
    assert third["status"] == second["status"]


def test_it_reports_rejects_and_failures_by_its_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [record(0), "{"])
    monkeypatch.setattr("sys.argv", ["nightly_reindex.py", str(source), "--index", str(tmp_path / "index")])
    assert nightly_reindex.main() == 1
    monkeypatch.setattr("sys.argv", ["nightly_reindex.py", "/nowhere", "--index", str(tmp_path / "index")])
    assert nightly_reindex.main() == 2
    assert "does not exist" in capsys.readouterr().out


def test_a_generation_in_the_format_of_an_earlier_release_is_rebuilt_without_embedding(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    source = str(write_jsonl(tmp_path / "a.jsonl", [record(number) for number in range(10)]))
    nightly(index, [source])
    manifest = index.generation(1) / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(f'"format_version": {FORMAT_VERSION}', '"format_version": 1'), encoding="utf-8")
    report = nightly(index, [source])
    assert report["reindex"]["encoded"] == 0
    assert report["status"]["generation"]["number"] == 2
    assert report["status"]["generation"]["articles"] == 10
