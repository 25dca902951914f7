from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.fetching.bodies import body_of
from indexer.fetching.charsets import in_utf8
from indexer.fetching.outcomes import Declined, Delayed, Refusal


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(min_value=3, max_value=50))
def test_gzip_comes_back_whatever_its_parts_and_chunks(parts: list[bytes], size: int) -> None:
    packed = b"".join(gzip.compress(part) for part in parts[:1])
    assert body_of(chunks(packed, size), "gzip", 10_000) == parts[0]
    assert body_of([b"".join(map(gzip.compress, parts))], "x-gzip", 10_000) == b"".join(parts)


@given(st.binary(max_size=2000), st.sampled_from([15, -15]), st.integers(min_value=2, max_value=50))
def test_deflate_comes_back_with_and_without_its_wrapper(data: bytes, bits: int, size: int) -> None:
    packer = zlib.compressobj(wbits=bits)
    packed = packer.compress(data) + packer.flush()
    assert body_of(chunks(packed, size), "deflate", 10_000) == data


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=10), st.sampled_from(["", "identity", "gzip", "deflate"]))
def test_any_bytes_are_a_body_or_damaged_never_more_than_the_limit(sent: list[bytes], encoding: str) -> None:
    with suppress(Declined, Delayed):
        assert len(body_of(sent, encoding, 500)) <= 500


def test_what_was_sent_counts_too_so_that_endless_empty_parts_end() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield gzip.compress(b"")

    with pytest.raises(Declined) as raised:
        body_of(endless(), "gzip", 10_000)
    assert raised.value.why is Refusal.TOO_LARGE


def test_a_cut_body_is_its_start_without_reading_the_rest() -> None:
    def then_trouble() -> Iterator[bytes]:
        yield b"x" * 11
        raise AssertionError("was read on")

    assert body_of(then_trouble(), "", 10, cut=True) == b"x" * 10


@pytest.mark.parametrize(
    ("data", "content_type", "expected"),
    [
        ("naïve – café".encode("cp1252"), "text/xml; charset=ISO-8859-1", "naïve – café".encode()),
        ("سلام".encode("cp1256"), 'text/html; Charset="windows-1256"', "سلام".encode()),
        ("東京".encode("shift_jis"), "text/html;charset=shift_jis", "東京".encode()),
        ("東京".encode(), "text/html;charset=shift_jis", "東京".encode()),
        (b"\xff\xfea\0", "text/html; charset=cp1252", b"\xff\xfea\0"),
        (
            b'<?xml version="1.0" encoding="koi8-r"?>\xc1',
            "text/xml; charset=cp1252",
            b'<?xml version="1.0" encoding="koi8-r"?>\xc1',
        ),
        (b"\x81\x8d", "text/html; charset=cp1252", b"\x81\x8d"),
        (b"\xe9", "text/html; charset=base64", b"\xe9"),
        (b"\xe9", "text/html", b"\xe9"),
        (b"\xe9", None, b"\xe9"),
    ],
)
def test_the_charset_of_the_header_is_used_where_nothing_contradicts_it(
    data: bytes, content_type: str | None, expected: bytes
) -> None:
    assert in_utf8(data, content_type) == expected
