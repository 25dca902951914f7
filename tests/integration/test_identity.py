"""One article, one address: twins of a page are versions of it, in one run and across runs."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from indexer.archive import Archive
from indexer.layout import IndexFolder
from search_api import jobs
from tests.support import TO_SCHEMA_3, contents, write_jsonl

URL = "https://paper.example/2026/10/strike"
AMP, PRINT, HTTP = f"{URL}/amp", f"{URL}?print=1", URL.replace("https:", "http:")
TWINS = [
    HTTP,
    AMP,
    "http://www.paper.example/2026/10/strike",
    "https://m.paper.example/2026/10/strike",
    "https://paper.example/2026/10/strike?print=1&utm_source=mail#top",
    "https://paper-example.cdn.ampproject.org/c/s/paper.example/2026/10/strike",
]


def page(folder: Path, name: str, url: str, *, day: str = "Monday") -> Path:
    path = folder / name
    path.write_text(
        f"<html><head><title>Ferry crews strike</title><link rel=canonical href='{url}'></head><body><h1>Ferry crews strike</h1>"
        f"<p>Crews of the harbour ferries walked out on {day}, and the port of the island was closed until the evening.</p>"
        "<p>Officials said that talks about the night shifts would go on in the town hall as soon as both sides were ready.</p>"
        "</body></html>"
    )
    return path


def line(url: str, *, day: str = "Monday", **fields: Any) -> dict[str, Any]:
    return {"url": url, "title": "Ferry crews strike", "body": f"Crews walked out on {day}.", **fields}


def counted(index: IndexFolder, *sources: Path) -> tuple[int, int, int, int]:
    """(new, updated, unchanged, rejected) of one run over the sources."""
    report = jobs.ingest(index, [str(source) for source in sources]).report
    assert report.read == report.new + report.updated + report.unchanged + report.rejected
    return report.new, report.updated, report.unchanged, report.rejected


def stored(index: IndexFolder) -> list[tuple[str | None, int]]:
    """(address, version) of every article."""
    with Archive(index.archive) as archive:
        ids = [row[0] for row in archive._db.execute("SELECT article_id FROM articles ORDER BY seq")]
        found = [archive.article(article_id) for article_id in ids]
        return [(article.url, version) for article, version in filter(None, found)]


@pytest.mark.parametrize("twin", TWINS)
def test_a_twin_of_a_page_that_says_the_same_changes_nothing(tmp_path: Path, twin: str) -> None:
    index = IndexFolder(tmp_path / "index")
    paths = [page(tmp_path, "page.html", URL), page(tmp_path, "twin.html", twin)]
    assert counted(index, *paths) == (1, 0, 1, 0)
    assert counted(index, paths[1]) == (0, 0, 1, 0)
    assert stored(index) == [(URL, 1)]


@pytest.mark.parametrize("twin", TWINS)
def test_a_twin_of_a_record_that_says_the_same_changes_nothing(tmp_path: Path, twin: str) -> None:
    index = IndexFolder(tmp_path / "index")
    assert counted(index, write_jsonl(tmp_path / "a.jsonl", [line(URL), line(twin)])) == (1, 0, 1, 0)
    assert counted(index, write_jsonl(tmp_path / "b.jsonl", [line(twin)])) == (0, 0, 1, 0)
    assert stored(index) == [(URL, 1)]


@pytest.mark.parametrize("order", list(permutations((AMP, HTTP, URL))))
def test_the_page_s_own_address_is_kept_whatever_came_first(tmp_path: Path, order: tuple[str, ...]) -> None:
    for name, groups in (("one-run", [order]), ("three-runs", [[url] for url in order])):
        index = IndexFolder(tmp_path / name)
        for urls in groups:
            sources = [page(tmp_path, f"{order.index(url)}.html", url) for url in urls]
            new, updated, unchanged, rejected = counted(index, *sources)
            assert (new + updated + unchanged, rejected) == (len(urls), 0)
        ((url, version),) = stored(index)
        assert url == URL
        assert version == 1 + (order[0] != URL) + (order == (AMP, HTTP, URL))


def test_the_full_address_is_kept_in_either_order(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    assert counted(index, page(tmp_path, "amp.html", AMP)) == (1, 0, 0, 0)
    assert stored(index) == [(AMP, 1)]
    assert counted(index, page(tmp_path, "page.html", URL)) == (0, 1, 0, 0)
    assert counted(index, page(tmp_path, "amp.html", AMP)) == (0, 0, 1, 0)
    assert stored(index) == [(URL, 2)]


@pytest.mark.parametrize("twin", [AMP, PRINT, HTTP])
def test_a_twin_that_says_something_else_is_a_new_version_under_the_page_s_address(tmp_path: Path, twin: str) -> None:
    index = IndexFolder(tmp_path / "index")
    assert counted(index, page(tmp_path, "a.html", URL)) == (1, 0, 0, 0)
    assert counted(index, page(tmp_path, "b.html", twin, day="Tuesday")) == (0, 1, 0, 0)
    assert stored(index) == [(URL, 2)]
    assert counted(index, write_jsonl(tmp_path / "c.jsonl", [line(twin, day="Wednesday")])) == (0, 1, 0, 0)
    assert stored(index) == [(URL, 3)]
    assert counted(index, tmp_path / "a.html", tmp_path / "b.html", tmp_path / "c.jsonl") == (0, 0, 3, 0)


def test_two_twins_of_one_file_with_different_texts_contradict_each_other_unless_one_is_later(tmp_path: Path) -> None:
    later = line(PRINT, day="Wednesday", updated_at="2026-03-02T00:00:00Z")
    source = write_jsonl(tmp_path / "a.jsonl", [line(URL), line(AMP, day="Tuesday"), later])
    index = IndexFolder(tmp_path / "index")
    assert counted(index, source) == (1, 1, 0, 1)
    assert stored(index) == [(URL, 2)]


def test_twins_are_found_in_a_batch_that_is_not_stored_yet_and_in_a_dry_run(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [line(AMP), line(URL), line(PRINT)])
    report = jobs.ingest(IndexFolder(tmp_path / "index"), [str(source)], dry_run=True).report
    assert (report.new, report.updated + report.unchanged + report.rejected) == (1, 2)


def test_articles_that_differ_in_an_id_or_a_page_number_stay_apart(tmp_path: Path) -> None:
    urls = [f"{URL}?id=1", f"{URL}?id=2", f"{URL}?eid=1", f"{URL}/2", "https://paper.example/fa/2026/10/strike"]
    index = IndexFolder(tmp_path / "index")
    sources = [write_jsonl(tmp_path / f"{number}.jsonl", [line(url)]) for number, url in enumerate(urls)]
    assert counted(index, *sources) == (5, 0, 0, 0)
    assert stored(index) == [(url, 1) for url in urls]


def test_a_stated_id_counts_for_more_than_an_address(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    assert counted(index, write_jsonl(tmp_path / "a.jsonl", [line(URL, id="a"), line(AMP, id="b")])) == (2, 0, 0, 0)
    assert stored(index) == [(URL, 1), (AMP, 1)]


def test_an_archive_of_an_earlier_schema_gets_the_keys_of_now(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    jobs.ingest(index, [str(page(tmp_path, "a.html", AMP))])
    with Archive(index.archive) as archive:
        db = archive._db
        db.executescript(TO_SCHEMA_3)
        for table in ("site_lines", "site_pages", "sites"):
            db.execute(f"DROP TABLE {table}")
        db.execute("UPDATE articles SET url_key = 'paper.example/2026/10/strike/amp'")
        db.execute("UPDATE meta SET value = '2' WHERE name = 'schema'")
    assert counted(index, page(tmp_path, "b.html", URL)) == (0, 1, 0, 0)
    assert jobs.verify(index) == []


def test_an_article_that_moves_to_an_address_takes_nothing_from_the_one_that_is_there(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    write_jsonl(tmp_path / "1.jsonl", [{"id": "b", "url": f"{URL}/old", "title": "First", "body": "Of the first."}])
    write_jsonl(tmp_path / "2.jsonl", [{"url": URL, "title": "Second", "body": "Of the second."}])
    moved = {"id": "b", "url": URL, "title": "Third", "body": "Of the third.", "updated_at": "2026-10-02T00:00:00Z"}
    write_jsonl(tmp_path / "3.jsonl", [moved])
    sources = [tmp_path / f"{number}.jsonl" for number in (1, 2, 3)]
    assert counted(index, *sources) == (2, 1, 0, 0)
    before = contents(index)
    assert counted(index, *sources) == (0, 0, 3, 0)
    assert contents(index) == before


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("batch", [1, 2, 64])
def test_whose_address_it_is_does_not_depend_on_what_is_stored_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int, *, dry_run: bool
) -> None:
    monkeypatch.setattr("indexer.ingest.BATCH_ARTICLES", batch)
    records: list[dict[str, Any]] = [
        {"id": "f", "url": URL, "title": "F", "body": "Text of f."},
        {"id": "g", "url": URL, "title": "G", "body": "Text of g."},
        {"id": "f", "url": f"{URL}/new", "title": "F", "body": "Text of f.", "updated_at": "2026-10-02T00:00:00Z"},
        {"url": URL, "title": "G later", "body": "Text of g.", "updated_at": "2026-10-03T00:00:00Z"},
    ]
    at_once, one_by_one = IndexFolder(tmp_path / "at-once"), IndexFolder(tmp_path / "one-by-one")
    report = jobs.ingest(at_once, [str(write_jsonl(tmp_path / "all.jsonl", records))], dry_run=dry_run).report
    assert (report.new, report.updated, report.rejected) == (2, 2, 0)
    for number, one in enumerate(records):
        jobs.ingest(one_by_one, [str(write_jsonl(tmp_path / f"{number}.jsonl", [one]))])
    if not dry_run:
        assert contents(at_once)["versions"] == contents(one_by_one)["versions"]
