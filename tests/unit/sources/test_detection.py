from __future__ import annotations

from pathlib import Path

import pytest

from indexer.sources import SourceFormat, open_source
from indexer.sources.detection import detect_format
from indexer.types import Reject
from tests.support import NOW


@pytest.mark.parametrize(
    ("sample", "name", "expected"),
    [
        (b'{"title": "x"}', "a.txt", SourceFormat.JSONL),
        (b'\xef\xbb\xbf {"title": "x"}', "", SourceFormat.JSONL),
        (b"broken", "a.jsonl", SourceFormat.JSONL),
        (b"<!DOCTYPE html><html>", "a.txt", SourceFormat.HTML),
        (b"<html>", "a.jsonl", SourceFormat.HTML),
        (b"\n<!-- saved --><html>", "", SourceFormat.HTML),
        ("<html>".encode("utf-16"), "", SourceFormat.HTML),
        (b"A headline\nand a line", "a.html", SourceFormat.PAGE_TEXT),
        (b"%PDF-1.7 text", "a.html", None),
        (b"abc\x00def", "a.jsonl", None),
    ],
)
def test_content_tells_the_format_and_the_name_decides_only_where_it_is_unclear(
    sample: bytes, name: str, expected: SourceFormat | None
) -> None:
    assert detect_format(sample, name) == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "file is empty"), (b" \n\n", "file is empty"), (b"\x89PNG\r\n\x1a\n\x00\x00", "looks like binary data")],
)
def test_an_empty_or_binary_file_yields_one_reject(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "named.html"
    path.write_bytes(content)
    (item,) = open_source(path, now=NOW)
    assert isinstance(item, Reject)
    assert (item.source, item.place) == (str(path), "file")
    assert reason in item.reason


def test_a_file_that_cannot_be_opened_yields_one_reject(tmp_path: Path) -> None:
    (item,) = open_source(tmp_path / "gone.html", now=NOW)
    assert isinstance(item, Reject)
    assert item.reason.startswith("cannot be read")
