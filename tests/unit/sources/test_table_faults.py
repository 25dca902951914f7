"""What is wrong in a table: one row is rejected with its place, the others go in."""

from __future__ import annotations

import json

import pytest

from indexer.sources import read_source
from indexer.sources.items import Reading
from indexer.sources.jsonl import MAX_LINE_BYTES
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject
from tests.support import NOW


def read(data: bytes | str, name: str = "news.csv") -> list[Found | Reject]:
    content = data.encode() if isinstance(data, str) else data
    return list(read_source(SourceFile.in_memory(name, content), Reading(NOW)))


def titles(items: list[Found | Reject]) -> list[str]:
    return [item.article.title for item in items if isinstance(item, Found)]


def faults(items: list[Found | Reject]) -> list[tuple[str, str]]:
    return [(item.place, item.reason) for item in items if isinstance(item, Reject)]


@pytest.mark.parametrize("start", ["X,", 'X,"'])
def test_a_row_without_end_ends_the_file_and_is_named(start: str) -> None:
    items = read(f"title,text\nA,a\n{start}" + "x" * 60 * (MAX_LINE_BYTES // 59) + "\nB,b\n")
    assert titles(items) == ["A"]
    ((place, reason),) = faults(items)
    assert place == "file"
    assert reason.startswith("row 2 is longer than 16,777,216 characters")


def test_a_quote_that_is_not_closed_costs_its_own_row_only() -> None:
    items = read('title,date,text\nA,,a\nX,,"Bad\nB,,b\nC,,"c"\nD,,d\n')
    assert titles(items) == ["A", "B", "C", "D"]
    ((place, reason),) = faults(items)
    assert place == "row 2"
    assert "line 3 " in reason
    assert "is a quote not closed" in reason


def test_a_quote_closed_rows_later_is_noticed() -> None:
    items = read('title,date,text\nX,2026-01-01,"Bad\nB,2026-01-02,b\nC,2026-01-03,c"\nD,2026-01-01,d\n')
    assert titles(items) == ["D"]
    assert faults(items) == [
        ("row 1", "has a cell with lines of 3 cells each, like other rows; is a quote not closed?")
    ]


def test_paragraphs_after_a_stray_quote_are_no_articles() -> None:
    items = read('title,text\nA,"First.\n\nHe said "no" to it.\n\nThird, last."\nB,b\n')
    assert titles(items) == ["B"]
    assert [place for place, _ in faults(items)] == ["row 1", "row 2"]


def test_tables_parted_by_tabs_may_have_bare_quotes() -> None:
    assert titles(read('title\ttext\n"No" says minister\t5" of rain\n')) == ['"No" says minister']


def test_bytes_of_another_encoding_reject_their_row() -> None:
    for much in (1, 20_000):
        items = read(b"title,text\n" + "Zürich,é\n".encode() * much + b"caf\xe9,x\nB,b\n")
        assert titles(items) == ["Zürich"] * much + ["B"]
        assert faults(items) == [(f"row {much + 1}", "holds bytes that are not utf-8; save the file as UTF-8")]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Élan à la gare,Été à Zürich où l’on a vu des élèves très étonnés", "cp1252"),
        ("Zażółć gęślą jaźń,Kraków jest piękny i dużo się dzieje w mieście. Święta są radosne", "cp1250"),
        ("Новости дня,Сегодня в городе прошёл концерт на главной площади", "cp1251"),
    ],
)
def test_older_encodings_are_told_apart(text: str, encoding: str) -> None:
    assert titles(read(f"title,text\n{text}\n".encode(encoding))) == [text.split(",")[0]]


def test_the_delimiter_is_the_one_that_gives_known_names() -> None:
    (item,) = read('title;"mood, tone, weight, colour";text\nA;x;a\n')
    assert isinstance(item, Found)
    assert (item.article.body, item.article.extra) == ("a", {"mood, tone, weight, colour": "x"})


@pytest.mark.parametrize("bad", ['"title": "x", "name": "\\ud800"', '"title": 5, "x": "\\udfff"'])
def test_half_a_character_refuses_its_record_only(bad: str) -> None:
    items = read(f'[{{"title": "A"}}, {{{bad}}}, {{"title": "B", "score": NaN}}]', "a.json")
    assert titles(items) == ["A", "B"]
    assert [place for place, _ in faults(items)] == ["record 2"]
    assert "lone surrogate" in faults(items)[0][1]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_json_in_utf_16_is_told_by_its_mark(encoding: str) -> None:
    assert titles(read('\ufeff[{"title": "Zürich"}]'.encode(encoding), "a.json")) == ["Zürich"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"articles": [{"title": "A"}, {"title": "B"}]}, ["A", "B"]),
        ({"title": "Export", "articles": [{"title": "A"}]}, ["A"]),
        ({"title": "T", "body": "b", "items": [{"title": "A"}]}, ["T"]),
        ({"title": "T", "data": ["x"]}, ["T"]),
        ({"title": "T", "data": [{"k": 1}]}, ["T"]),
    ],
)
def test_a_document_is_a_list_or_an_article(document: dict[str, object], expected: list[str]) -> None:
    assert titles(read(json.dumps(document, indent=1), "a.json")) == expected


def test_a_broken_document_is_refused_once_and_lines_are_lines() -> None:
    ((place, reason),) = faults(read('[\n{"title": "A"},\n{"title": "B"\n]', "a.json"))
    assert (place, reason[:30]) == ("file", "is not valid JSON at line 4, c")
    items = read('{"title": "A", "body": "' + "x" * 70_000 + '"}\n{"title": \n{"title": "B"}\n', "a.json")
    assert (titles(items), [place for place, _ in faults(items)]) == (["A", "B"], ["line 2"])
