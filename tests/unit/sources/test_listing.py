from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources import find_sources, read_files
from indexer.sources.items import Reading
from indexer.types import Reject
from tests.support import NOW

LINE = '{"title": "x"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "b.html": "<html>",
        "a.jsonl": LINE,
        "deep/c.TXT": "text",
        "deep/lines.json": LINE,
        "deep/package.json": '{\n "name": "x"\n}',
        ".hidden/d.jsonl": LINE,
        ".e.jsonl": LINE,
        "README.md": "# x",
        "LICENSE": "x",
        "tool.py": "x",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def names(paths: tuple[Path, ...], folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in paths]


def test_a_folder_gives_its_news_files_sorted_without_hidden_ones(folder: Path) -> None:
    assert names(find_sources([str(folder)]).files, folder) == ["a.jsonl", "b.html", "deep/c.TXT", "deep/lines.json"]


def test_what_is_skipped_says_why(folder: Path) -> None:
    skipped = {item.path.name: item.reason for item in find_sources([str(folder)]).skipped}
    assert sorted(skipped) == ["LICENSE", "README.md", "package.json", "tool.py"]
    assert skipped["README.md"] == ".md is no article format; name the file to read it all the same"


def test_judgments_of_a_collection_are_skipped_unless_named(tmp_path: Path) -> None:
    listed = ["queries.jsonl", "clusters.jsonl", "pairs.jsonl", "dev.qrels.tsv", "stories.tsv"]
    for name in ["articles.jsonl", *listed]:
        (tmp_path / name).write_text(LINE)
    listing = find_sources([str(tmp_path)])
    assert names(listing.files, tmp_path) == ["articles.jsonl"]
    assert all("judged collection" in item.reason for item in listing.skipped)
    assert find_sources([str(tmp_path / "queries.jsonl")]).files == (tmp_path / "queries.jsonl",)


def test_queries_beside_no_articles_are_read(tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text(LINE)
    assert len(find_sources([str(tmp_path)]).files) == 1


def test_a_file_named_itself_is_always_taken_and_only_once(folder: Path) -> None:
    file = str(folder / "README.md")
    assert find_sources([file, file]).files == (folder / "README.md",)


def test_globs_are_expanded_in_order(folder: Path) -> None:
    assert names(find_sources([f"{folder}/**/*.[jT]*"]).files, folder)[0] == "a.jsonl"


@pytest.mark.parametrize("argument", ["", "missing.jsonl", "nothing-*.html", "/no/such/folder/*.jsonl"])
def test_what_names_nothing_fails_and_is_named(argument: str) -> None:
    with pytest.raises(SourceError) as caught:
        find_sources([argument])
    assert argument in str(caught.value)


@contextmanager
def nobody() -> Iterator[None]:
    """Without the rights of root, whom no mode of a folder keeps out."""
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(65534)
    except OSError:
        pytest.skip("root may not become another user here")
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("mode", [0, 0o444])
def test_a_folder_that_cannot_be_entered_is_rejected_and_costs_nothing_beside_it(
    folder: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.chmod(0o755)
    (folder / "deep" / "queries.jsonl").write_text(LINE)
    monkeypatch.chdir(folder)  # what is above it may be closed, too
    Path("deep").chmod(mode)
    try:
        with nobody():
            listing = find_sources(["."])
            items = list(read_files(listing.files, Reading(NOW)))
    finally:
        Path("deep").chmod(0o755)
    rejects = {item.source: item.reason for item in items if isinstance(item, Reject) and "deep" in item.source}
    inside = {f"deep/{name}" for name in ("c.TXT", "lines.json", "package.json", "queries.jsonl")}
    assert set(rejects) == ({"deep"} if mode == 0 else inside)
    assert set(rejects.values()) == {"cannot be read: Permission denied"}
    assert {"a.jsonl", "b.html"} <= set(map(str, listing.files))


def test_a_folder_that_cannot_be_entered_is_rejected_where_it_is_named_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    Path("incoming").mkdir(mode=0o700)
    if os.geteuid() != 0:
        Path("incoming").chmod(0)
    try:
        with nobody():
            (item,) = read_files(find_sources(["incoming"]).files, Reading(NOW))
            (below,) = read_files(find_sources(["incoming/today"]).files, Reading(NOW))
    finally:
        Path("incoming").chmod(0o700)
    assert isinstance(item, Reject)
    assert isinstance(below, Reject)
    assert (below.source, below.reason) == ("incoming/today", "cannot be read: Permission denied")
    assert (item.source, item.reason) == ("incoming", "cannot be read: Permission denied")


def test_pipes_and_broken_links_are_passed_over(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "gone.jsonl").symlink_to(folder / "nowhere.jsonl")
    (folder / "linked.jsonl").symlink_to(folder / "a.jsonl")
    (folder / "around").symlink_to(folder)
    found = names(find_sources([str(folder)]).files, folder)
    assert found == ["a.jsonl", "b.html", "deep/c.TXT", "deep/lines.json", "linked.jsonl"]
