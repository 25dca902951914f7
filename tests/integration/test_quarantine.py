"""What is rejected is kept, mended, and taken in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from indexer import quarantine as module
from indexer.archive import Archive
from indexer.layout import IndexFolder
from indexer.quarantine import Quarantine, QuarantineEntry, entry_id, read_again
from indexer.sources.items import PARTIAL_LINE, Reading, article_item
from indexer.types import Found, Reject
from search_api import jobs
from tests.support import NOW, command, record, write_jsonl

BROKEN = '{"id": "b1", "title": "Ferry'
DATELESS = {"id": "b2", "title": "Ferry", "body": "It sailed.", "published_at": "yesterday"}


def rejected_index(tmp_path: Path) -> IndexFolder:
    index = IndexFolder(tmp_path / "index")
    source = write_jsonl(tmp_path / "news.jsonl", [record(0), BROKEN, DATELESS])
    (tmp_path / "empty.txt").write_text("")
    done = jobs.ingest(index, [str(source), str(tmp_path / "empty.txt")])
    assert (done.report.rejected, done.not_kept) == (3, 0)
    return index


def held(index: IndexFolder) -> dict[tuple[str, str], QuarantineEntry]:
    """The entries by name of the source file and place."""
    return {(Path(entry.source).name, entry.place): entry for entry in jobs.quarantine_of(index).entries()}


def content(index: IndexFolder, place: str) -> Path:
    path = held(index)["news.jsonl", place].content
    assert path
    return path


def stored_title(index: IndexFolder, article_id: str) -> str | None:
    with Archive(index.archive) as archive:
        found = archive.article(article_id)
        return found[0].title if found else None


def rejects(places: Iterable[str], body: bytes = b"{\n") -> list[Reject]:
    return [Reject("s.jsonl", place, "bad", body, ".jsonl") for place in places]


def test_each_reject_is_kept_with_its_bytes_and_reason(tmp_path: Path) -> None:
    index = rejected_index(tmp_path)
    entries = held(index)
    assert list(entries) == [("empty.txt", "file"), ("news.jsonl", "line 2"), ("news.jsonl", "line 3")]
    broken = entries["news.jsonl", "line 2"]
    assert content(index, "line 2").read_text() == f"{BROKEN}\n"
    assert "not valid JSON" in broken.reason
    assert json.loads(content(index, "line 3").read_text()) == DATELESS
    assert entries["empty.txt", "file"].content is None


def test_an_entry_can_be_read_by_a_person(tmp_path: Path) -> None:
    Quarantine(tmp_path).put([Reject("گزارش.jsonl", "line 2", "not valid JSON", b"{\n", ".jsonl")], at=NOW)
    name = entry_id("گزارش.jsonl", "line 2")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.json", f"{name}.jsonl"]
    text = (tmp_path / f"{name}.json").read_text(encoding="utf-8")
    assert '"source": "گزارش.jsonl"' in text
    assert json.loads(text) == {
        "source": "گزارش.jsonl",
        "place": "line 2",
        "reason": "not valid JSON",
        "rejected_at": "2026-06-01T12:00:00Z",
        "content": f"{name}.jsonl",
        "content_hash": "a6fb08fda1acb957b6116bd37811a1fe41a01611c0631edbf786d6889a27a55c",
    }
    mask = os.umask(0)
    os.umask(mask)
    assert all(path.stat().st_mode & 0o777 == 0o666 & ~mask for path in tmp_path.iterdir())


def test_what_was_mended_goes_in_and_leaves_the_quarantine(tmp_path: Path) -> None:
    index = rejected_index(tmp_path)
    content(index, "line 2").write_text('{"id": "b1", "title": "Ferry", "body": "It sank."}')
    (tmp_path / "empty.txt").write_text('{"id": "b3", "title": "Saved at last"}')
    done = jobs.retry(index)
    assert (done.report.read, done.report.new, done.report.rejected) == (3, 2, 1)
    assert (stored_title(index, "b1"), stored_title(index, "b3")) == ("Ferry", "Saved at last")
    ((name, left),) = held(index).items()
    assert name == ("news.jsonl", "line 3")
    assert "published_at is 'yesterday'" in left.reason
    assert len(list(jobs.quarantine_of(index).folder.iterdir())) == 2


def test_what_was_mended_badly_stays_as_it_is_with_its_new_reason(tmp_path: Path) -> None:
    index = rejected_index(tmp_path)
    for text, reason in (
        ('{"id": "b1"}', "neither title nor body"),
        ("no JSON", "not valid JSON"),
        ("", "file is empty"),
        ('{"id": "a/b", "title": "Ferry"}\n', "expected 1 to 200 printable characters without / ? #"),
    ):
        content(index, "line 2").write_text(text)
        jobs.retry(index)
        assert reason in held(index)["news.jsonl", "line 2"].reason
        assert content(index, "line 2").read_text().strip() == text.strip().replace('": "', '":"').replace(
            '", "', '","'
        )
    assert len(held(index)) == 3


def test_an_item_may_be_split_in_the_quarantine(tmp_path: Path) -> None:
    index = rejected_index(tmp_path)
    content(index, "line 2").write_text('{"id": "c1", "title": "One"}\n{"id": "c2"}\n{"id": "c3", "title": "Three"}\n')
    done = jobs.retry(index)
    assert (done.report.new, done.report.rejected) == (2, 3)
    assert set(held(index)) == {("news.jsonl", "line 2, line 2"), ("news.jsonl", "line 3"), ("empty.txt", "file")}
    content(index, "line 2, line 2").write_text('{"id": "c2", "title": "Two"}')
    assert jobs.retry(index).report.new == 1
    assert [stored_title(index, name) for name in ("c1", "c2", "c3")] == ["One", "Two", "Three"]


def test_an_entry_goes_when_its_files_are_deleted(tmp_path: Path) -> None:
    index = rejected_index(tmp_path)
    for path in list(jobs.quarantine_of(index).folder.iterdir()):
        path.unlink()
    assert (held(index), jobs.retry(index).report.read) == ({}, 0)


def test_an_item_whose_content_was_deleted_is_read_from_its_source(tmp_path: Path) -> None:
    index = rejected_index(tmp_path)
    content(index, "line 2").unlink()
    write_jsonl(tmp_path / "news.jsonl", [record(0), {"id": "b1", "title": "Mended in the source"}, DATELESS])
    done = jobs.retry(index)
    assert stored_title(index, "b1") == "Mended in the source"
    assert (done.report.new, done.report.unchanged, done.report.rejected) == (1, 1, 2)
    assert set(held(index)) == {("news.jsonl", "line 3"), ("empty.txt", "file")}


def test_a_source_that_is_gone_is_said_once(tmp_path: Path) -> None:
    index = rejected_index(tmp_path)
    (tmp_path / "empty.txt").unlink()
    for _ in range(2):
        jobs.retry(index)
        assert held(index)["empty.txt", "file"].reason == "file is empty; the file is not there any more"


def test_a_contradicting_article_stays_out_when_it_is_tried_again(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    jobs.ingest(index, [str(write_jsonl(tmp_path / "news.jsonl", [record(1), record(1) | {"title": "Another"}]))])
    for _ in range(2):
        assert jobs.retry(index).report.rejected == 1
        assert "was already read at line 1" in held(index)["news.jsonl", "line 2"].reason
    assert stored_title(index, "a1") == record(1)["title"]


def test_reading_a_source_again_replaces_what_was_rejected_of_it(tmp_path: Path) -> None:
    index = rejected_index(tmp_path)
    jobs.ingest(index, [str(write_jsonl(tmp_path / "news.jsonl", [record(0), DATELESS]))])
    assert set(held(index)) == {("news.jsonl", "line 2"), ("empty.txt", "file")}
    assert json.loads(content(index, "line 2").read_text()) == DATELESS


def test_reading_a_source_again_keeps_what_was_mended_of_it_and_not_tried_yet(tmp_path: Path) -> None:
    index = rejected_index(tmp_path)
    mended = '{"id": "b1", "title": "Mended"}'
    content(index, "line 2").write_text(mended)
    jobs.ingest(index, [str(tmp_path / "news.jsonl")])
    assert content(index, "line 2").read_text() == mended
    write_jsonl(tmp_path / "news.jsonl", [record(0), '{"now": "broken otherwise', DATELESS])
    jobs.ingest(index, [str(tmp_path / "news.jsonl")])
    assert content(index, "line 2").read_text() == '{"now": "broken otherwise\n'


def test_a_dry_run_keeps_nothing(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    jobs.ingest(index, [str(write_jsonl(tmp_path / "news.jsonl", [BROKEN]))], dry_run=True)
    assert not (tmp_path / "index").exists()


def test_a_record_of_a_source_that_cannot_know_every_field_stays_such_a_record(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    feed_item = {"title": "Ferry", "url": "https://paper.example/ferry", "published_at": "soon"}
    rejected = article_item(feed_item, "feed.xml", "item 3", Reading(NOW), partial=True)
    assert isinstance(rejected, Reject)
    quarantine.put([rejected], at=NOW)
    (entry,) = quarantine.entries()
    assert entry.content
    assert entry.content.name == f"{entry.entry_id}{PARTIAL_LINE}"
    entry.content.write_text(json.dumps(feed_item | {"published_at": "2026-03-01"}))
    (item,) = read_again([entry], Reading(NOW))
    assert isinstance(item, Found)
    assert (item.partial, item.source, item.place) == (True, "feed.xml", "item 3")


def test_a_record_that_is_no_line_of_json_is_kept_without_it() -> None:
    assert article_item({"title": "\ud800"}, "s", "item 1", Reading(NOW)) == Reject(
        "s", "item 1", "neither title nor body has text; at least one is required", None, ".jsonl"
    )


def test_a_line_is_read_as_one_whatever_its_words_look_like(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    line = b'{"title": "Ferry", "versioncreated": "2026-03-01", "headlines": [], "id": "n1"}\n'
    quarantine.put([Reject("wire.xml", "item 1", "bad", line, ".jsonl")], at=NOW)
    (item,) = read_again(quarantine.entries(), Reading(NOW))
    assert isinstance(item, Found)
    assert item.article.id == "n1"


@pytest.mark.parametrize(
    ("limit", "value", "kept"),
    [
        ("MOST_ENTRIES", 2, ["line 9", "line 10"]),
        ("MOST_BYTES_EACH", 1, []),
        ("MOST_BYTES", 6, ["line 9", "line 10", "line 11"]),
    ],
)
def test_the_folder_has_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, kept: list[str]
) -> None:
    monkeypatch.setattr(module, limit, value)
    quarantine = Quarantine(tmp_path)
    places = [f"line {number}" for number in range(9, 13)]
    assert quarantine.put(rejects(places), at=NOW) == 4 - len(kept)
    assert [entry.place for entry in quarantine.entries()] == kept
    assert quarantine.put(rejects(kept, b"[\n"), at=NOW + timedelta(days=1)) == 0
    assert all(entry.content and entry.content.read_bytes() == b"[\n" for entry in quarantine.entries())
    quarantine.remove([entry_id("s.jsonl", place) for place in kept])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["bad\udcff\nname", "a\0b", "\\udcff", "x" * 5000, "http://paper.example/?q=<b>", "../../up"]
)
def test_a_source_may_have_any_name(tmp_path: Path, name: str) -> None:
    quarantine = Quarantine(tmp_path / "held")
    quarantine.put(
        [Reject(name, "line 1", "no \ud800", b'{"title": "x"}', ".jsonl"), Reject(name, "file", "bad")], at=NOW
    )
    entries = quarantine.entries()
    assert [(entry.source, entry.place) for entry in entries] == [(name, "file"), (name, "line 1")]
    whole, item = read_again(entries, Reading(NOW))
    assert whole == Reject(name, "file", "bad; the file is not there any more")
    assert isinstance(item, Found)
    assert (item.source, item.place, item.article.title) == (name, "line 1", "x")
    quarantine.forget_sources([name])
    assert list((tmp_path / "held").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["held"]


@pytest.mark.parametrize("ending", ["", ".json", "/../x", ".JSONL", ".html/", ".partial"])
def test_an_ending_that_is_none_becomes_a_plain_one(tmp_path: Path, ending: str) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.put([Reject("s", "item 1", "bad", b"text", ending)], at=NOW)
    (entry,) = quarantine.entries()
    assert entry.content == tmp_path / f"{entry.entry_id}{'.partial' if ending == '.partial' else '.txt'}"


def test_foreign_and_damaged_files_are_named_in_the_log_and_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.put(rejects(["line 1", "line 2"]), at=NOW)
    good, damaged = (tmp_path / f"{entry_id('s.jsonl', place)}.json" for place in ("line 1", "line 2"))
    facts: dict[str, Any] = json.loads(good.read_text())
    damaged.write_text("{")
    foreign = {
        "other.json": "[]",
        "0123456789abcdef.json": json.dumps(facts),
        "deep.json": "[" * 100_000,
        "notes.txt": "mine",
    }
    for name, text in foreign.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder.json").mkdir()
    assert [entry.place for entry in quarantine.entries()] == ["line 1"]
    for name in ("other.json", "0123456789abcdef.json", "deep.json", "folder.json", damaged.name):
        assert f"{name} is no entry of the quarantine" in caplog.text
    good.write_text(json.dumps(facts | {"content": "../other.jsonl"}))
    assert quarantine.entries() == []
    assert quarantine.put(rejects(["line 1", "line 2"]), at=NOW) == 0
    assert [entry.place for entry in quarantine.entries()] == ["line 1", "line 2"]
    quarantine.forget_sources(["s.jsonl"])
    assert {path.name for path in tmp_path.iterdir()} == {*foreign, "folder.json"}


def test_a_reject_does_not_show_its_content() -> None:
    assert "secret" not in repr(Reject("s", "line 1", "bad", b"secret", ".jsonl"))


def test_the_command_names_the_folder_and_tries_again(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "news.jsonl", [BROKEN, DATELESS])
    index = str(tmp_path / "index")
    first = command("ingest", str(source), "--index", index)
    assert first.returncode == 1
    assert (
        f"rejected items are in {tmp_path}/index/quarantine; mend them there, then: dateline ingest --retry"
        in first.stderr
    )
    again = json.loads(command("ingest", "--retry", "--json", "--index", index).stdout)
    assert (again["read"], again["rejected"]) == (2, 2)
    assert sum(again["rejected_by_reason"].values()) == 2
    assert command("ingest", "--retry", str(source), "--index", index).returncode == 2


def test_a_folder_that_could_not_be_read_is_named_until_it_is_read_again(tmp_path: Path) -> None:
    index = rejected_index(tmp_path)
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    closed = Reject(str(incoming), "file", "cannot be read: Permission denied")
    quarantine = jobs.quarantine_of(index)
    quarantine.put([closed], at=NOW)
    (again,) = (item for item in read_again(quarantine.entries(), Reading(NOW)) if item.source == str(incoming))
    assert isinstance(again, Reject)
    assert again.reason == "it is a folder that can be read by now; ingest it again"
    write_jsonl(incoming / "more.jsonl", [record(7)])
    jobs.ingest(index, [str(tmp_path / "incoming")])
    assert ("incoming", "file") not in held(index)
    assert stored_title(index, "a7") == record(7)["title"]
