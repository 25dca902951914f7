"""Lines that a site repeats, through ingest of its pages and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexer.archive import Archive
from indexer.errors import SettingError
from indexer.layout import IndexFolder
from indexer.site_lines import LEFT_OUT
from search_api import jobs, line_jobs
from tests.support import TOPICS, command, write_jsonl

LINE = "Get the harbour gazette delivered to your door every weekday before breakfast."
SUBJECTS = ("trams", "harvest", "museum", "glacier", "orchestra", "bakery", "lighthouse")


def page(folder: Path, number: int, *, line: str = LINE, site: str = "gazette.example") -> Path:
    subject = SUBJECTS[number]
    path = folder / f"{number}.html"
    path.write_text(
        f"<html><head><title>The {subject} of town {number}</title><link rel=canonical href='https://{site}/{subject}'></head>"
        f"<body><h1>The {subject} of town {number}</h1><article>"
        f"<p>Visitors praised the {subject} on Monday, and the mayor of town {number} said that more would be built soon.</p>"
        f"<p>{line}</p><p>{TOPICS[number % 4][1]} Nobody in {subject} circles had expected that to happen this year.</p>"
        "</article></body></html>"
    )
    return path


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return IndexFolder(tmp_path / "index")


@pytest.fixture
def pages(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "pages"
    folder.mkdir()
    return [page(folder, number) for number in range(len(SUBJECTS))]


def bodies(index: IndexFolder) -> list[str]:
    with Archive(index.archive) as archive:
        return [article.body for article in archive.lines.pages("gazette.example")]


def ids(index: IndexFolder) -> list[str]:
    with Archive(index.archive) as archive:
        return [article.id for article in archive.lines.pages("gazette.example")]


def test_the_fifth_page_with_a_line_takes_it_out_of_all(index: IndexFolder, pages: list[Path]) -> None:
    first = jobs.ingest(index, [str(path) for path in pages[:4]])
    assert first.report.cleaned == 0
    assert all(LINE in body for body in bodies(index))
    second = jobs.ingest(index, [str(path) for path in pages[4:]])
    assert (second.report.new, second.report.cleaned) == (3, 7)
    assert len(bodies(index)) == 7
    assert not any(LINE in body for body in bodies(index))
    with Archive(index.archive) as archive:
        (kept,) = {json.dumps(article.extra[LEFT_OUT]) for article in archive.lines.pages("gazette.example")}
        assert json.loads(kept) == [{"at": 1, "text": LINE}]
    third = jobs.ingest(index, [str(path) for path in pages])
    assert (third.report.unchanged, third.report.cleaned) == (7, 0)


def test_pages_on_their_way_when_a_line_is_found_are_stored_without_it(
    tmp_path: Path, index: IndexFolder, pages: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.ingest.BATCH_ARTICLES", 1)
    monkeypatch.setattr("indexer.preparing.WINDOW_ARTICLES", 1)
    (tmp_path / "again").mkdir()
    again = [
        page(tmp_path / "again", number) for number in (5, 2)
    ]  # one that is on its way, one that is stored with the line
    report = jobs.ingest(index, [str(path) for path in (*pages, *again)]).report
    assert (report.new, report.unchanged, report.updated, report.rejected, report.cleaned) == (7, 2, 0, 0, 5)
    assert not any(LINE in body for body in bodies(index))
    with Archive(index.archive) as archive:
        versions = {number: len(archive.versions(article_id)) for number, article_id in enumerate(ids(index))}
    assert versions == {0: 2, 1: 2, 2: 2, 3: 2, 4: 2, 5: 1, 6: 1}
    assert jobs.ingest(index, [str(path) for path in (*pages, *again)]).report.unchanged == 9


def test_a_line_said_to_be_kept_comes_back(index: IndexFolder, pages: list[Path]) -> None:
    jobs.ingest(index, [str(path) for path in pages])
    (line,) = line_jobs.repeated_lines(index)
    assert (line.site, line.text, line.articles, line.kept) == ("gazette.example", LINE, 7, False)
    assert line_jobs.settle_line(index, line.line_id, kept=True) == 7
    assert all(LINE in body for body in bodies(index))
    assert jobs.ingest(index, [str(path) for path in pages]).report.unchanged == 7
    assert line_jobs.settle_line(index, line.line_id, kept=False) == 7
    assert not any(LINE in body for body in bodies(index))


def test_another_sites_line_and_a_line_about_the_articles_stay(index: IndexFolder, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    paths = [page(folder, number, site=f"paper{number}.example") for number in range(7)]
    jobs.ingest(index, [str(path) for path in paths])
    assert line_jobs.repeated_lines(index) == []


def test_an_updated_page_is_not_counted_twice(index: IndexFolder, pages: list[Path]) -> None:
    jobs.ingest(index, [str(path) for path in pages[:4]])
    text = pages[0].read_text()
    for day in ("Tuesday", "Wednesday", "Thursday"):
        pages[0].write_text(text.replace("Monday", day))
        assert jobs.ingest(index, [str(pages[0])]).report.updated == 1
    assert line_jobs.repeated_lines(index) == []


def test_pages_of_which_a_feed_told_first_are_counted_too(
    index: IndexFolder, pages: list[Path], tmp_path: Path
) -> None:
    items = "".join(
        f"<item><title>The {subject}</title><link>https://gazette.example/{subject}</link><description>Praised.</description></item>"
        for subject in SUBJECTS
    )
    feed = tmp_path / "feed.xml"
    feed.write_text(f"<rss version='2.0'><channel><title>Gazette</title>{items}</channel></rss>")
    assert jobs.ingest(index, [str(feed)]).report.new == 7
    report = jobs.ingest(index, [str(path) for path in pages]).report
    assert (report.updated, report.cleaned) == (7, 7)


def test_a_record_keeps_the_line_that_its_page_would_lose(
    index: IndexFolder, pages: list[Path], tmp_path: Path
) -> None:
    jobs.ingest(index, [str(path) for path in pages[:4]])
    body = f"The editors wrote this text themselves.\n\n{LINE}\n\nNothing of it is a page's."
    stated = {"url": f"https://gazette.example/{SUBJECTS[0]}", "title": "Trams", "body": body}
    jobs.ingest(index, [str(write_jsonl(tmp_path / "records.jsonl", [stated]))])
    assert jobs.ingest(index, [str(path) for path in pages[4:]]).report.cleaned == 6
    with Archive(index.archive) as archive:
        kept = archive.id_of_url(stated["url"])
        assert kept is not None
        found = archive.article(kept)
    assert found is not None
    assert found[0].body == body


def test_a_number_that_no_line_has_is_refused(index: IndexFolder, pages: list[Path]) -> None:
    jobs.ingest(index, [str(pages[0])])
    with pytest.raises(SettingError, match="no repeated line has the number 99"):
        line_jobs.settle_line(index, 99, kept=True)


def test_the_command_shows_the_lines_and_puts_one_back(index: IndexFolder, pages: list[Path]) -> None:
    jobs.ingest(index, [str(path) for path in pages])
    shown = command("lines", "--index", str(index.root))
    number, _, text = shown.stdout.partition(" ")
    assert text.startswith(f"gazette.example, 7 articles, left out: {LINE}\n")
    kept = json.loads(command("lines", "--keep", number, "--json", "--index", str(index.root)).stdout)
    assert (kept["articles_changed"], kept["lines"][0]["kept"]) == (7, True)
