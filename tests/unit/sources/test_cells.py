"""What the cells of a table say."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any

import pytest

from indexer.articles import parse_time
from indexer.errors import ArticleError
from indexer.sources import read_source
from indexer.sources.items import Reading
from indexer.sources.source_file import SourceFile
from indexer.types import Article, Found, Reject
from tests.support import NOW


def item(columns: dict[str, str] | None = None, /, **cells: str) -> Found | Reject:
    table = io.StringIO()
    csv.writer(table).writerows([cells.keys(), cells.values()])
    (found,) = read_source(SourceFile.in_memory("a.csv", table.getvalue().encode()), Reading(NOW, columns or {}))
    return found


def article(columns: dict[str, str] | None = None, /, **cells: str) -> Article:
    found = item(columns, **cells)
    assert isinstance(found, Found), found
    return found.article


def json_article(record: dict[str, Any]) -> Article:
    (found,) = read_source(SourceFile.in_memory("a.json", json.dumps([record]).encode()), Reading(NOW))
    assert isinstance(found, Found), found
    return found.article


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1712121200", "2024-04-03T05:13:20Z"),
        ("1712121200000", "2024-04-03T05:13:20Z"),
        ("1712121200.0", "2024-04-03T05:13:20Z"),
        ("20260301", "2026-03-01T00:00:00Z"),
        ("March 1, 2026", "2026-03-01T00:00:00Z"),
        ("18/10/2025 09:35", "2025-10-18T09:35:00Z"),
        ("3/18/2026 9:30 PM", "2026-03-18T21:30:00Z"),
        ("18/10/2025 09:35 +02:00", "2025-10-18T07:35:00Z"),
        ("2026-03-01 09:30:00 EST", "2026-03-01T14:30:00Z"),
        ("01.03.2026", "2026-03-01T00:00:00Z"),
        ("05/05/2025", "2025-05-05T00:00:00Z"),
        ("Sun, 01 Mar 2026 09:30:00 GMT", "2026-03-01T09:30:00Z"),
    ],
)
def test_dates_as_tables_write_them(text: str, expected: str) -> None:
    assert article(title="A", date=text).published_at == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("01/03/2026", "published_at is '01/03/2026': which is the day and which the month?"),
        ("1-3-26", "which is the day and which the month?"),
        ("171212120", "published_at is '171212120', digits only; give ISO 8601"),
        ("1 March 2026 9:30 IST", "which zone is IST?"),
        ("March 1, 2031", "days in the future"),
    ],
)
def test_a_date_is_never_guessed(text: str, reason: str) -> None:
    found = item(title="A", date=text)
    assert isinstance(found, Reject)
    assert reason in found.reason
    assert found.content is not None


@pytest.mark.parametrize("digits", ["1712121200000", "1712121200", "202603010930"])
def test_figures_in_a_record_of_the_contract_are_not_taken_for_a_date(digits: str) -> None:
    with pytest.raises(ArticleError, match=f"'{digits}', digits only; give ISO 8601"):
        parse_time(digits, "published_at")
    assert parse_time("20260301", "published_at") == datetime.fromisoformat("2026-03-01T00:00:00Z")


@pytest.mark.parametrize("number", [1712121200, 1712121200000, 1712121200.5])
def test_numbers_are_unix_times(number: float) -> None:
    moment = json_article({"title": "A", "date": number}).published_at
    assert moment is not None
    assert moment.isoformat() == "2024-04-03T05:13:20+00:00"


@pytest.mark.parametrize("nothing", ["NULL", "null", "nan", "None", "NaT", "N/A", "-", " "])
def test_a_word_for_nothing_is_nothing(nothing: str) -> None:
    found = article(title="A", text=nothing, date=nothing, author=nothing, language=nothing, mood=nothing, id=nothing)
    assert (found.body, found.published_at, found.authors, found.extra) == ("", None, (), {})


def test_the_first_filled_column_of_a_field_counts_and_no_other_is_lost() -> None:
    found = article(title="A", body="", text="Full.", content="Other.")
    assert (found.body, found.extra) == ("Full.", {"content": "Other."})
    found = article({"title": "Kop"}, Kop="Own", title="Displaced", text="a")
    assert (found.title, found.extra) == ("Own", {"title": "Displaced"})


def test_a_repeated_header_keeps_both() -> None:
    (found,) = read_source(SourceFile.in_memory("a.csv", b"title,title,text,\nA,B,a,x\n"), Reading(NOW))
    assert isinstance(found, Found)
    assert (found.article.title, found.article.extra) == ("A", {"title (2)": "B", "column 4": "x"})


def test_an_address_as_id_is_the_url_where_there_is_none() -> None:
    found = article(guid="https://paper.example/?p=1", title="A")
    assert (found.url, found.extra) == ("https://paper.example/?p=1", {})
    found = article(guid="https://paper.example/?p=1", title="A", link="https://paper.example/a")
    assert (found.url, found.extra) == ("https://paper.example/a", {"id": "https://paper.example/?p=1"})


def test_the_name_of_a_language_is_kept_beside_the_one_found() -> None:
    assert article(title="A", language="English").extra == {"language_name": "English"}
    assert article(title="A", language="pt_br").language == "pt-BR"


@pytest.mark.parametrize(
    ("cell", "authors", "extra"),
    [
        ("Ada Lund; Bo Ek", ("Ada Lund", "Bo Ek"), {}),
        ("['Ada Lund', 'Bo Ek']", ("Ada Lund", "Bo Ek"), {}),
        ("By Ada Lund and Bo Ek", ("Ada Lund", "Bo Ek"), {}),
        ("By Staff, Agencies", (), {"byline": "By Staff, Agencies"}),
        ("Ek, Bo", ("Ek, Bo",), {}),
    ],
)
def test_authors_and_bylines(cell: str, authors: tuple[str, ...], extra: dict[str, str]) -> None:
    found = article(title="A", author=cell)
    assert (found.authors, found.extra) == (authors, extra)


def test_objects_give_their_names_and_keep_what_else_they_say() -> None:
    found = json_article(
        {"title": "A", "authors": [{"name": "Ada Lund"}, {"name": "Bo Ek"}], "source": {"name": "Paper"}}
    )
    assert (found.authors, found.source, found.extra) == (("Ada Lund", "Bo Ek"), "Paper", {})
    found = json_article({"title": "A", "source": {"id": "p", "name": "Paper"}})
    assert (found.source, found.extra) == ("Paper", {"source": {"id": "p", "name": "Paper"}})


def test_html_becomes_text_only_where_there_is_some() -> None:
    found = article(title="Tom &amp; <em>Jo</em>", text="<p>One.</p><p>Two &lt; three.</p>")
    assert (found.title, found.body) == ("Tom & Jo", "One.\n\nTwo < three.")
    found = article(title="AT&T; if a<b", text="x < y & z > w &nosuch; &copy=1\n\nR&D.")
    assert (found.title, found.body) == ("AT&T; if a<b", "x < y & z > w &nosuch; &copy=1\n\nR&D.")


def test_a_cell_longer_than_a_body_rejects_its_row() -> None:
    found = item(title="A", mood="x" * 2_000_001)
    assert isinstance(found, Reject)
    assert found.reason == "'mood' has 2,000,001 characters; the limit is 2,000,000"
