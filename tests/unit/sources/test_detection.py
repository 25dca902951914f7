from __future__ import annotations

from pathlib import Path

import pytest

from indexer.sources import SourceFormat, open_source
from indexer.sources.detection import detect_format
from indexer.types import Reject
from tests.support import NOW

NAMED_ENTITIES = (
    b'<?xml version="1.0"?>\n<!-- made by hand -->\n<!DOCTYPE nitf SYSTEM "nitf.dtd" [ <!ELEMENT x ANY> ]>\n'
)


@pytest.mark.parametrize(
    ("sample", "suffix", "expected"),
    [
        (b'{"title": "x"}', ".txt", SourceFormat.JSONL),
        (b'\xef\xbb\xbf {"title": "x"}', "", SourceFormat.JSONL),
        (b"broken", ".jsonl", SourceFormat.JSONL),
        (b'{"title": "x"}\n{"title": "y"}', ".json", SourceFormat.JSONL),
        (b'{\n  "title": "x"\n}', ".json", SourceFormat.JSON),
        (b'[{"title": "x"}]', "", SourceFormat.JSON),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "", SourceFormat.JSON_FEED),
        (b'[{"id": 1, "title": {"rendered": "x"}}]', ".json", SourceFormat.WORDPRESS_JSON),
        (b'{"uri": "urn:x", "headline": "x", "body_text": "y"}', "", SourceFormat.NINJS),
        (b'{"uri": "urn:x", "headlines": [{"value": "x"}]}', "", SourceFormat.NINJS),
        (b"<!DOCTYPE html><html>", ".txt", SourceFormat.HTML),
        (b"<html>", ".jsonl", SourceFormat.HTML),
        (b"\n<!-- saved --><html>", "", SourceFormat.HTML),
        ("<html>".encode("utf-16"), "", SourceFormat.HTML),
        (b'<?xml version="1.0"?>\n<rss version="2.0"><channel><title>x</title>', ".html", SourceFormat.FEED),
        (b'<feed xmlns="http://www.w3.org/2005/Atom">', "", SourceFormat.FEED),
        (b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">', "", SourceFormat.FEED),
        (b'<rss xmlns:wp="http://wordpress.org/export/1.2/">', "", SourceFormat.WORDPRESS_EXPORT),
        (b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">', "", SourceFormat.SITEMAP),
        (b'<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/">', "", SourceFormat.NEWSML_G2),
        (b'<nar:newsMessage xmlns:nar="http://iptc.org/std/nar/2006-10-01/">', "", SourceFormat.NEWSML_G2),
        (NAMED_ENTITIES + b"<nitf>", "", SourceFormat.NITF),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">', "", SourceFormat.HTML),
        (b"Title;Date;Text\nx;y;z\n", "", SourceFormat.CSV),
        (b"a,b,c\n1,2,3\n", ".csv", SourceFormat.CSV),
        (b"PAR1\x15\x04", "", SourceFormat.PARQUET),
        (b"WARC/1.0\r\nWARC-Type: warcinfo\r\n", "", SourceFormat.WARC),
        (b"A headline, and its date\nand a line", ".html", SourceFormat.PAGE_TEXT),
        (b"%PDF-1.7 text", ".html", None),
        (b"abc\x00def", ".jsonl", None),
    ],
)
def test_content_tells_the_format_and_the_name_decides_only_where_it_is_unclear(
    sample: bytes, suffix: str, expected: SourceFormat | None
) -> None:
    assert detect_format(sample, suffix) == expected


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
