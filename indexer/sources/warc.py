"""WARC files (ISO 28500), as crawlers write them: the article of each HTML page that was answered with status 200."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from indexer.errors import ArticleError
from indexer.sources.decoding import MAX_PAGE_BYTES, decode_page
from indexer.sources.html import page_item
from indexer.sources.http_payload import decoded_payload
from indexer.sources.items import Reading
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject

if TYPE_CHECKING:
    from fastwarc.warc import ArchiveIterator, WarcRecord

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_LENGTH = re.compile("[0-9]{1,18}")


class _Damaged(Exception):
    """The file cannot be followed past this record."""


class _Stream:
    """A file as fastwarc may read it: an error is kept and ends the stream, for its native code aborts on some."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._place = 0
        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._file.read(size) if self.error is None else b""
        except Exception as error:
            self.error, data = error, b""
        self._place += len(data)
        return data

    def tell(self) -> int:
        return self._place

    def seek(self, _offset: int, _whence: int = 0) -> int:
        return self._place

    def close(self) -> None:
        """The file is closed by who opened it."""


def read_warc(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """The article of each page, or why it has none; other records are passed over, and count in the places of the pages.

    Where the file is damaged, what was before it is kept and one Reject says at which record.
    """
    from fastwarc.warc import ArchiveIterator

    number, yielded = 0, False
    with file.open() as opened:
        stream = _Stream(opened)
        records = ArchiveIterator(stream, parse_http=False, stream_detect=False)
        while True:
            place = f"record {number + 1}"
            try:
                if (record := _next(records, stream)) is None:
                    break
                item = _item(record, stream, file.name, place, how)
            except ArticleError as error:
                item = Reject(file.name, place, str(error))
            except _Damaged as error:
                yield Reject(
                    file.name, place, f"the file is damaged here ({error}); only the records before it were read"
                )
                return
            number += 1
            if item:
                yielded = True
                yield item
    if not yielded:
        yield Reject(file.name, "file", f"holds no HTML page with status 200 among its {number:,} records")


def _next(records: ArchiveIterator, stream: _Stream) -> WarcRecord | None:
    """The next record; None after the last."""
    try:
        record = next(records, None)
    except (OSError, ValueError) as error:
        raise _Damaged(stream.error or error) from None
    if record is None and stream.error:
        raise _Damaged(stream.error)
    if record is not None:
        length = record.headers.get("Content-Length") or ""
        if not _LENGTH.fullmatch(length.strip()) or int(length) != record.content_length:
            raise _Damaged(stream.error or f"its Content-Length is {length[:40]!r}")
    return record


def _item(record: WarcRecord, stream: _Stream, source: str, place: str, how: Reading) -> Found | Reject | None:
    """What a record's page holds; None for a record that is no page."""
    if _type(record) not in ("response", "resource"):
        return None
    content_type = _content_type(record)
    if content_type is None or content_type.partition(";")[0].strip().lower() not in _HTML_TYPES:
        return None
    data = _payload(record, stream)
    if charset := _CHARSET.search(content_type):
        data = codecs.BOM_UTF8 + decode_page(data, charset[1]).encode()
    address = (record.headers.get("WARC-Target-URI") or "").strip().strip("<>")
    return page_item(data, source, place, how, address=address or None)


def _type(record: WarcRecord) -> str:
    return (record.headers.get("WARC-Type") or "").strip().lower()


def _content_type(record: WarcRecord) -> str | None:
    """What a page was sent as; None for an answer with another status than 200."""
    if not record.is_http:
        return record.headers.get("Content-Type") if _type(record) == "resource" else None
    try:
        record.parse_http()
        headers = record.http_headers
        if headers.status_code != 200:
            return None
        return headers.get("Content-Type") or record.headers.get("WARC-Identified-Payload-Type")
    except (OSError, ValueError) as error:
        raise ArticleError(f"its HTTP header cannot be read ({error})") from None


def _payload(record: WarcRecord, stream: _Stream) -> bytes:
    if reason := record.headers.get("WARC-Truncated"):
        raise ArticleError(f"the crawler cut the page off (WARC-Truncated: {reason[:40]}); fetch it anew")
    size = record.content_length
    if size > MAX_PAGE_BYTES:
        raise ArticleError(f"the page has {size:,} bytes; the limit is {MAX_PAGE_BYTES:,}")
    try:
        data = record.reader.read(size) if size else b""
    except (OSError, ValueError) as error:
        raise _Damaged(stream.error or error) from None
    if len(data) < size:
        raise _Damaged(stream.error or f"it ends after {len(data):,} of {size:,} bytes")
    if not record.is_http:
        return data
    transfer, content = (record.http_headers.get(name) or "" for name in ("Transfer-Encoding", "Content-Encoding"))
    return decoded_payload(data, transfer, content, MAX_PAGE_BYTES)
