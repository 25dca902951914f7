"""A saved page's bytes as text."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

MAX_PAGE_BYTES = 20 << 20
"""A larger file is not one page."""

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE
)
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,40}")
_LATIN = frozenset({"iso-8859-1", "latin-1", "latin1"})
"""What pages call windows-1252, as browsers know (https://encoding.spec.whatwg.org/#names-and-labels)."""

_NOT_OF_PAGES = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
"""Python's own; some of them take a time that grows with the square of a page's size."""

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def decode_page(data: bytes, charset: str | None = None) -> str:
    """By byte order mark, else by what the page declares, else UTF-8, else by its looks; control characters dropped.

    `charset` is what the page was sent as; it is asked where the page declares nothing and is not UTF-8 anyway.
    """
    return _NOT_IN_XML.sub("", _decoded(data, charset))


def _decoded(data: bytes, charset: str | None) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    for encoding in _candidates(data, charset):
        try:
            return data.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    best = from_bytes(data[:200_000]).best()
    return data.decode(best.encoding if best else "cp1252", errors="replace")


def _candidates(data: bytes, charset: str | None) -> list[str]:
    declared = _DECLARED.search(data[:4096])
    if declared:
        stated = _codec(declared[1].decode())
        names = [stated if not (stated or "").startswith(("utf-16", "utf-32")) else None, "utf-8"]
    elif data.isascii():
        names = [_codec(charset), "utf-8"]
    else:
        names = ["utf-8", _codec(charset)]
    return [name for name in names if name]


def _codec(name: str | None) -> str | None:
    """Python's name of a charset; None for one that it does not know or that no page is in."""
    if not name or not _NAME.fullmatch(name):
        return None
    try:
        known = codecs.lookup("cp1252" if name.lower() in _LATIN else name).name
    except LookupError:
        return None
    return None if known in _NOT_OF_PAGES else known
