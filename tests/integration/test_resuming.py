"""Nothing is embedded twice, and a run that was killed goes on where it stopped."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from indexer.encoder import TextHashEncoder
from indexer.layout import IndexFolder
from indexer.preparing import WINDOW_ARTICLES
from indexer.types import Embeddings
from search_api import generation_jobs, jobs
from search_api.query import SearchQuery
from search_api.searcher import search
from tests.support import ROOT, anything, command, contents, index_of, opened_library, record, write_jsonl

KILLS = 20 if "DATELINE_KILLS" in os.environ else 10
"""`make faults` sets it."""
AT_ANY_TIME = 5
"""Of the kills, those that may also fall on the start of the process."""

ARTICLES = 560
PAGES = 100


def feed(numbers: Iterable[int]) -> str:
    """Summaries of pages, with a tag that the pages do not show."""
    items = "".join(
        f"<item><title>District {number}</title><link>https://site.example/{number}</link><category>Council</category>"
        f"<description>Road {number * 7} was put off.</description></item>"
        for number in numbers
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Site</title>{items}</channel></rss>'


def page(number: int) -> str:
    """A saved page, with a line that all pages of its site have."""
    words = (
        f"The council of district {number} met on Tuesday to hear about road {number * 7} and the mill by the river."
    )
    text = "".join(
        f"<p>{words} Item {part} of {number} was put off until the budget is known.</p>" for part in range(3)
    )
    line = "<p>Sign up for our morning letter and read the whole paper before breakfast.</p>"
    title = f"District {number}"
    return (
        f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{text}{line}</article></body></html>"
    )


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records in no order, long ones, later versions, addresses that others have; a site that repeats a line, and its feed."""
    folder = tmp_path_factory.mktemp("sources")
    chance = random.Random(7)
    records = [record(number) for number in range(ARTICLES)]
    chance.shuffle(records)
    long = " ".join(record(number)["body"] for number in range(60))
    records[200:200] = [record(9000 + number) | {"body": f"{long} Edition {number}."} for number in range(110)]
    for apart in (1, 30, 60, 100, 300):
        for place in (350, 480, 610):
            again = {"title": f"Corrected at {place}", "updated_at": f"2026-05-01T00:00:{apart % 60:02}Z"}
            records.insert(place, records[place - apart] | again)
            records.insert(place + 5, {name: value for name, value in records[place - apart].items() if name != "id"})
    site = folder / "site.example"
    site.mkdir()
    for number in range(PAGES):
        for name in (f"{number:03}.html", f"{number:03}-again.html")[: 1 + (number % 3 == 0)]:
            (site / name).write_text(page(number), encoding="utf-8")
    (site / "z.xml").write_text(feed(range(3, PAGES, 8)), encoding="utf-8")
    write_jsonl(folder / "articles.jsonl", records)
    return folder


def begun(index: IndexFolder, sources: Path) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-m", "search_api", "ingest", str(sources), "--index", str(index.root), "--json"]
    environment = {**os.environ, "DATELINE_MODEL": "text-hash"}
    return subprocess.Popen(arguments, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def changes(index: IndexFolder) -> int:
    try:
        with closing(sqlite3.connect(f"file:{index.archive}?mode=ro", uri=True)) as db, db:
            return int(db.execute("SELECT count(*) FROM changes").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


@pytest.mark.timeout(300 + 30 * KILLS)
def test_a_run_killed_at_random_moments_ends_like_one_that_was_not(tmp_path: Path, sources: Path) -> None:
    clean = IndexFolder(tmp_path / "clean")
    started = time.monotonic()
    assert begun(clean, sources).wait() == 0
    whole_s = time.monotonic() - started
    expected = contents(clean)
    chance = random.Random(6)
    kills = half_done = finished = 0
    while kills < KILLS or not finished:
        index = IndexFolder(tmp_path / f"killed-{finished}")
        while True:
            process = begun(index, sources)
            at_s, at_change = (
                chance.uniform(0, whole_s),
                changes(index) + chance.randint(1, len(expected["changes"]) // 2),
            )
            started, by_time = time.monotonic(), kills < AT_ANY_TIME
            while process.poll() is None and kills < KILLS:
                if time.monotonic() - started >= at_s if by_time else changes(index) >= at_change:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    kills += 1
                    half_done += 0 < changes(index) < len(expected["changes"])
                    break
                time.sleep(0.003)
            if process.wait() == 0:
                break
        finished += 1
        found = contents(index)
        assert {name: found[name] == expected[name] for name in expected} == dict.fromkeys(expected, True)
        assert jobs.verify(index) == []
    assert half_done >= KILLS / 4


@pytest.mark.parametrize("told", [True, False])
def test_a_run_killed_before_its_generation_serves_is_ended_by_the_next(
    tmp_path: Path, sources: Path, told: bool
) -> None:
    index = IndexFolder(tmp_path / "index")
    jobs.ingest(index, [str(sources)])
    expected = contents(index)
    (index.root / "CURRENT").unlink()
    if not told:
        with closing(sqlite3.connect(index.archive)) as db, db:
            db.execute("DELETE FROM meta WHERE name = 'served'")
    jobs.ingest(index, [str(sources)])
    assert index.current() == 1
    assert contents(index) == expected
    assert jobs.verify(index) == []


def test_a_generation_that_is_not_whole_is_not_pointed_to(tmp_path: Path, sources: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    jobs.ingest(index, [str(sources)])
    (index.root / "CURRENT").unlink()
    (index.generation(1) / "manifest.json").write_text("{}", encoding="utf-8")
    jobs.ingest(index, [str(sources)])
    assert index.current() is None


def test_the_second_of_two_ingests_says_who_is_writing(tmp_path: Path, sources: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    with index.writing():
        done = command("ingest", str(sources), "--index", str(index.root))
    assert done.returncode == 2
    assert done.stderr.strip() == (f"error: process {os.getpid()} is writing to {index.root}; wait until it is done")


def test_each_text_is_embedded_once_however_often_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded: list[str] = []
    encode = TextHashEncoder.encode_documents

    def noting(self: TextHashEncoder, texts: Sequence[str]) -> Embeddings:
        embedded.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(TextHashEncoder, "encode_documents", noting)
    records = [record(number) for number in range(3 * WINDOW_ARTICLES)]
    copies = [one | {"id": f"copy-{one['id']}", "url": None} for one in records[:: WINDOW_ARTICLES // 2]]
    report = jobs.ingest(
        IndexFolder(tmp_path / "index"), [str(write_jsonl(tmp_path / "a.jsonl", [*records, *copies]))]
    ).report
    assert len(embedded) == len(set(embedded)) == report.encoded == len(records)
    assert report.chunks == len(records) + len(copies)


def test_a_changed_paragraph_costs_only_the_chunks_that_it_changes(tmp_path: Path) -> None:
    paragraphs = [
        f"Paragraph {number} says what witness {number} saw at the quay before the ferry left." for number in range(60)
    ]
    article = record(1) | {"body": "\n\n".join(paragraphs)}
    index = index_of(tmp_path, [article])
    before = jobs.status(index)["archive"]["chunks"]
    assert before > 5
    paragraphs[30] = "Paragraph 30 says what nobody 30 saw at the harbour before the ferry sank."
    changed = article | {"body": "\n\n".join(paragraphs)}
    report = jobs.ingest(index, [str(write_jsonl(tmp_path / "changed.jsonl", [changed]))]).report
    assert (report.updated, report.chunks, report.encoded) == (1, before, 1)


def test_another_model_embeds_all_anew_while_the_old_generation_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = index_of(tmp_path, [record(number) for number in range(60)])
    library = opened_library(index)
    asked: list[Any] = []

    class Other(TextHashEncoder):
        fingerprint = "other-1"

        def encode_documents(self, texts: Sequence[str]) -> Embeddings:
            hits = search(library, SearchQuery("ferry report", anything())).hits
            asked.append((len(texts), index.current(), hits[0].article.section))
            return -super().encode_documents(texts)

    monkeypatch.setattr("search_api.generation_jobs.load_encoder", lambda *_arguments, **_options: Other())
    done = generation_jobs.reindex(index)
    assert done.encoded == sum(texts for texts, _, _ in asked) == 60
    assert {(number, section) for _, number, section in asked} == {(1, "ferry")}
    assert (done.activated, index.current()) == (True, 2)
    library.close()
