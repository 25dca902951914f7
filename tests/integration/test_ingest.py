from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import IndexBusy, ModelError
from indexer.layout import IndexFolder
from search_api import generation_jobs, jobs
from search_api.query import SearchQuery
from search_api.searcher import search
from tests.support import ROOT, anything, contents, index_of, opened_library, record, write_jsonl


def kill_when(arguments: list[str], ready: Callable[[], bool], model: str = "text-hash") -> None:
    """Start a dateline command and kill it without warning as soon as `ready`."""
    environment = {**os.environ, "DATELINE_MODEL": model}
    process = subprocess.Popen(
        [sys.executable, "-m", "search_api", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 180
    while not ready():
        assert process.poll() is None, "the command ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()


def stored(index: IndexFolder, table: str, condition: str = "1") -> int:
    try:
        with closing(sqlite3.connect(f"file:{index.archive}?mode=ro", uri=True)) as db, db:
            return int(db.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_an_ingest_killed_half_way_and_run_again_ends_like_a_clean_one(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", [record(number) for number in range(3000)])
    clean, killed = IndexFolder(tmp_path / "clean"), IndexFolder(tmp_path / "killed")
    jobs.ingest(clean, [str(source)])
    kill_when(["ingest", str(source), "--index", str(killed.root)], lambda: stored(killed, "articles") >= 200)
    assert 200 <= stored(killed, "articles") < 3000
    done = jobs.ingest(killed, [str(source)])
    assert done.report.new + done.report.unchanged == 3000
    assert done.report.unchanged >= 200
    assert contents(killed) == contents(clean)
    assert jobs.verify(killed) == []


def test_a_reindex_killed_half_way_and_run_again_ends_like_a_clean_one(tmp_path: Path) -> None:
    records = [record(number) for number in range(600)]
    clean, killed = index_of(tmp_path / "clean", records), index_of(tmp_path / "killed", records)
    generation_jobs.reindex(clean, model="all-MiniLM-L6-v2")
    real = "recipe NOT LIKE 'text-hash%'"
    kill_when(
        ["reindex", "--index", str(killed.root), "--model", "all-MiniLM-L6-v2"],
        lambda: stored(killed, "chunks", real) >= 256,
    )
    assert 256 <= stored(killed, "chunks", real) < 600
    assert killed.current() == 1
    assert jobs.verify(killed) == []
    done = generation_jobs.reindex(killed, model="all-MiniLM-L6-v2")
    assert 0 < done.encoded < 600
    assert contents(killed)["chunks"] == contents(clean)["chunks"]
    answers = []
    for index in (clean, killed):
        library = opened_library(index)
        answers.append([hit.article.id for hit in search(library, SearchQuery("boat accident", anything())).hits])
        library.close()
    assert answers[0] == answers[1]


def test_what_a_build_that_was_killed_left_behind_is_removed(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(1)])
    leftover = index.generations / ".building-2-999"
    leftover.mkdir()
    (leftover / "half").write_bytes(b"x")
    generation_jobs.reindex(index)
    assert not leftover.exists()
    assert index.current() == 2


def test_the_second_run_over_the_same_files_changes_nothing(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(number) for number in range(10)])
    before = contents(index)
    report = jobs.ingest(index, [str(tmp_path / "articles.jsonl")]).report
    assert (report.unchanged, report.encoded) == (10, 0)
    assert contents(index) == before


def test_a_changed_article_becomes_a_new_version_and_only_its_new_text_is_encoded(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(1), record(2)])
    changed = record(1) | {"section": "moved"}
    report = jobs.ingest(index, [str(write_jsonl(tmp_path / "new.jsonl", [changed, record(2)]))]).report
    assert (report.updated, report.unchanged, report.encoded) == (1, 1, 0)
    assert [row[1] for row in contents(index)["versions"]] == [1, 2, 1]


def test_bad_items_are_rejected_with_their_place_and_the_rest_goes_on(tmp_path: Path) -> None:
    records: list[Any] = [
        record(1),
        '{"title": "broken',
        record(2),
        '"no object"',
        json.dumps({"id": "x"}),
        record(3) | {"published_at": "2031-01-01"},
    ]
    write_jsonl(tmp_path / "articles.jsonl", records)
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "binary.html").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "login.html").write_text("<html><body><h1>Please log in</h1></body></html>", encoding="utf-8")
    huge = tmp_path / "huge.jsonl"
    with huge.open("w", encoding="utf-8") as file:
        file.write('{"title": "big", "body": "' + "x" * 50_000_000 + '"}\n')
        file.write(json.dumps(record(4)) + "\n")
    report = jobs.ingest(IndexFolder(tmp_path / "index"), [str(tmp_path)]).report
    reasons = {(Path(reject.source).name, reject.place): reject.reason for reject in report.rejects}
    assert (report.read, report.new, report.rejected) == (11, 3, 8)
    assert report.read == report.new + report.updated + report.unchanged + report.rejected
    assert "not valid JSON" in reasons["articles.jsonl", "line 2"]
    assert "expected a JSON object" in reasons["articles.jsonl", "line 4"]
    assert "neither title nor body" in reasons["articles.jsonl", "line 5"]
    assert "in the future" in reasons["articles.jsonl", "line 6"]
    assert "empty" in reasons["empty.jsonl", "file"]
    assert "binary" in reasons["binary.html", "file"]
    assert "no article found" in reasons["login.html", "page"]
    assert "50,000,0" in reasons["huge.jsonl", "line 1"]


def test_two_articles_with_one_id_keep_the_first_and_name_both_places(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", [record(1), record(1) | {"title": "Another story"}, record(1)])
    index = IndexFolder(tmp_path / "index")
    for expected in ((1, 0, 1, 1), (0, 0, 2, 1)):
        report = jobs.ingest(index, [str(source)]).report
        assert (report.new, report.updated, report.unchanged, report.rejected) == expected
        assert "line 1 with other content" in report.rejects[0].reason
        assert report.rejects[0].place == "line 2"


def test_a_later_update_within_one_run_is_taken(tmp_path: Path) -> None:
    later = record(1) | {"title": "Corrected", "updated_at": "2026-03-01T00:00:00Z"}
    index = IndexFolder(tmp_path / "index")
    report = jobs.ingest(index, [str(write_jsonl(tmp_path / "a.jsonl", [record(1), later]))]).report
    assert (report.new, report.updated, report.rejected) == (1, 1, 0)
    library = opened_library(index)
    assert library.archive.article("a1") is not None
    assert library.archive.article("a1")[0].title == "Corrected"  # type: ignore[index]


def test_reading_the_same_files_again_takes_no_old_version_back(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    write_jsonl(incoming / "1-monday.jsonl", [record(1) | {"updated_at": "2026-03-01T00:00:00Z"}, record(2)])
    write_jsonl(
        incoming / "2-tuesday.jsonl",
        [
            record(1) | {"title": "Corrected", "updated_at": "2026-03-02T00:00:00Z"},
            record(2) | {"pubstatus": "withheld"},
        ],
    )
    index = IndexFolder(tmp_path / "index")
    report = jobs.ingest(index, [str(incoming)]).report
    assert (report.new, report.updated, report.rejected) == (2, 2, 0)
    before = contents(index)
    for source in (incoming, incoming / "1-monday.jsonl"):
        report = jobs.ingest(index, [str(source)]).report
        assert report.unchanged == report.read
        assert contents(index) == before
    with jobs.opened(index) as library:
        assert [hit.article.title for hit in search(library, SearchQuery("report", anything())).hits] == ["Corrected"]


def test_every_version_of_one_file_is_stored_whatever_the_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = [record(1) | {"title": f"Take {n}", "updated_at": f"2026-03-0{n}T00:00:00Z"} for n in (1, 2, 3)]
    source = write_jsonl(tmp_path / "articles.jsonl", versions)
    found = []
    for batch in (64, 1):
        monkeypatch.setattr("indexer.ingest.BATCH_ARTICLES", batch)
        index = IndexFolder(tmp_path / f"index-{batch}")
        jobs.ingest(index, [str(source)])
        jobs.ingest(index, [str(source)])
        found.append(contents(index))
    assert found[0] == found[1]
    assert len(found[0]["versions"]) == 3


def test_a_full_record_after_the_page_of_the_article_completes_it(tmp_path: Path) -> None:
    full = {name: value for name, value in record(1).items() if name != "id"}
    page = tmp_path / "page.html"
    text = "".join(f"<p>{paragraph}</p>" for paragraph in full["body"].split("\n\n"))
    head = f'<title>{full["title"]}</title><link rel="canonical" href="{full["url"]}">'
    page.write_text(f"<html><head>{head}</head><body><h1>{full['title']}</h1>{text}</body></html>", encoding="utf-8")
    source = write_jsonl(tmp_path / "articles.jsonl", [full])
    index = IndexFolder(tmp_path / "index")
    report = jobs.ingest(index, [str(page), str(source)]).report
    assert (report.new, report.updated, report.rejected) == (1, 1, 0)
    again = jobs.ingest(index, [str(page), str(source)]).report
    assert again.unchanged == 2


def test_a_page_read_again_takes_no_correction_back(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    full = {name: value for name, value in record(1).items() if name != "id"}
    text = "".join(f"<p>{paragraph}</p>" for paragraph in full["body"].split("\n\n"))
    head = f'<title>{full["title"]}</title><link rel="canonical" href="{full["url"]}">'
    page = f"<html><head>{head}</head><body><h1>{full['title']}</h1>{text}</body></html>"
    (incoming / "1-page.html").write_text(page, encoding="utf-8")
    corrected = full | {"title": "Corrected headline", "updated_at": "2026-03-02T00:00:00Z"}
    write_jsonl(incoming / "2-fix.jsonl", [corrected])
    index = IndexFolder(tmp_path / "index")
    jobs.ingest(index, [str(incoming)])
    before = contents(index)
    for _ in range(2):
        report = jobs.ingest(index, [str(incoming)]).report
        assert (report.unchanged, report.superseded) == (2, 1)
    assert contents(index) == before
    with jobs.opened(index) as library:
        assert [hit.article.title for hit in search(library, SearchQuery("rate", anything())).hits] == [
            corrected["title"]
        ]


def test_an_older_version_comes_back_only_with_a_later_time(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(1)])
    for changes, expected in (
        ({"pubstatus": "withheld"}, (1, 0)),
        ({}, (0, 1)),
        ({"updated_at": "2026-03-02T00:00:00Z"}, (1, 0)),
    ):
        report = jobs.ingest(index, [str(write_jsonl(tmp_path / "again.jsonl", [record(1) | changes]))]).report
        assert (report.updated, report.superseded) == expected


def test_the_archive_s_article_of_an_address_comes_before_the_batch_s(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(1)])
    url = record(1)["url"]
    stated = {"id": "y", "url": url, "title": "Another id", "body": "The same address under an id of its own."}
    bare = {"url": url, "title": "Without an id", "body": "This is of the article that had the address first."}
    source = write_jsonl(tmp_path / "more.jsonl", [stated, bare])
    jobs.ingest(index, [str(source)])
    before = contents(index)
    assert jobs.ingest(index, [str(source)]).report.unchanged == 2
    assert contents(index) == before


def test_one_address_is_one_article_however_it_is_written(tmp_path: Path) -> None:
    stated = record(1) | {"url": "https://news.example/a/?q=1&utm_source=x"}
    bare = {"title": "The same page", "body": record(1)["body"], "url": "http://news.example/a/?q=1"}
    index = IndexFolder(tmp_path / "index")
    sources = [str(write_jsonl(tmp_path / f"{n}.jsonl", [one])) for n, one in enumerate((stated, bare))]
    report = jobs.ingest(index, sources).report
    assert (report.new, report.updated) == (1, 1)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"title": "x", "body": "NaN", "extra": {"a": "\\ud800"}}', "cannot be stored"),
        ('{"title": "x", "published_at": "Mon, 01 Jan 99999999999999 00:00:00 +0000"}', "published_at"),
        ('{"title": "x", "published_at": "0001-01-01T00:00:00Z"}', "outside the years 1605 to 9999"),
        ('{"title": "x", "deep": ' + "[" * 1000 + "]" * 1000 + "}", "cannot be stored"),
    ],
)
def test_odd_values_are_rejected_one_by_one(tmp_path: Path, line: str, reason: str) -> None:
    index = IndexFolder(tmp_path / "index")
    report = jobs.ingest(index, [str(write_jsonl(tmp_path / "a.jsonl", [record(1), line, record(2)]))]).report
    assert (report.new, report.rejected) == (2, 1)
    assert reason in report.rejects[0].reason
    assert jobs.verify(index) == []


def test_a_half_character_is_dropped_from_a_headline(tmp_path: Path) -> None:
    line = '{"title": "NaN in \\ud800 title", "body": "x"}'
    assert jobs.ingest(IndexFolder(tmp_path / "i"), [str(write_jsonl(tmp_path / "a.jsonl", [line]))]).report.new == 1


def test_a_dry_run_says_what_would_happen_and_stores_nothing(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(1), record(2)])
    before = contents(index)
    source = write_jsonl(tmp_path / "new.jsonl", [record(1), record(2) | {"title": "New"}, record(3), record(3), "{"])
    report = jobs.ingest(index, [str(source)], dry_run=True).report
    assert (report.new, report.updated, report.unchanged, report.rejected) == (1, 1, 2, 1)
    assert contents(index) == before


def test_exact_copies_are_counted(tmp_path: Path) -> None:
    copy = record(1) | {"id": "copy", "url": "https://other.example/1", "source": "Wire"}
    report = jobs.ingest(
        IndexFolder(tmp_path / "index"), [str(write_jsonl(tmp_path / "a.jsonl", [record(1), copy]))]
    ).report
    assert (report.new, report.duplicates) == (2, 1)


def test_a_model_other_than_the_index_s_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from indexer.archive import Archive
    from indexer.encoder import load_encoder
    from indexer.ingest import Ingest
    from tests.support import NOW

    index = index_of(tmp_path, [record(1)])
    monkeypatch.delenv("DATELINE_MODEL")
    with (
        Archive(index.archive) as archive,
        pytest.raises(ModelError, match=r"built with model text-hash .* reindex --model"),
    ):
        Ingest(archive, load_encoder("all-MiniLM-L6-v2"), now=NOW)
    assert jobs.ingest(index, [str(tmp_path / "articles.jsonl")]).report.unchanged == 1


def test_two_writers_at_once_are_told_apart(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(1)])
    with index.writing(), pytest.raises(IndexBusy, match=f"process {os.getpid()}"), index.writing():
        pass


@pytest.mark.parametrize("limit", ["MOST_ENTRIES", "MOST_BYTES"])
def test_of_very_many_rejects_the_first_are_kept_and_all_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    lines = [f'{{"id": "a/{number}", "title": "Wrong id", "body": "Text."}}' for number in range(40)]
    room = 3 if limit == "MOST_ENTRIES" else 149  # bytes: three of those lines, and not the one that is no JSON
    monkeypatch.setattr(f"indexer.ingest_report.{limit}", room)
    index = IndexFolder(tmp_path / "index")
    done = jobs.ingest(index, [str(write_jsonl(tmp_path / "a.jsonl", [*lines, '{"broken', record(1)]))])
    assert (done.report.read, done.report.new, done.report.rejected, done.not_kept) == (42, 1, 41, 38)
    assert [reject.place for reject in done.report.rejects] == ["line 1", "line 2", "line 3"]
    assert sorted(done.report.reasons.values()) == [1, 40]
    again = jobs.retry(index).report
    assert (again.rejected, len(again.rejects)) == (3, 3)
    write_jsonl(tmp_path / "a.jsonl", [record(2)])
    assert jobs.ingest(index, [str(tmp_path / "a.jsonl")]).report.new == 1
    assert not list((index.root / "quarantine").glob("*.json"))


@pytest.mark.parametrize("held", [1, 7, 100_000])
def test_what_does_not_fit_in_memory_is_remembered_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr("indexer.scratch.MOST_IN_MEMORY", held)
    records = [record(number) for number in range(20)]
    other = record(3) | {"title": "Other content"}
    first = write_jsonl(tmp_path / "1.jsonl", [*records, other, record(3)])
    second = write_jsonl(tmp_path / "2.jsonl", [other])
    for dry_run in (True, False):
        report = jobs.ingest(IndexFolder(tmp_path / "index"), [str(first), str(second)], dry_run=dry_run).report
        assert (report.new, report.updated, report.unchanged, report.rejected) == (20, 1, 1, 1)
        (reject,) = report.rejects
        assert (reject.source, reject.place) == (str(first), "line 21")
        assert reject.reason.startswith("id 'a3' was already read at line 4")
