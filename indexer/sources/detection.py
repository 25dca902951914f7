"""Which format a file has, told by its first bytes; the name only decides where those are unclear."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePath

SAMPLE_BYTES = 4096

JSONL_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})

_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|title|meta|link|script|div|p|h1)\b", re.IGNORECASE)
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SIGNATURES = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
)


class SourceFormat(StrEnum):
    """How a file holds its articles."""

    JSONL = "jsonl"
    HTML = "html"
    PAGE_TEXT = "page-text"


def detect_format(sample: bytes, name: str = "") -> SourceFormat | None:
    """What the first bytes of a file look like; None for binary data."""
    if sample.startswith(_UTF16_MARKS):
        return SourceFormat.HTML if _HTML.search(sample.replace(b"\0", b"")) else SourceFormat.PAGE_TEXT
    if _is_binary(sample):
        return None
    text = sample.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<") and _HTML.search(text):
        return SourceFormat.HTML
    suffix = PurePath(name).suffix.lower()
    if suffix in JSONL_SUFFIXES or (text.startswith(b"{") and suffix not in (".html", ".htm", ".xhtml")):
        return SourceFormat.JSONL
    return SourceFormat.HTML if _HTML.search(text) else SourceFormat.PAGE_TEXT


def _is_binary(sample: bytes) -> bool:
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in sample)
    return sample.startswith(_SIGNATURES) or b"\0" in sample or controls > len(sample) // 100
