from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable

import pytest
import zstandard
from fastwarc.stream_io import BrotliWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.sources.decoding import MAX_PAGE_BYTES, decode_page
from indexer.sources.detection import SourceFormat
from indexer.sources.items import Reading
from indexer.sources.opening import read_source
from indexer.sources.source_file import SourceFile
from indexer.types import DateOrigin, Found, Reject
from tests.support import NOW
from tests.unit.sources.invented_pages import ARABIC, ARABIC_TITLE, BLOG, BODY, INDEX, PLAIN_DUMP, TITLE

PAGE = BLOG.encode()
BARE_ARABIC = ARABIC.replace('<meta charset="utf-8">', "").replace("١٠ مارس ٢٠٢٦", "10 مارس 2026")
URL = "https://quayside.example/ferry?utm_source=x"


def record(kind: str, block: bytes, content_type: str = "application/http; msgtype=response", **more: str) -> bytes:
    headers = {
        "WARC-Type": kind,
        "WARC-Target-URI": URL,
        "WARC-Date": "2026-04-01T00:00:00Z",
        "Content-Type": content_type,
        "Content-Length": str(len(block)),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"WARC/1.1\r\n{lines}\r\n".encode() + block + b"\r\n\r\n"


def answer(page: bytes = PAGE, status: str = "200 OK", **headers: str) -> bytes:
    said = {"Content-Type": "text/html", **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return record("response", f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + page)


INFO = record("warcinfo", b"software: invented/1.0\r\n", "application/warc-fields")


def read(*records: bytes) -> list[Found | Reject]:
    return list(read_source(SourceFile.in_memory("crawl.warc", b"".join(records)), Reading(NOW)))


def found(*records: bytes) -> Found:
    (one,) = read(*records)
    assert isinstance(one, Found), one
    return one


def rejected(*records: bytes) -> Reject:
    (one,) = read(*records)
    assert isinstance(one, Reject), one
    return one


def test_a_page_is_an_article_at_its_address() -> None:
    one = found(INFO, answer())
    assert (one.source, one.place, one.partial) == ("crawl.warc", "record 2", True)
    assert (one.article.title, one.article.body) == (TITLE, BODY)
    assert one.article.url == "https://quayside.example/ferry"
    assert one.article.image_url is None


def test_the_day_of_the_crawl_is_no_date_of_publication() -> None:
    article = found(answer(PLAIN_DUMP.encode())).article
    assert (article.published_at, article.published_from) == (None, DateOrigin.NONE)


def test_one_compressed_member_a_record_is_read_like_one_file() -> None:
    members = b"".join(gzip.compress(part) for part in (INFO, answer(), answer()))
    items = list(read_source(SourceFile.in_memory("crawl.warc.gz", members), Reading(NOW)))
    assert [one.place for one in items if isinstance(one, Found)] == ["record 2", "record 3"]


def test_a_resource_without_http_is_a_page_too() -> None:
    page = record("resource", BARE_ARABIC.encode("cp1256"), "text/html; charset=windows-1256")
    article = found(page).article
    assert article.title == ARABIC_TITLE


def test_what_is_no_html_page_with_status_200_is_passed_over() -> None:
    records = (
        INFO,
        record(
            "request", b"GET /ferry HTTP/1.1\r\nHost: quayside.example\r\n\r\n", "application/http; msgtype=request"
        ),
        answer(b"", "301 Moved Permanently", Location="/new"),
        answer(PAGE, "404 Not Found"),
        answer(b"\x89PNG", Content_Type="image/png"),
        answer(b"<rss><channel/></rss>", Content_Type="application/rss+xml"),
        answer(b"User-agent: *", Content_Type="text/plain"),
        record("response", b"20260401000000\r\nquayside.example. 300 IN A 192.0.2.7", "text/dns"),
        record("revisit", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"),
        record("metadata", b"via: x\r\n", "application/warc-fields"),
        record("conversion", b"Text of the page", "text/plain"),
    )
    assert found(*records, answer()).place == "record 12"
    assert rejected(*records) == Reject("crawl.warc", "file", "holds no HTML page with status 200 among its 11 records")


def test_a_page_that_is_no_article_is_rejected_at_its_place() -> None:
    index, one = read(answer(INDEX.encode()), answer())
    assert isinstance(index, Reject)
    assert (index.place, index.reason[:16]) == ("record 1", "no article found")
    assert isinstance(one, Found)


def brotli(data: bytes) -> bytes:
    held = io.BytesIO()
    writer = BrotliWriter(held)
    writer.write(data)
    writer.close()
    return held.getvalue()


def bare_deflate(data: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()


def chunked(data: bytes) -> bytes:
    pieces = [data[start : start + 700] for start in range(0, len(data), 700)]
    return b"".join(b"%x;x=y\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": bare_deflate,
    "zstd": zstandard.compress,
    "br": brotli,
    "identity": bytes,
    "gzip, br": lambda data: brotli(gzip.compress(data)),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_encoded_and_chunked_pages_are_decoded(name: str) -> None:
    page = ENCODINGS[name](PAGE)
    items = read(
        answer(page, Content_Encoding=name),
        answer(chunked(page), Content_Encoding=name, Transfer_Encoding="chunked"),
        answer(PAGE, Content_Encoding=name, Transfer_Encoding="chunked"),
    )
    assert [one.article.body for one in items if isinstance(one, Found)] == [BODY] * 3


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd", "br"])
def test_a_page_that_unfolds_past_the_limit_is_rejected_and_the_next_is_read(name: str) -> None:
    bomb, one = read(answer(ENCODINGS[name](bytes(MAX_PAGE_BYTES + 1)), Content_Encoding=name), answer())
    assert isinstance(bomb, Reject)
    assert bomb.reason == "has more than 20,971,520 bytes when it is decoded, the limit for a page"
    assert isinstance(one, Found)


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd", "br"])
def test_a_page_whose_encoding_is_cut_off_is_rejected(name: str) -> None:
    cut, one = read(answer(ENCODINGS[name](PAGE)[:-30], Content_Encoding=name), answer())
    assert isinstance(cut, Reject)
    assert cut.reason.startswith(f"its {name} encoding is damaged (")
    assert isinstance(one, Found)


def test_an_unknown_encoding_and_a_missing_chunk_are_rejected() -> None:
    unknown, cut, many = read(
        answer(b"\x00\x01", Content_Encoding="dcz"),
        answer(chunked(PAGE)[:-100], Transfer_Encoding="chunked"),
        answer(PAGE, Content_Encoding="gzip," * 5),
    )
    assert [one.reason for one in (unknown, cut, many) if isinstance(one, Reject)] == [
        "has the content encoding 'dcz'; expected one of gzip, x-gzip, deflate, br, zstd",
        "its chunked encoding is damaged: the last chunk is missing",
        "is encoded 5 times over; the limit is 4",
    ]


def test_a_page_that_is_too_large_or_cut_off_by_the_crawler_is_rejected_and_the_next_is_read() -> None:
    cut = record("response", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE, WARC_Truncated="length")
    items = read(answer(bytes(MAX_PAGE_BYTES + 1)), cut, answer())
    assert [one.reason for one in items if isinstance(one, Reject)] == [
        "the page has 20,971,521 bytes; the limit is 20,971,520",
        "the crawler cut the page off (WARC-Truncated: length); fetch it anew",
    ]
    assert isinstance(items[2], Found)


def test_the_header_says_the_charset_where_the_page_does_not() -> None:
    sent = [("windows-1256", "cp1256"), ("utf-16le", "utf-16-le"), ("iso-8859-1", "utf-8")]
    for charset, encoding in sent:
        one = found(answer(BARE_ARABIC.encode(encoding), Content_Type=f"text/html; charset={charset}"))
        assert one.article.title == ARABIC_TITLE
    declared = found(answer(ARABIC.encode(), Content_Type="text/html; charset=windows-1256"))
    assert declared.article.title == ARABIC_TITLE


@pytest.mark.parametrize("name", ["idna", "punycode", "undefined", "unicode_escape", "hex", "x\x00y", "nonsense", ""])
def test_a_charset_that_no_page_has_is_not_asked(name: str) -> None:
    assert decode_page(b"na\\u00efve", name) == "na\\u00efve"
    assert decode_page(f'<meta charset="{name}">café'.encode(), name).endswith("café")


def test_a_charset_that_cannot_declare_itself_in_ascii_is_utf_8() -> None:
    assert decode_page('<meta charset="utf-16">café'.encode()).endswith("café")


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (b"nonsense\r\n\r\n" + answer(), "(Invalid WARC header)"),
        (answer()[:-300], "it ends after"),
        (answer()[:70], "Content-Length is ''"),
        (answer().replace(b"Content-Length: ", b"Content-Length: x"), "Content-Length is 'x"),
        (answer().replace(b"Content-Length: ", b"Content-Length: 9999999999999999999"), "Content-Length is '999"),
        (b"WARC/1.1\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", "Maximum header length"),
    ],
)
def test_the_records_before_a_damaged_one_are_kept_and_one_reject_says_where(damaged: bytes, reason: str) -> None:
    first, broken = read(answer(), damaged)
    assert isinstance(first, Found)
    assert isinstance(broken, Reject)
    assert broken.place == "record 2"
    assert reason in broken.reason
    assert broken.reason.endswith("only the records before it were read")


def test_damaged_compression_is_one_reject_at_its_record() -> None:
    members = gzip.compress(answer()) * 60 + gzip.compress(answer())[:300]
    *kept, broken = read_source(SourceFile.in_memory("crawl.warc.gz", members), Reading(NOW))
    assert len(kept) > 20
    assert all(isinstance(one, Found) for one in kept)
    assert isinstance(broken, Reject)
    assert broken.place == f"record {len(kept) + 1}"
    assert "Compressed file ended before the end-of-stream marker was reached" in broken.reason


def test_an_http_header_that_cannot_be_read_is_one_reject_or_passed_over() -> None:
    items = read(record("response", b"nonsense"), record("response", b"\xff\x00\r\n\r\n"), answer())
    assert isinstance(items[-1], Found)


WHOLE = INFO + answer(gzip.compress(PAGE), Content_Encoding="gzip") + answer(chunked(PAGE), Transfer_Encoding="chunked")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_rejected(data: bytes) -> None:
    for one in read_source(SourceFile.in_memory("x", b"WARC/1.0\r\n" + data), Reading(NOW)):
        assert isinstance(one, (Found, Reject))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(WHOLE)), st.integers(0, 60), st.binary(max_size=30))
def test_a_damaged_file_is_read_or_rejected(start: int, length: int, new: bytes) -> None:
    data = WHOLE[:start] + new + WHOLE[start + length :]
    items = list(read_source(SourceFile.in_memory("x", data), Reading(NOW), SourceFormat.WARC))
    assert items
    assert all(isinstance(one, (Found, Reject)) for one in items)


HEADER_END = len(INFO) + 600


@settings(max_examples=200, deadline=None)
@given(st.integers(len(INFO), HEADER_END), st.integers(0, 8), st.sampled_from(list(b"\x00\xff\r\n: -9")))
def test_a_damaged_header_is_read_or_rejected(start: int, length: int, new: int) -> None:
    data = WHOLE[:start] + bytes([new]) * length + WHOLE[start + length :]
    assert all(
        isinstance(one, (Found, Reject))
        for one in read_source(SourceFile.in_memory("x", data), Reading(NOW), SourceFormat.WARC)
    )
