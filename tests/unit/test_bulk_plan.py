"""Inputs of a bulk run cut into portions, and those read back."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow
import pytest
import zstandard
from pyarrow import parquet

from indexer.bulk.plan import Input, Plan, Size, load_plan, planned
from indexer.bulk.portions import read_portion
from indexer.encoder import TextHashEncoder
from indexer.errors import SourceError
from indexer.recipe import recipe_for
from indexer.sources import open_source
from indexer.sources.items import Reading
from indexer.types import Found, Reject
from tests.support import NOW, record, write_jsonl

HOW = Reading(NOW)
SMALL = Size(articles=7, bytes=1 << 20)


def cut_up(path: Path, size: Size = SMALL) -> Input:
    made = planned(path, 3, size)
    assert isinstance(made, Input)
    return made


def read_in_portions(path: Path, size: Size = SMALL) -> list[Found | Reject]:
    source = cut_up(path, size)
    return [item for portion in source.portions for item in read_portion(source, portion, HOW)]


def lines() -> list[Any]:
    """Articles, lines that are none, empty lines, and one as long as several portions."""
    long = {"title": "Long report", "body": "The ferry left the harbour. " * 2000}
    return [*map(record, range(20)), "", "{broken", "   ", long, '{"title": 5}', *map(record, range(20, 31))]


@pytest.mark.parametrize("size", [Size(1, 1 << 20), SMALL, Size(1000, 900), Size(1000, 1 << 20)])
@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_portions_of_lines_hold_what_the_whole_file_does_at_the_same_places(
    tmp_path: Path, size: Size, ending: str
) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", lines())
    if ending:
        packed = gzip.compress if ending == ".gz" else zstandard.ZstdCompressor().compress
        path = tmp_path / f"a.jsonl{ending}"
        path.write_bytes(packed((tmp_path / "a.jsonl").read_bytes()))
    found = read_in_portions(path, size)
    assert found == list(open_source(path, now=NOW))
    assert sum(isinstance(item, Found) for item in found) == 32
    assert sum(portion.count for portion in cut_up(path, size).portions) == len(lines())


def test_a_last_line_without_a_line_break_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(record(number)) for number in range(8)), encoding="utf-8")
    assert len(read_in_portions(path)) == 8
    assert [portion.count for portion in cut_up(path).portions] == [7, 1]


@pytest.mark.parametrize("group", [3, 10, 100])
def test_portions_of_rows_hold_what_the_whole_table_does_at_the_same_places(tmp_path: Path, group: int) -> None:
    path = tmp_path / "a.parquet"
    rows = [record(number) | {"mood": "grim"} for number in range(29)] + [record(30) | {"title": None, "body": None}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=group)
    found = read_in_portions(path)
    assert found == list(open_source(path, now=NOW))
    assert [item.place for item in found] == [f"row {number}" for number in range(1, 31)]
    assert len(cut_up(path).portions) == 5


def test_a_small_input_is_cut_for_all_workers(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", map(record, range(400)))
    assert len(cut_up(path, Size.for_workers(1, 2048, [path])).portions) >= 8
    assert len(cut_up(path, Size.for_workers(4, 2048, [path])).portions) >= 9


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "file is empty"),
        (b"<html><body><p>A page</p></body></html>", "is html; only JSONL and Parquet are read here"),
        (b"PAR1 and nothing else", "is no whole Parquet file"),
        (b"\x00\x01\x02" * 50, "is of no known format"),
        (gzip.compress(b'{"title": "A"}\n' * 50)[:-12], "its compression is damaged"),
    ],
)
def test_what_is_no_jsonl_or_parquet_is_rejected_with_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a").write_bytes(content)
    made = planned(tmp_path / "a", 0, SMALL)
    assert isinstance(made, Reject)
    assert made.reason.startswith(reason)


def test_a_file_that_is_gone_is_rejected(tmp_path: Path) -> None:
    made = planned(tmp_path / "gone.jsonl", 0, SMALL)
    assert isinstance(made, Reject)
    assert made.reason == "cannot be read: No such file or directory"


def test_lines_that_can_be_read_no_more_are_no_rejects(tmp_path: Path) -> None:
    """They could be when they were planned: the machine is at fault, and the next run reads them."""
    path = write_jsonl(tmp_path / "a.jsonl", map(record, range(3)))
    plain = cut_up(path)
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    compressed = cut_up(packed)
    path.unlink()
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(FileNotFoundError):
        list(read_portion(plain, plain.portions[0], HOW))
    with pytest.raises(SourceError, match="its compression is damaged"):
        list(read_portion(compressed, compressed.portions[0], HOW))


def test_a_plan_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    recipe = recipe_for(TextHashEncoder())
    plan = Plan(recipe, (cut_up(write_jsonl(tmp_path / "ä.jsonl", map(record, range(30)))),))
    assert load_plan(tmp_path) is None
    plan.save(tmp_path)
    assert load_plan(tmp_path) == plan


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": 2}', '{"format_version": 1, "inputs": [{}]}'])
def test_a_damaged_plan_is_refused(tmp_path: Path, text: str) -> None:
    Plan(recipe_for(TextHashEncoder()), ()).save(tmp_path)
    (tmp_path / ".bulk" / "plan.json").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match="is no plan of a bulk run"):
        load_plan(tmp_path)


def test_a_changed_file_is_not_as_planned(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", map(record, range(3)))
    source = cut_up(path)
    assert source.is_as_planned
    shutil.copy(path, tmp_path / "b.jsonl")
    with path.open("a", encoding="utf-8") as file:
        file.write("\n")
    assert not source.is_as_planned
