"""What the benchmark scripts do beside measuring."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from indexer.layout import IndexFolder
from indexer.models import find_model
from scripts.benchmark import BEGIN, END, around_the_figures, machine
from scripts.benchmark_sizes import report
from scripts.compare_encoders import gigaflops
from search_api.stages import Stage
from tests.support import ROOT, record, write_jsonl


def test_an_archive_grows_from_size_to_size_and_goes_on_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = write_jsonl(
        tmp_path / "passages.jsonl", [record(number) | {"id": "one id#for all"} for number in range(50)]
    )
    packed = tmp_path / "passages.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    index = IndexFolder(tmp_path / "index")
    head, rule, *rows = report(packed, [20, 40], ["ferry report", "cup final"], index)
    assert head.count("|") == rule.count("|") == len(Stage) + 7
    assert [row.split(" | ")[0] for row in rows] == ["| 20, 20", "| 40, 40"]
    assert all(row.count("|") == head.count("|") for row in rows)
    *_, row = report(packed, [20, 50], ["ferry report"], index)
    assert row.startswith("| 50, 50 | ")
    assert "size 20 is left out: the index holds more" in capsys.readouterr().err


def test_figures_go_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Before\n{BEGIN}\nold\n{END}\nAfter\n", encoding="utf-8")
    assert around_the_figures(page) == (f"Before\n{BEGIN}", f"{END}\nAfter\n")
    around_the_figures(ROOT / "docs" / "benchmarks.md")
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(SystemExit, match="has no <!-- measured -->"):
        around_the_figures(page)


def test_the_work_of_a_passage_is_that_of_its_matrices() -> None:
    model = find_model("all-MiniLM-L6-v2")
    work = gigaflops(200, model)
    assert work == pytest.approx(2 * 6 * 200 * (4 * 384**2 + 2 * 384 * 1536 + 2 * 200 * 384) / 1e9)


def test_the_machine_is_named_with_its_cores_and_versions() -> None:
    assert " cores with" in machine()
    assert "openvino 2" in machine()
