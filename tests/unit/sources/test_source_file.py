from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
from pathlib import Path

import pytest
import zstandard

from indexer.errors import SourceError
from indexer.sources import open_source, read_source
from indexer.sources.items import Reading
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject
from tests.support import NOW, record, write_jsonl

COMPRESSIONS = {
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def lines(folder: Path, count: int = 40) -> bytes:
    return write_jsonl(folder / "plain.jsonl", [record(number) for number in range(count)]).read_bytes()


@pytest.mark.parametrize("ending", COMPRESSIONS)
def test_a_compressed_file_is_read_like_the_plain_one_whatever_its_name(tmp_path: Path, ending: str) -> None:
    data = COMPRESSIONS[ending](lines(tmp_path))
    plain = [item.article for item in open_source(tmp_path / "plain.jsonl", now=NOW) if isinstance(item, Found)]
    for name in (f"news.jsonl{ending}", "news"):
        (tmp_path / name).write_bytes(data)
        items = list(open_source(tmp_path / name, now=NOW))
        assert [item.article for item in items if isinstance(item, Found)] == plain
        assert len(items) == 40


@pytest.mark.parametrize("ending", [".gz", ".zst", ".bz2", ".xz"])
def test_members_one_after_another_are_one_file(tmp_path: Path, ending: str) -> None:
    data = lines(tmp_path)
    half = data.index(b"\n", len(data) // 2) + 1
    (tmp_path / "two").write_bytes(COMPRESSIONS[ending](data[:half]) + COMPRESSIONS[ending](data[half:]))
    assert len(list(open_source(tmp_path / "two", now=NOW))) == 40


@pytest.mark.parametrize("ending", COMPRESSIONS)
def test_what_comes_before_a_damage_is_kept(tmp_path: Path, ending: str) -> None:
    data = COMPRESSIONS[ending](lines(tmp_path, 30_000))
    (tmp_path / "cut").write_bytes(data[: len(data) * 2 // 3])
    items = list(open_source(tmp_path / "cut", now=NOW))
    damage = [item for item in items if isinstance(item, Reject) and item.place == "file"]
    assert len(damage) == 1
    assert "its compression is damaged" in damage[0].reason
    assert sum(isinstance(item, Found) for item in items) > 1_000


def test_a_zst_bomb_is_unpacked_in_bounded_memory() -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(200 << 20))
    tracemalloc.start()
    with SourceFile.in_memory("bomb.zst", bomb).open() as file:
        size = sum(len(piece) for piece in iter(lambda: file.read(1 << 16), b""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 200 << 20
    assert peak < 64 << 20


def test_a_zst_file_cut_between_two_blocks_or_followed_by_rubbish_is_damaged() -> None:
    whole = zstandard.ZstdCompressor(write_checksum=True).compress(b"a line of text\n" * 100_000)
    for broken in (whole[:-4], whole[:40], whole + b"rubbish"):
        with pytest.raises(SourceError, match="its compression is damaged"):
            SourceFile.in_memory("x.zst", broken).read()


def test_a_bomb_is_read_in_bounded_memory(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bomb.jsonl.gz", "wb", compresslevel=1) as file:
        for _ in range(160):
            file.write(b" " * (1 << 20))
    tracemalloc.start()
    items = list(open_source(tmp_path / "bomb.jsonl.gz", now=NOW))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(items) == 1
    assert peak < 64 << 20
    with pytest.raises(SourceError, match="has more than"):
        SourceFile.on_disk(tmp_path / "bomb.jsonl.gz").read(1 << 20)


def test_the_ending_is_that_of_the_content() -> None:
    assert SourceFile.in_memory("a/News.JSONL.gz", b"").suffix == ".jsonl"
    assert SourceFile.in_memory("a/page.HTML", b"").suffix == ".html"
    assert SourceFile.in_memory("a/news.gz", b"").suffix == ""


def test_a_file_in_memory_is_read_under_its_name() -> None:
    (item,) = read_source(SourceFile.in_memory("https://paper.example/feed", b'{"title": "x"}'), Reading(NOW))
    assert (item.source, item.place) == ("https://paper.example/feed", "line 1")
