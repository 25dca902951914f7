from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from indexer import backup as backups
from indexer.archive import Archive
from indexer.archive_connection import copy_database
from indexer.backup import CONTENTS, make, read_contents, restore
from indexer.errors import DatelineError, IndexBusy, IndexDamaged, IndexMissing, SettingError
from indexer.generations import check_files, read_manifest
from indexer.layout import IndexFolder
from search_api import jobs
from search_api.generation_jobs import reindex
from search_api.keys import Keys, Scope
from search_api.query import SearchQuery
from tests.support import anything, command, contents, index_of, record, write_jsonl

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
QUERIES = ("ferry", "policy rate", "earthquake in the villages", "dispatch 7", "cup final Lima")


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    index = index_of(tmp_path, [*(record(number) for number in range(40)), "{broken"])
    Keys.of(index).add("cms", Scope.WRITE, now=AT)
    more = write_jsonl(tmp_path / "more.jsonl", [record(number) for number in range(40, 50)])
    jobs.ingest(index, [str(more)])
    return index


@pytest.fixture
def made(index: IndexFolder, tmp_path: Path) -> Path:
    make(index, tmp_path / "backup", now=AT)
    return tmp_path / "backup"


def answers(index: IndexFolder) -> list[list[tuple[str, float]]]:
    found = [jobs.search(index, SearchQuery(text, anything(), limit=20)).hits for text in QUERIES]
    return [[(hit.article.id, round(hit.score, 6)) for hit in hits] for hits in found]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_backup_lists_all_that_it_holds_and_nothing_that_can_be_made_again(index: IndexFolder, made: Path) -> None:
    (index.models / "a").mkdir(parents=True)
    backup = make(index, made, now=AT)
    assert read_contents(made) == backup
    assert files(made).keys() == backup.files.keys() | {CONTENTS}
    assert {path.partition("/")[0] for path in backup.files} == {
        "archive.sqlite",
        "CURRENT",
        "generations",
        "keys.json",
        "quarantine",
    }
    assert (backup.generation, backup.change) == (1, 50)
    assert backup.size_bytes == sum(len(data) for name, data in files(made).items() if name != CONTENTS)
    assert (made / "keys.json").stat().st_mode & 0o777 == 0o600
    assert not list(made.parent.glob(".*"))


def test_a_restored_index_gives_the_same_answers(index: IndexFolder, made: Path, tmp_path: Path) -> None:
    elsewhere = IndexFolder(tmp_path / "other" / "index")
    assert restore(made, elsewhere)[1] is None
    assert jobs.verify(elsewhere) == []
    assert contents(elsewhere) == contents(index)
    assert answers(elsewhere) == answers(index)
    assert Keys.of(elsewhere).all() == Keys.of(index).all()
    assert jobs.quarantine_of(elsewhere).entries()[0].reason == jobs.quarantine_of(index).entries()[0].reason
    assert (elsewhere.root / "keys.json").stat().st_mode & 0o777 == 0o600
    assert not list(elsewhere.root.parent.glob(".*"))
    jobs.ingest(elsewhere, [str(write_jsonl(tmp_path / "new.jsonl", [record(number) for number in range(50, 55)]))])
    assert reindex(elsewhere).manifest.articles == 55


def test_an_index_is_replaced_and_kept_beside_with_its_models_moved_over(
    index: IndexFolder, made: Path, tmp_path: Path
) -> None:
    before = answers(index)
    (index.models / "fast").mkdir(parents=True)
    jobs.ingest(index, [str(write_jsonl(tmp_path / "late.jsonl", [record(number) for number in range(60, 70)]))])
    after = contents(index)
    beside = tmp_path / "index.before-restore"
    for _ in range(2):
        assert restore(made, index)[1] == beside
        assert answers(index) == before
        assert (index.models / "fast").is_dir()
        assert not list(tmp_path.glob(".*"))
        if after:
            assert contents(IndexFolder(beside)) == after
        after = {}
    assert contents(IndexFolder(beside)) == contents(index)


def test_a_backup_made_while_articles_are_written_is_of_one_moment(index: IndexFolder, tmp_path: Path) -> None:
    stop = threading.Event()
    source = write_jsonl(tmp_path / "stream.jsonl", [record(100)])

    def write() -> None:
        number = 100
        while not stop.is_set():
            write_jsonl(source, [record(number), record(number % 40) | {"title": f"Changed {number}"}])
            jobs.ingest(index, [str(source)])
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for turn in range(4):
            backup = make(index, tmp_path / "backup", now=AT)
            back = IndexFolder(tmp_path / f"back-{turn}")
            restore(tmp_path / "backup", back)
            assert jobs.verify(back) == []
            with Archive(back.archive) as archive:
                assert archive.last_change() == backup.change >= read_manifest(back).change
                articles = {article.id for article in archive.current_articles()}
            found = jobs.search(back, SearchQuery("report", anything(), limit=100)).hits
            assert {hit.article.id for hit in found} <= articles
            reindex(index)
    finally:
        stop.set()
        writer.join()
    make(index, tmp_path / "backup", now=AT)
    back = IndexFolder(tmp_path / "back")
    restore(tmp_path / "backup", back)
    assert read_manifest(back).change < jobs.status(back)["archive"]["change"]
    assert answers(back) == answers(index)


@pytest.mark.parametrize("name", ["archive.sqlite", "generations/1/vectors/embeddings.npy", "keys.json", "CURRENT"])
def test_a_damaged_backup_is_refused_by_file_and_replaces_nothing(index: IndexFolder, made: Path, name: str) -> None:
    path, before = made / name, answers(index)
    good = path.read_bytes()
    middle = len(good) // 2
    flipped = good[:middle] + bytes([good[middle] ^ 0x01]) + good[middle + 1 :]
    for damaged in (flipped, good[:-1], good + b"\0", None):
        path.unlink()
        if damaged is not None:
            path.write_bytes(damaged)
        with pytest.raises(IndexDamaged, match=rf"{path.name}.*use another backup"):
            restore(made, index)
        path.write_bytes(good)
    assert answers(index) == before
    assert {path.name for path in made.parent.iterdir()} == {"articles.jsonl", "more.jsonl", "index", "backup"}
    restore(made, index)


def edited(change: Callable[[dict[str, Any]], Any]) -> Callable[[str], str]:
    def edit(text: str) -> str:
        document = json.loads(text)
        change(document)
        return json.dumps(document)

    return edit


def signed(change: Callable[[dict[str, Any]], Any]) -> Callable[[str], str]:
    """The change by somebody who knows how the list is signed."""

    def edit(text: str) -> str:
        document = json.loads(text)
        del document["sha256"]
        change(document)
        return json.dumps(document | {"sha256": backups._digest(document)})

    return edit


EDITS: tuple[tuple[Callable[[str], str], str], ...] = (
    (lambda text: text[:-20], "damaged"),
    (lambda _: "[]", "damaged"),
    (edited(lambda document: document["files"].pop("archive.sqlite")), "its own checksum does not hold"),
    (edited(lambda document: document.update(change=1)), "its own checksum does not hold"),
    (edited(lambda document: document["files"]["CURRENT"].update(sha256="0" * 64)), "its own checksum"),
    (edited(lambda document: document.update(format_version=2)), "has format 2"),
    (edited(lambda document: document.pop("sha256")), "damaged"),
    (signed(lambda document: document["files"].pop("archive.sqlite")), "does not list archive.sqlite"),
    (signed(lambda document: document["files"].pop("generations/1/manifest.json")), "does not list generations/1"),
    (signed(lambda document: document.pop("files")), "damaged"),
    (signed(lambda document: document["files"].update(x={})), "no size or checksum"),
    (signed(lambda document: document["files"].update({"../x": document["files"]["CURRENT"]})), "outside"),
    (signed(lambda document: document["files"].update({"/x": document["files"]["CURRENT"]})), "outside"),
)


def test_an_edited_list_of_contents_is_refused(index: IndexFolder, made: Path) -> None:
    path = made / CONTENTS
    good = path.read_text(encoding="utf-8")
    for edit, message in EDITS:
        path.write_text(edit(good), encoding="utf-8")
        with pytest.raises(IndexDamaged, match=rf"backup\.json.*{message}"):
            restore(made, index)
    assert jobs.verify(index) == []


def test_an_archive_that_is_damaged_itself_is_neither_backed_up_nor_restored(index: IndexFolder, made: Path) -> None:
    kept = files(made)
    with Archive(index.archive) as archive, archive.transaction():
        archive._db.execute("DELETE FROM versions WHERE seq = 3")
    with pytest.raises(IndexDamaged, match=r"archive\.sqlite: .*lack their current version"):
        make(index, made, now=AT)
    assert files(made) == kept
    copy_database(index.archive, made / "archive.sqlite")
    path = made / CONTENTS
    facts = backups._facts(made / "archive.sqlite")
    path.write_text(signed(lambda document: document["files"].update({"archive.sqlite": facts}))(path.read_text()))
    with pytest.raises(IndexDamaged, match=r"backup/archive\.sqlite: .*lack their current version"):
        restore(made, index)


@pytest.mark.parametrize("what", ["flipped", "missing"])
def test_a_damaged_generation_is_not_backed_up_over_a_good_backup(index: IndexFolder, made: Path, what: str) -> None:
    kept = files(made)
    path = index.generation(1) / "columns" / "seq.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 0x01
    path.write_bytes(content)
    if what == "missing":
        path.unlink()
    with pytest.raises(IndexDamaged, match=r"generation 1: columns/seq\.npy is .*dateline reindex"):
        make(index, made, now=AT)
    assert files(made) == kept
    assert not list(made.parent.glob(".*"))
    reindex(index)
    assert make(index, made, now=AT).generation == 2
    assert not (made / "generations" / "1").exists()


def test_only_a_new_folder_an_empty_one_or_a_backup_is_written_to(index: IndexFolder, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert make(index, tmp_path / "empty", now=AT).generation == 1
    assert make(index, tmp_path / "deep" / "er", now=AT).generation == 1
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    make(index, tmp_path / "link", now=AT)
    assert (tmp_path / "link").is_symlink()
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "novel.txt").write_text("precious", encoding="utf-8")
    (tmp_path / "file").touch()
    for target, message in (
        (tmp_path / "papers", "'novel.txt'"),
        (tmp_path / "file", "is a file"),
        (index.root / "backup", "in the index itself"),
        (index.root, "in the index itself"),
        (tmp_path, "holds"),
        (Path("/proc"), "mounted"),
    ):
        with pytest.raises(SettingError, match=message):
            make(index, target, now=AT)
    assert (tmp_path / "papers" / "novel.txt").read_text(encoding="utf-8") == "precious"
    with pytest.raises(IndexMissing):
        make(IndexFolder(tmp_path / "nothing"), tmp_path / "new", now=AT)


def test_only_an_index_or_an_empty_folder_is_replaced(index: IndexFolder, made: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert restore(made, IndexFolder(tmp_path / "empty"))[1] is None
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "novel.txt").write_text("precious", encoding="utf-8")
    (tmp_path / "file").touch()
    shutil.copytree(made, index.root / "inside")
    for source, target, message in (
        (made, tmp_path / "papers", "no index"),
        (made, tmp_path / "file", "is a file"),
        (made, Path("/proc"), "mounted"),
        (index.root / "inside", index.root, "moved or deleted"),
    ):
        with pytest.raises(SettingError, match=message):
            restore(source, IndexFolder(target))
    with pytest.raises(IndexMissing, match="no backup at"):
        restore(tmp_path / "papers", index)


def test_an_index_whose_archive_is_lost_comes_back(index: IndexFolder, made: Path) -> None:
    before = answers(index)
    for path in index.root.glob("archive.sqlite*"):
        path.unlink()
    restore(made, index)
    assert answers(index) == before


def test_an_index_without_a_generation_is_backed_up_too(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    jobs.ingest(index, [str(write_jsonl(tmp_path / "none.jsonl", ["{"]))])
    backup = make(index, tmp_path / "backup", now=AT)
    assert (backup.generation, backup.change) == (None, 0)
    restore(tmp_path / "backup", IndexFolder(tmp_path / "back"))
    assert contents(IndexFolder(tmp_path / "back")) == contents(index)


def test_nothing_is_pruned_or_built_while_files_are_copied_and_nothing_is_written_while_they_are_put_back(
    index: IndexFolder, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, tried = backups._copy, list[str]()

    def refused(*actions: Callable[[], object]) -> Iterator[str]:
        for action in actions:
            with pytest.raises(IndexBusy) as error:
                action()
            yield str(error.value)

    def observed(source: Path, target: Path) -> dict[str, Any]:
        if source.name == "seq.npy":
            locks = [index.building().__enter__]
            if source.is_relative_to(made):
                locks.append(index.writing().__enter__)
            tried.extend(refused(*locks))
        return copy(source, target)

    monkeypatch.setattr(backups, "_copy", observed)
    make(index, made, now=AT)
    assert len(tried) == 1
    restore(made, index)
    assert len(tried) == 3
    assert all(f"process {os.getpid()}" in text for text in tried)
    with index.building():
        pass
    with index.building(), pytest.raises(IndexBusy):
        make(index, made, now=AT)
    with index.writing(), pytest.raises(IndexBusy):
        restore(made, index)


def test_a_run_that_breaks_off_anywhere_leaves_what_was_there(
    index: IndexFolder, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, before = files(made), answers(index)
    copy, left = backups._copy, 0

    def failing(source: Path, target: Path) -> dict[str, Any]:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError(28, "No space left on device", str(target))
        return copy(source, target)

    monkeypatch.setattr(backups, "_copy", failing)
    for at in range(1, len(kept) - 2):
        for action in (lambda: make(index, made, now=AT), lambda: restore(made, index)):
            left = at
            with pytest.raises(SettingError, match="No space left on device"):
                action()
            assert files(made) == kept
            assert not list(made.parent.glob(".*"))
    assert answers(index) == before


def test_a_backup_killed_between_its_two_renames_is_put_back_by_the_next(index: IndexFolder, made: Path) -> None:
    room = made.parent / ".backup.backup"
    (room / "new").mkdir(parents=True)
    (room / "new" / "archive.sqlite").write_bytes(b"half")
    kept = files(made)
    made.rename(room / "earlier")
    (index.generation(1) / "columns" / "seq.npy").unlink()
    with pytest.raises(IndexDamaged):
        make(index, made, now=AT)
    assert files(made) == kept
    assert not room.exists()


def test_a_database_that_cannot_be_copied_is_named(index: IndexFolder, tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match=rf"{index.archive} cannot be copied to {tmp_path}/no/where"):
        copy_database(index.archive, tmp_path / "no" / "where")
    (tmp_path / "broken").write_bytes(b"no database at all" * 100)
    with pytest.raises(DatelineError, match=f"{tmp_path}/broken"):
        copy_database(tmp_path / "broken", tmp_path / "copy")


def test_a_running_service_is_backed_up_and_its_successor_answers_alike(index: IndexFolder, made: Path) -> None:
    with jobs.opened(index) as library:
        make(index, made, now=AT)
        assert library.view is not None
        restore(made, index)
        assert library.view.manifest == read_manifest(index)
    assert check_files(index, read_manifest(index)) == []


def test_the_commands_back_up_and_restore(index: IndexFolder, tmp_path: Path) -> None:
    root, to = ("--index", str(index.root)), tmp_path / "saved"
    done = command("backup", str(to), *root, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["backup"], report["generation"], report["change"]) == (str(to), 1, 50)
    assert report["bytes"] == read_contents(to).size_bytes
    assert f"{to} holds the index as of change 50" in command("backup", str(to), *root).stdout
    restored = command("restore", str(to), *root)
    assert restored.returncode == 0, restored.stderr
    assert f"{index.root}.before-restore" in restored.stdout
    assert "Restart the services" in restored.stderr
    report = json.loads(command("restore", str(to), *root, "--json").stdout)
    assert report["before"] == f"{index.root}.before-restore"
    (to / "CURRENT").unlink()
    broken = command("restore", str(to), *root)
    assert (broken.returncode, broken.stdout) == (2, "")
    assert "CURRENT is missing" in broken.stderr
    assert "Traceback" not in broken.stderr


def test_export_prints_what_ingest_reads_withheld_ones_too(index: IndexFolder, tmp_path: Path) -> None:
    odd = record(90) | {"pubstatus": "withheld", "title": "Grüße aus 東京", "extra": {"desk": {"big": 10**30}}}
    jobs.ingest(index, [str(write_jsonl(tmp_path / "odd.jsonl", [odd]))])
    done = command("export", "--index", str(index.root))
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 51
    assert lines[-1]["pubstatus"] == "withheld"
    assert {"id", "url", "title", "body", "published_at", "source", "section", "authors", "tags", "language"} <= lines[
        0
    ].keys()
    exported = tmp_path / "exported.jsonl"
    exported.write_text(done.stdout, encoding="utf-8")
    again = IndexFolder(tmp_path / "again")
    assert jobs.ingest(again, [str(exported)]).report.new == 51
    assert command("export", "--index", str(again.root)).stdout == done.stdout
    assert command("export", "--index", str(tmp_path / "nothing")).returncode == 2
