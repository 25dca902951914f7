"""One file's articles, its format told by its content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from indexer.sources.html import read_html
from indexer.sources.jsonl import read_jsonl
from indexer.sources.page_text import read_page_text
from indexer.types import Found, Reject

SAMPLE_BYTES = 4096

_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|title|meta|div|p|h1)\b", re.IGNORECASE)
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")


class SourceFormat(StrEnum):
    JSONL = "jsonl"
    HTML = "html"
    PAGE_TEXT = "page-text"


_READERS = {SourceFormat.JSONL: read_jsonl, SourceFormat.HTML: read_html, SourceFormat.PAGE_TEXT: read_page_text}


def open_source(path: Path, *, now: datetime, format: SourceFormat | None = None) -> Iterator[Found | Reject]:
    """The articles of a file in its order, and a Reject for each part of it that is none.

    Dates past `now` are refused. `format` overrides what the content looks like.
    """
    try:
        with path.open("rb") as file:
            sample = file.read(SAMPLE_BYTES)
    except OSError as error:
        yield Reject(str(path), "file", f"cannot be read: {error.strerror}")
        return
    if not sample.strip():
        yield Reject(str(path), "file", "the file is empty")
        return
    chosen = format or detect_format(sample)
    if chosen is None:
        yield Reject(str(path), "file", "looks like binary data; expected JSONL, a saved HTML page or plain text")
        return
    yield from _READERS[chosen](path, now=now)


def detect_format(sample: bytes) -> SourceFormat | None:
    """What the first bytes of a file look like; None for binary data."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return SourceFormat.HTML if _HTML.search(sample.replace(b"\0", b"")) else SourceFormat.PAGE_TEXT
    if b"\0" in sample or sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in sample) > len(sample) // 100:
        return None
    text = sample.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return SourceFormat.JSONL
    return SourceFormat.HTML if _HTML.search(text) else SourceFormat.PAGE_TEXT
