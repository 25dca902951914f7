from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from indexer.sources import open_source
from indexer.sources.jsonl import MAX_LINE_BYTES
from indexer.types import Found, Reject
from tests.support import NOW

GOOD = b'{"id": "a1", "title": "Ferry returns", "body": "The ferry came back."}'


def read(folder: Path, *lines: bytes, name: str = "articles.jsonl") -> list[Found | Reject]:
    path = folder / name
    path.write_bytes(b"\n".join(lines) + b"\n")
    return list(open_source(path, now=NOW))


def rejected(folder: Path, line: bytes) -> Reject:
    first, reject, last = read(folder, GOOD, line, GOOD.replace(b"a1", b"a2"))
    assert isinstance(first, Found)
    assert isinstance(last, Found)
    assert isinstance(reject, Reject)
    assert reject.place == "line 2"
    return reject


def test_each_line_is_an_article_at_its_place(tmp_path: Path) -> None:
    items = read(tmp_path, GOOD, b"", b"  ", GOOD.replace(b"a1", b"a2"))
    assert [(item.place, item.article.id) for item in items if isinstance(item, Found)] == [
        ("line 1", "a1"),
        ("line 4", "a2"),
    ]
    assert not any(item.partial for item in items if isinstance(item, Found))


def test_a_byte_order_mark_and_windows_line_ends_are_tolerated(tmp_path: Path) -> None:
    items = read(tmp_path, b"\xef\xbb\xbf" + GOOD + b"\r", GOOD.replace(b"a1", b"a2") + b"\r")
    assert all(isinstance(item, Found) for item in items)


def test_a_broken_line_says_the_column(tmp_path: Path) -> None:
    assert "not valid JSON at column 15" in rejected(tmp_path, b'{"title": "x" "body": 1}').reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1, 2]", "is a JSON array; expected a JSON object"),
        (b'"text"', "is a JSON text; expected a JSON object"),
        (b"null", "is a JSON null; expected a JSON object"),
        (b'{"title": "caf\xe9"}', "byte 0xe9 at position 15 is not UTF-8"),
        (b'{"title": ""}', "neither title nor body has text"),
        (b'{"title": "x", "published_at": "soon"}', "published_at is 'soon'; expected ISO 8601"),
        (b'{"title": "x", "published_at": "2031-01-01"}', "days in the future"),
        (b'{"title": "x", "n": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not valid JSON at column"),
    ],
)
def test_a_bad_line_is_rejected_with_its_reason_and_the_others_go_on(tmp_path: Path, line: bytes, reason: str) -> None:
    assert reason in rejected(tmp_path, line).reason


def test_a_file_whose_first_line_is_broken_is_still_jsonl(tmp_path: Path) -> None:
    broken, good = read(tmp_path, b"oops", GOOD)
    assert isinstance(broken, Reject)
    assert isinstance(good, Found)


def test_duplicate_keys_take_the_last_and_nan_is_nothing(tmp_path: Path) -> None:
    (item,) = read(tmp_path, b'{"title": "first", "title": "second", "score": NaN}')
    assert isinstance(item, Found)
    assert item.article.title == "second"
    assert "score" not in item.article.extra


def test_a_line_of_50_mb_is_rejected_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl"
    with path.open("wb") as file:
        file.write(GOOD + b"\n" + b'{"body": "')
        for _ in range(50):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n' + GOOD.replace(b"a1", b"a2") + b"\n")
    tracemalloc.start()
    items = list(open_source(path, now=NOW))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [type(item) for item in items] == [Found, Reject, Found]
    assert items[1] == Reject(
        str(path), "line 2", "the line has 50,000,013 bytes; the limit is 16,777,216: split it into articles"
    )
    assert peak < 3 * MAX_LINE_BYTES


def test_other_names_are_read_by_content(tmp_path: Path) -> None:
    (item,) = read(tmp_path, json.dumps({"title": "By content"}).encode(), name="export.data")
    assert isinstance(item, Found)
