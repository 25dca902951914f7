"""Lists made for a whole archive: a killed run goes on, a finished one is left alone, a change makes them anew."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from indexer.layout import IndexFolder
from scripts.precompute_related import precompute
from search_api import jobs
from search_api.query import Fallback, RelatedQuery
from search_api.related import related
from tests.support import NOW, ROOT, anything, index_of, record, write_jsonl

KILLED = """
import os, signal, sys
from pathlib import Path
from indexer.layout import IndexFolder
from scripts.precompute_related import precompute
from search_api.jobs import opened
from search_api.query import RelatedQuery
from tests.support import anything
made = 0
def done(count):
    global made
    made += count
    if made == 7:
        os.kill(os.getpid(), signal.SIGKILL)
with opened(IndexFolder(Path(sys.argv[1]))) as library:
    precompute(library, Path(sys.argv[2]), RelatedQuery(anything(), limit=5), done)
"""


def made(index: IndexFolder, target: Path, **asked: Any) -> tuple[int, int]:
    with jobs.opened(index) as library:
        found = precompute(
            library, target, RelatedQuery(asked.pop("filters", anything()), **({"limit": 5} | asked)), lambda _: None
        )
    return found.new, found.kept


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    records = [record(number) for number in range(24)]
    records[3] |= {"pubstatus": "withheld"}
    return index_of(tmp_path, records)


def test_a_line_is_what_the_service_would_answer(index: IndexFolder, tmp_path: Path) -> None:
    target = tmp_path / "related.jsonl"
    assert made(index, target) == (23, 0)
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    with jobs.opened(index) as library:
        assert library.view is not None
        for line in lines:
            answer = related(library, line["id"], RelatedQuery(anything(), limit=5))
            assert [found["id"] for found in line["related"]] == [hit.article.id for hit in answer.hits]
            assert line["fallback_used"] == answer.fallback_used
            assert (line["generation"], line["change"]) == (library.view.manifest.number, library.view.change)
    assert "a3" not in {line["id"] for line in lines}


def test_a_killed_run_goes_on_and_ends_like_a_whole_one(index: IndexFolder, tmp_path: Path) -> None:
    whole, resumed = tmp_path / "whole.jsonl", tmp_path / "resumed.jsonl"
    made(index, whole)
    arguments = [sys.executable, "-c", KILLED, str(index.root), str(resumed)]
    assert subprocess.run(arguments, cwd=ROOT, check=False, timeout=120).returncode == -9
    assert not resumed.exists()
    part = resumed.with_name("resumed.jsonl.part")
    with part.open("a", encoding="utf-8") as file:
        file.write('{"id": "a9", "genera')
    assert made(index, resumed) == (16, 7)
    assert resumed.read_bytes() == whole.read_bytes()
    assert not part.exists()


def test_a_finished_run_is_left_alone_until_the_archive_or_the_question_changes(
    index: IndexFolder, tmp_path: Path
) -> None:
    target = tmp_path / "related.jsonl"
    made(index, target)
    before = target.stat().st_mtime_ns
    assert made(index, target) == (0, 23)
    assert target.stat().st_mtime_ns == before
    assert made(index, target, limit=3) == (23, 0)
    changed = record(8) | {"body": record(9)["body"]}
    jobs.ingest(index, [str(write_jsonl(tmp_path / "changed.jsonl", [changed]))])
    assert made(index, target, limit=3) == (23, 0)
    (line,) = [line for line in target.read_text(encoding="utf-8").splitlines() if json.loads(line)["id"] == "a8"]
    assert json.loads(line)["related"][0]["id"] != "a4"


def test_lists_are_made_anew_for_another_fallback_and_when_an_embargo_ends(tmp_path: Path) -> None:
    records = [record(number) for number in range(24)]
    records[8] |= {"embargoed": (NOW + timedelta(hours=1)).isoformat()}
    index, target = index_of(tmp_path, records), tmp_path / "related.jsonl"
    assert made(index, target, fallback=Fallback.NONE) == (23, 0)
    assert made(index, target, fallback=Fallback.RECENT) == (23, 0)
    assert made(index, target, fallback=Fallback.RECENT, filters=anything(NOW + timedelta(hours=2))) == (24, 0)
