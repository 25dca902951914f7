"""CSV, Parquet and JSON documents: columns and fields by their names."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow.parquet import ParquetWriter, write_table

from indexer.errors import SourceError
from indexer.sources import read_source
from indexer.sources.columns import parse_columns
from indexer.sources.delimited import read_csv
from indexer.sources.items import Reading
from indexer.sources.json_array import read_json_array
from indexer.sources.opening import Reader
from indexer.sources.parquet import read_parquet
from indexer.sources.source_file import SourceFile
from indexer.types import Article, Found, Reject
from tests.support import NOW

CSV = """Headline;Pub. Date;Author(s);Full Text;Desk;Reporter's mood
Ferry crews strike;2026-03-01T09:30:00Z;Ada Lund | Bo Ek;"Crews walked out.

""No boats"", said the port.";Harbour;grim
Trams return;2026-03-02;;They run again.;Town;
"""


def read(data: bytes | str, name: str = "news", columns: dict[str, str] | None = None) -> list[Found | Reject]:
    content = data.encode() if isinstance(data, str) else data
    return list(read_source(SourceFile.in_memory(name, content), Reading(NOW, columns or {})))


def articles(items: list[Found | Reject]) -> list[Article]:
    assert all(isinstance(item, Found) for item in items), items
    return [item.article for item in items if isinstance(item, Found)]


def test_columns_are_known_by_the_names_they_go_by() -> None:
    (article,) = articles(
        read(
            "Link,Headline,Body text,Date Published,By-line,weather\n"
            "https://a.example/1,Title,Text,2026-01-01,Ada Lund; Bo Ek,rain\n",
            columns={"body": "Body text"},
        )
    )
    assert (article.url, article.title, article.body) == ("https://a.example/1", "Title", "Text")
    assert article.published_at == datetime.fromisoformat("2026-01-01T00:00:00Z")
    assert (article.authors, article.extra) == (("Ada Lund", "Bo Ek"), {"weather": "rain"})


def test_the_contract_s_own_name_wins_and_the_other_column_is_kept() -> None:
    (article,) = articles(read('[{"headline": "other", "title": "own", "body": "x"}]', "a.json"))
    assert (article.title, article.extra) == ("own", {"headline": "other"})


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["title"], "is not FIELD=COLUMN"),
        (["headline=H"], "'headline' is no field; the fields are id, url, title"),
        (["title=A", "title=B"], "names 'title' twice"),
    ],
)
def test_a_wrong_map_of_columns_is_refused(texts: list[str], reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        parse_columns(texts)


def test_a_table_without_title_and_body_says_which_columns_it_has() -> None:
    (item,) = read("a,b\n1,2\n", "x.csv")
    assert isinstance(item, Reject)
    assert item.reason.startswith(
        "has no column for title or body among 'a', 'b'; give the column of each by --columns"
    )
    (item,) = read("a,b\n1,2\n", "x.csv", {"title": "c"})
    assert isinstance(item, Reject)
    assert item.reason == "has no column 'c'; its columns are 'a', 'b'"
    assert articles(read("a,b\n1,2\n", "x.csv", {"title": "b"}))[0].title == "2"


def test_a_table_with_semicolons_quotes_and_line_breaks() -> None:
    first, second = articles(read(CSV, "news.csv", columns={"body": "Full Text"}))
    assert (first.title, first.authors, first.section) == ("Ferry crews strike", ("Ada Lund", "Bo Ek"), "Harbour")
    assert first.body == 'Crews walked out.\n\n"No boats", said the port.'
    assert first.published_at == datetime.fromisoformat("2026-03-01T09:30:00Z")
    assert first.extra == {"Reporter's mood": "grim"}
    assert (second.authors, second.extra) == ((), {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", "|"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    text = f"title{delimiter}text\nÉlan à la gare{delimiter}Été à Zürich où l'on a vu des élèves très étonnés\n"
    (article,) = articles(read(text.encode(encoding)))
    assert (article.title, article.body) == ("Élan à la gare", "Été à Zürich où l'on a vu des élèves très étonnés")


def test_a_row_of_another_length_is_rejected_with_its_place() -> None:
    items = read("title,text\na,b\nonly\nc,d,e\nf,g\n")
    assert [item.place for item in items] == ["row 1", "row 2", "row 3", "row 4"]
    assert [isinstance(item, Found) for item in items] == [True, False, False, True]
    assert isinstance(items[1], Reject)
    assert "has 1 cells, expected 2 as in the header" in items[1].reason


def parquet(columns: dict[str, Any]) -> bytes:
    held = io.BytesIO()
    write_table(pyarrow.table(columns), held)
    return held.getvalue()


def test_parquet_keeps_dates_lists_and_nulls() -> None:
    data = parquet(
        {
            "headline": ["Ferry", "Trams"],
            "text": ["It sailed.", None],
            "published": pyarrow.array([datetime(2026, 3, 1, 9, 30), None], pyarrow.timestamp("us", tz="Europe/Oslo")),
            "updated": pyarrow.array([date(2026, 3, 2), None]),
            "tags": [["sea", "port"], []],
            "geo": [{"lat": 1.5, "bad": float("nan")}, None],
            "section": pyarrow.array(["Harbour", "Town"]).dictionary_encode(),
        }
    )
    first, second = articles(read(data))
    assert first.published_at == datetime.fromisoformat("2026-03-01T09:30:00Z")
    assert first.updated_at == datetime.fromisoformat("2026-03-02T00:00:00Z")
    assert (first.tags, first.section) == (("sea", "port"), "Harbour")
    assert first.extra == {"geo": {"lat": 1.5, "bad": None}}
    assert (second.title, second.body, second.extra) == ("Trams", "", {})


def test_a_bad_parquet_cell_costs_its_row_or_only_itself() -> None:
    nanoseconds = pyarrow.array([1767225600000000001, 0, 2**62], pyarrow.timestamp("ns"))
    cut = pyarrow.array([b"Ferry", b"caf\xe9", b"Trams"])
    data = parquet(
        {
            "title": pyarrow.Array.from_buffers(pyarrow.string(), 3, cut.buffers()),
            "date": pyarrow.array([1767225600000000001, None, 1767225600000000000], pyarrow.timestamp("ns")),
            "seen": nanoseconds,
            "took": pyarrow.array([1, 2, 3], pyarrow.duration("ns")),
            "day": pyarrow.array([0, 0, 2**31 - 1], pyarrow.int32()).view(pyarrow.date32()),
        }
    )
    first, second, third = read(data)
    assert isinstance(first, Found)
    assert isinstance(third, Found)
    assert first.article.published_at == datetime.fromisoformat("2026-01-01T00:00:00Z")
    assert first.article.extra["day"] == "1970-01-01"
    assert "day" not in third.article.extra
    assert isinstance(second, Reject)
    assert second.place == "row 2"
    assert "that cannot be read" in second.reason


def test_a_long_value_repeated_in_each_row_is_held_once() -> None:
    long = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array([0] * 500, pyarrow.int32()), pyarrow.array(["z" * 9_000_000])
    )
    data = parquet({"title": ["A"] * 500, "text": long})
    before = pyarrow.total_allocated_bytes()
    for item in read_parquet(SourceFile.in_memory("x", data), Reading(NOW)):
        assert isinstance(item, Reject)
        assert item.reason == "body is a cell of 9,000,000 bytes; the limit is 8,000,000"
        assert pyarrow.total_allocated_bytes() - before < 100 << 20


def test_a_row_group_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.sources.parquet.MAX_ROW_GROUP_BYTES", 20_000)
    held = io.BytesIO()
    table = pyarrow.table({"title": [f"A{number} " + "x" * 90 for number in range(300)]})
    with ParquetWriter(held, table.schema) as writer:
        writer.write_table(table.slice(0, 50))
        writer.write_table(table)
    *rows, last = read(held.getvalue())
    assert len(articles(rows)) == 50
    assert isinstance(last, Reject)
    assert last.place == "file"
    assert last.reason.startswith("row group 2 unpacks to ")


def test_a_damaged_parquet_file_is_one_reject() -> None:
    data = parquet({"title": ["a"] * 1000, "text": ["b" * 50] * 1000})
    for broken in (data[:200], data[:-20], b"PAR1" + bytes(100)):
        (item,) = read(broken)
        assert isinstance(item, Reject)
        assert "is no whole Parquet file" in item.reason


@pytest.mark.parametrize(
    "document",
    [
        '[{"headline": "A", "text": "x"}, {"title": "B", "body": "y"}]',
        '{\n "articles": [{"headline": "A", "text": "x"}, {"title": "B", "body": "y"}]\n}',
    ],
)
def test_a_json_document_of_records(document: str) -> None:
    assert [(article.title, article.body) for article in articles(read(document, "a.json"))] == [("A", "x"), ("B", "y")]


def test_one_record_over_several_lines_is_one_article() -> None:
    assert articles(read('{\n "title": "A"\n}', "a.json"))[0].title == "A"


@pytest.mark.parametrize("data", ['[1, {"title": "A"}]', '["' + "x" * 10 + '", {"title": "A"}]'])
def test_what_is_no_record_is_rejected_with_its_place(data: str) -> None:
    items = read(data, "a.json")
    assert [(type(item).__name__, item.place) for item in items] == [("Reject", "record 1"), ("Found", "record 2")]


def test_a_deeply_nested_document_is_one_reject() -> None:
    (item,) = read("[" * 100_000, "a.json")
    assert isinstance(item, Reject)


PIECES = st.lists(
    st.sampled_from(['"', ",", ";", "\n", "\r", "\0", "title", "text", "é", "x" * 30, "[", "{", "}", ":"]), max_size=30
)


@pytest.mark.parametrize("reader", [read_csv, read_parquet, read_json_array])
@settings(max_examples=150, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=200), PIECES.map("".join).map(str.encode)),
    head=st.sampled_from([b"", b"title,text\n", b"PAR1"]),
)
def test_any_bytes_are_read_or_refused(reader: Reader, data: bytes, head: bytes) -> None:
    with suppress(SourceError):
        for item in reader(SourceFile.in_memory("x", head + data), Reading(NOW)):
            assert isinstance(item, (Found, Reject))
