"""scripts/push_articles.py and the other scripts that ask a running service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts import nightly_reindex, push_articles
from scripts.nightly_reindex import Wanted, nightly
from search_api import jobs
from search_api.client import Dateline
from search_api.clock import utc_now
from search_api.keys import Keys, Scope
from tests.faults.service import Service
from tests.integration.bad_server import answer, bad_server, drop
from tests.support import ROOT, index_of, record, write_jsonl

PAGE = """<html lang="en"><head><title>Ferry page</title><meta property="article:published_time" content="2026-03-01T08:00:00Z">
<link rel="canonical" href="https://news.example/ferry/0"></head><body><article><h1>Ferry report, seen as a page</h1>
<p>The ferry left the harbour with lorries on its deck and rolled over in a strong current near the strait.</p></article>
</body></html>"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(index_of(tmp_path, map(record, range(4))), tmp_path / "serve.log", workers=1) as running:
        yield running


@pytest.fixture
def key_file(service: Service, tmp_path: Path) -> Path:
    path = tmp_path / "key.txt"
    path.write_text(Keys.of(service.index).add("push", Scope.WRITE, now=utc_now()) + "\n", encoding="utf-8")
    return path


def push(*arguments: str | Path, service: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DATELINE_KEY"}
    return subprocess.run(
        [sys.executable, "scripts/push_articles.py", "--service", service, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **({"DATELINE_KEY": key} if key else {})},
    )


def told(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_a_folder_of_any_sources_is_sent_and_counted_as_by_ingest(
    tmp_path: Path, service: Service, key_file: Path
) -> None:
    folder = tmp_path / "incoming"
    folder.mkdir()
    write_jsonl(folder / "a.jsonl", [*map(record, range(12)), "{", {"id": "empty"}, record(2)])
    (folder / "page.html").write_text(PAGE, encoding="utf-8")
    (folder / "photo.png").write_bytes(b"\x89PNG")
    address = f"http://127.0.0.1:{service.port}"
    done = push(folder, "--key-file", key_file, "--json", service=address)
    report = told(done)
    assert done.returncode == 1, done.stderr
    assert (report["read"], report["new"], report["updated"]) == (16, 8, 1)
    assert (report["unchanged"], report["rejected"]) == (5, 2)
    assert [(Path(one["source"]).name, one["place"]) for one in report["rejects"]] == [
        ("a.jsonl", "line 13"),
        ("a.jsonl", "line 14"),
    ]
    assert [Path(one["source"]).name for one in report["skipped"]] == ["photo.png"]
    with Dateline(address) as dateline:
        page = dateline.article("a0")
        assert page.title == "Ferry report, seen as a page"
        assert page.version == 2
        assert list(dateline.article("a11").tags) == record(11)["tags"]
    again = push(folder / "page.html", service=address, key=key_file.read_text(encoding="utf-8").strip())
    assert (again.returncode, again.stdout.split(";")[0]) == (
        0,
        "1 read = 0 new + 0 updated + 1 unchanged + 0 rejected",
    )


def test_what_got_no_answer_is_sent_again_and_told(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [record(0), record(1)])
    lines = [{"line": 1, "id": "a0", "status": "created", "version": 1}]
    lines.append({"line": 2, "id": "a1", "status": "conflict", "problem": "version 4 is stored"})
    results = answer(200, "".join(json.dumps(line) + "\n" for line in lines))
    with bad_server(drop, answer(503, "", Retry_After="0"), results) as server:
        done = push(source, "--json", service=server.address, key="dl_hidden")
    assert len(server.received) == 3
    assert len({one.body for one in server.received}) == 1
    report = told(done)
    assert (done.returncode, report["new"], report["rejected"]) == (1, 1, 1)
    assert report["rejects"] == [{"source": str(source), "place": "line 2", "reason": "version 4 is stored"}]
    assert done.stderr.count("; again in ") == 2
    assert "hidden" not in done.stderr + done.stdout


@pytest.mark.parametrize("body", ["", '{"line": 1, "id": "a0", "status": "created", "version": 1}\n'])
def test_a_service_that_answers_wrongly_ends_it(tmp_path: Path, body: str) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [record(0), record(1)])
    with bad_server(answer(200, body)) as server:
        done = push(source, "--json", service=server.address, key="dl_hidden")
    assert (done.returncode, told(done)["read"]) == (2, 0)
    assert "2 articles were sent" in told(done)["error"]


def test_an_unknown_key_and_a_source_that_is_not_there_end_it_with_the_cause(tmp_path: Path, service: Service) -> None:
    address = f"http://127.0.0.1:{service.port}"
    source = write_jsonl(tmp_path / "a.jsonl", [record(0)])
    done = push(source, "--json", service=address, key="dl_unknown")
    assert done.returncode == 2
    assert "403" in told(done)["error"] or "401" in told(done)["error"]
    done = push("/nowhere", service=address, key="dl_unknown")
    assert (done.returncode, "/nowhere does not exist" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "key", "cause"),
    [
        ([], None, "there is no key"),
        (["--key-file", "/none"], None, "cannot be read"),
        (["--key-file", __file__], None, "no key has"),
        (["--columns", "nonsense"], "dl_hidden", "is not FIELD=COLUMN"),
        (["--service", "127.0.0.1"], "dl_hidden", "such as http://127"),
    ],
)
def test_wrong_use_is_told(
    options: list[str],
    key: str | None,
    cause: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["push_articles.py", "--service", "http://127.0.0.1:1", *options, "a.jsonl"])
    if key:
        monkeypatch.setenv("DATELINE_KEY", key)
    else:
        monkeypatch.delenv("DATELINE_KEY", raising=False)
    with pytest.raises(SystemExit) as raised:
        push_articles.main()
    shown = capsys.readouterr()
    assert (raised.value.code, shown.out, cause in shown.err, "hidden" in shown.err) == (2, "", True, False)


def test_a_night_waits_until_the_service_has_the_new_generation(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"http://127.0.0.1:{service.port}"
    source = write_jsonl(tmp_path / "more.jsonl", map(record, range(4, 8)))
    report, code = nightly(service.index, Wanted([str(source)], service=address))
    assert code == 0
    assert report["service"] == {"address": address, "status": "ready", "generation": 2}
    monkeypatch.setattr(nightly_reindex, "TAKES_UP_S", 0.1)
    with bad_server(answer(200, {"status": "ready", "generation": 1, "articles": 4, "change": 4})) as old:
        report, code = nightly(service.index, Wanted([str(source)], service=old.address))
    assert (code, report["service"]["generation"], report.get("error")) == (1, 1, None)
    report, code = nightly(service.index, Wanted([str(source)], service="http://127.0.0.1:1"))
    assert (code, report["service"]["generation"]) == (1, None)
    assert "refused" in report["service"]["status"]
    assert jobs.status(service.index)["generation"]["number"] == 2
    monkeypatch.setattr("sys.argv", ["nightly_reindex.py", "--service", "127.0.0.1", str(source)])
    with pytest.raises(SystemExit):
        nightly_reindex.main()
