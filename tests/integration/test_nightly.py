from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from indexer.generations import FORMAT_VERSION
from indexer.layout import IndexFolder, held_lock
from scripts import nightly_reindex
from scripts.nightly_reindex import Wanted, nightly
from search_api import generation_jobs, jobs
from search_api.generation_jobs import Gate
from tests.support import ROOT, record, write_jsonl


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return IndexFolder(tmp_path / "index")


def night(index: IndexFolder, *sources: Path, **options: Any) -> dict[str, Any]:
    """The report of a night that ended well."""
    report, code = nightly(index, Wanted([str(source) for source in sources], **options))
    assert (code, report.get("error")) == (0, None)
    return report


def main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """The exit status of the script, and its report: all that it prints on stdout."""
    monkeypatch.setattr("sys.argv", ["nightly_reindex.py", *arguments])
    code = nightly_reindex.main()
    (line,) = capsys.readouterr().out.splitlines()
    return code, json.loads(line)


def test_the_nightly_job_takes_new_files_in_reindexes_and_is_safe_to_run_twice(
    tmp_path: Path, index: IndexFolder
) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    write_jsonl(incoming / "monday.jsonl", [record(number) for number in range(10)])
    first = night(index, incoming)
    assert first["status"]["generation"]["articles"] == 10
    assert first.keys() == {"started_at", "seconds", "ingest", "reindex", "status"}
    write_jsonl(incoming / "tuesday.jsonl", [record(number) for number in range(10, 15)])
    second = night(index, incoming)
    assert (second["ingest"]["new"], second["ingest"]["unchanged"]) == (5, 10)
    assert (second["reindex"]["encoded"], second["reindex"]["activated"], second["reindex"]["generation"]) == (
        0,
        True,
        2,
    )
    assert second["status"]["generation"]["articles"] == 15
    third = night(index, incoming)
    assert third["reindex"] is None
    assert third["status"] == second["status"]


def test_it_keeps_as_many_generations_as_it_is_told(tmp_path: Path, index: IndexFolder) -> None:
    for turn, keep in enumerate((2, 2, 2, 2, 0)):
        source = write_jsonl(tmp_path / f"{turn}.jsonl", [record(turn)])
        report = night(index, source, keep=keep)
    assert index.numbers() == [5]
    assert report["reindex"]["pruned"] == [2, 3, 4]


def test_rejects_failures_and_another_run_end_in_a_report_and_their_exit_status(
    tmp_path: Path, index: IndexFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = ("--index", str(index.root))
    source = str(write_jsonl(tmp_path / "a.jsonl", [record(0), "{"]))
    code, report = main(monkeypatch, capsys, source, *root)
    assert (code, report["ingest"]["rejected"]) == (1, 1)
    code, report = main(monkeypatch, capsys, "/nowhere", *root)
    assert (code, report["ingest"]) == (2, None)
    assert "does not exist" in report["error"]
    with held_lock(index.root, "", "", name="nightly.lock"):
        code, report = main(monkeypatch, capsys, source, *root)
    assert (code, report["ingest"]) == (3, None)
    assert f"process {os.getpid()} is at the nightly run" in report["error"]
    assert report.keys() == {"started_at", "seconds", "ingest", "reindex", "status", "error"}
    code, report = main(monkeypatch, capsys, source, "--index", __file__)
    assert (code, "no index can be made" in report["error"]) == (2, True)


def test_what_nobody_foresaw_is_reported_too(
    tmp_path: Path, index: IndexFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("something else")

    night(index, write_jsonl(tmp_path / "a.jsonl", [record(0)]))
    monkeypatch.setattr(generation_jobs, "reindex", broken)
    report, code = nightly(index, Wanted([str(write_jsonl(tmp_path / "b.jsonl", [record(1)]))]))
    assert (code, report["error"], report["ingest"]["new"]) == (2, "something else", 1)
    assert "ZeroDivisionError" in capsys.readouterr().err
    monkeypatch.undo()


def test_a_generation_that_the_gate_refuses_does_not_serve(
    tmp_path: Path, index: IndexFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = tmp_path / "judged"
    judged.mkdir()
    write_jsonl(judged / "queries.jsonl", [{"id": "q1", "text": "ferry dispatch 4"}])
    (judged / "qrels.tsv").write_text("query-id\tdoc-id\tgrade\nq1\ta4\t2\n", encoding="utf-8")
    night(index, write_jsonl(tmp_path / "a.jsonl", [record(number) for number in range(8)]))
    more = str(write_jsonl(tmp_path / "b.jsonl", [record(8)]))
    arguments = (more, "--index", str(index.root), "--gate", str(judged))
    with monkeypatch.context() as worse:
        worse.setattr(generation_jobs, "_gate", lambda *_: Gate("judged", 0.9, 0.8, 0.05))
        code, report = main(worse, capsys, *arguments, "--gate-step", "0.05")
    assert (code, report["reindex"]["activated"], report["reindex"]["gate"]["passed"]) == (1, False, False)
    assert index.current() == report["status"]["generation"]["number"] == 1
    code, report = main(monkeypatch, capsys, *arguments, "--gate-step", "0")
    assert (code, report["reindex"]["gate"]["passed"], report["reindex"]["gate"]["step"]) == (0, True, 0)
    assert index.current() == 2


@pytest.mark.parametrize("wrong", [("--gate-step", "2"), ("--keep", "-1"), ("--device", "abacus"), ()])
def test_wrong_use_says_what_is_right(
    wrong: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["nightly_reindex.py", *wrong, *(["x"] if wrong else [])])
    with pytest.raises(SystemExit) as ended:
        nightly_reindex.main()
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_generation_in_the_format_of_an_earlier_release_is_rebuilt_without_embedding(
    tmp_path: Path, index: IndexFolder
) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [record(number) for number in range(10)])
    night(index, source)
    manifest = index.generation(1) / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(f'"format_version": {FORMAT_VERSION}', '"format_version": 1'), encoding="utf-8")
    report = night(index, source)
    assert report["reindex"]["encoded"] == 0
    assert report["status"]["generation"]["number"] == 2
    assert report["status"]["generation"]["articles"] == 10


def test_a_damaged_generation_is_replaced_whatever_the_gate(tmp_path: Path, index: IndexFolder) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [record(number) for number in range(10)])
    night(index, source)
    path = index.generation(1) / "columns" / "seq.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 0x01
    path.write_bytes(content)
    report = night(index, source, gate=tmp_path / "no" / "gate")
    assert (report["reindex"]["generation"], report["reindex"]["gate"]) == (2, None)
    assert jobs.verify(index) == []


def test_it_waits_for_whoever_writes_or_builds_and_gives_up_in_the_end(
    tmp_path: Path, index: IndexFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(nightly_reindex, "LOOKS_EVERY_S", 0.05)
    said = nightly_reindex._say
    night(index, write_jsonl(tmp_path / "a.jsonl", [record(0)]))
    sources = [write_jsonl(tmp_path / f"{number}.jsonl", [record(number)]) for number in (1, 2)]
    for source, lock in zip(sources, (index.writing, index.building), strict=True):
        held, done = threading.Event(), threading.Event()

        def hold(lock: Any = lock, held: threading.Event = held, done: threading.Event = done) -> None:
            with lock():
                held.set()
                done.wait(60)

        holder = threading.Thread(target=hold, daemon=True)

        def say(line: str, done: threading.Event = done) -> None:
            said(line)
            done.set()

        monkeypatch.setattr(nightly_reindex, "_say", say)
        holder.start()
        held.wait()
        try:
            report = night(index, source)
        finally:
            done.set()
        holder.join()
        assert report["status"]["changes_since_generation"] == 0
        assert f"process {os.getpid()} is" in capsys.readouterr().err
    monkeypatch.setattr(nightly_reindex, "WAITS_S", 0.0)
    with index.writing():
        report, code = nightly(index, Wanted([str(sources[0])]))
    assert (code, "is writing to" in report["error"]) == (2, True)


def stored_in(index: IndexFolder) -> int:
    try:
        with closing(sqlite3.connect(f"file:{index.archive}?mode=ro", uri=True)) as db, db:
            return int(db.execute("SELECT count(*) FROM articles").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_killed_it_is_taken_up_by_the_next_run(tmp_path: Path, index: IndexFolder) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [record(number) for number in range(3000)])
    script = [sys.executable, str(ROOT / "scripts" / "nightly_reindex.py"), "--index", str(index.root), str(source)]
    with subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as killed:
        while not stored_in(index) and killed.poll() is None:
            time.sleep(0.02)
        killed.kill()
        assert killed.stdout is not None
        assert killed.stdout.read() == b""
    stored = stored_in(index)
    assert 0 < stored < 3000
    report = night(index, source)
    assert report["ingest"]["unchanged"] >= stored
    assert report["status"]["generation"]["articles"] == 3000
    assert jobs.verify(index) == []
    assert night(index, source)["reindex"] is None
