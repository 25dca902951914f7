from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from indexer.sources import open_source
from indexer.types import Found, Reject
from tests.support import NOW
from tests.unit.sources.invented_pages import BODY, PARAGRAPHS, RELATED, TITLE

MENU = "- Home\n- Harbour\n- LETTERS\n- Full Speeches\n"


def read(folder: Path, text: str) -> Found | Reject:
    path = folder / "page.txt"
    path.write_text(text, encoding="utf-8")
    (item,) = open_source(path, now=NOW)
    return item


def test_a_dump_of_a_page_gives_headline_byline_and_exactly_the_paragraphs(tmp_path: Path) -> None:
    text = MENU + "\n".join([TITLE, "By Staff, Agencies", *PARAGRAPHS, "Comments", "- Related News4.0K", *RELATED])
    item = read(tmp_path, text)
    assert isinstance(item, Found)
    assert (item.article.title, item.article.body) == (TITLE, BODY)
    assert (item.article.authors, item.article.extra["byline"]) == ((), "By Staff, Agencies")
    assert (item.partial, item.place) == (True, "page")


def test_a_date_line_is_the_date_and_no_part_of_the_text(tmp_path: Path) -> None:
    item = read(tmp_path, "\n".join([TITLE, "By Jon Stell", "10-03-2026 | 05:15", *PARAGRAPHS]))
    assert isinstance(item, Found)
    assert item.article.published_at == datetime(2026, 3, 10, 5, 15, tzinfo=UTC)
    assert (item.article.body, item.article.authors) == (BODY, ("Jon Stell",))


def test_a_headline_and_paragraphs_are_enough(tmp_path: Path) -> None:
    item = read(tmp_path, f"{TITLE}\n\n{BODY}\n")
    assert isinstance(item, Found)
    assert (item.article.title, item.article.body) == (TITLE, BODY)


def test_wrapped_lines_are_joined(tmp_path: Path) -> None:
    wrapped = PARAGRAPHS[0].replace(" after ", "\nafter ").replace(" that had ", "\nthat had ")
    item = read(tmp_path, f"{TITLE}\n\n{wrapped}\n\n{PARAGRAPHS[2]}\n")
    assert isinstance(item, Found)
    assert item.article.body == f"{PARAGRAPHS[0]}\n\n{PARAGRAPHS[2]}"


def test_text_without_sentences_is_no_article(tmp_path: Path) -> None:
    item = read(tmp_path, MENU * 3)
    assert isinstance(item, Reject)
    assert item.reason.startswith("no article found: 0 words")
