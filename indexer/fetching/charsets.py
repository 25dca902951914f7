"""The character set of an answer, where only its headers say it."""

from __future__ import annotations

import codecs
import re

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_STATED_WITHIN = re.compile(rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=""", re.IGNORECASE)
_STATED_OUTSIDE = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)


def in_utf8(data: bytes, content_type: str | None) -> bytes:
    """The data in UTF-8 when it is not, does not say what it is in, and fits what the Content-Type header says.

    A header that contradicts the data is no use: many servers send one for everything. What the data says of itself is left to
    whoever reads it.
    """
    stated = _STATED_OUTSIDE.search(content_type or "")
    if not stated or data.startswith(_MARKS) or _STATED_WITHIN.search(data[:4096]):
        return data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        name = stated[1].lower()
        try:
            return data.decode("cp1252" if name in ("iso-8859-1", "latin-1", "latin1") else name).encode()
        except (UnicodeError, LookupError):
            pass
    return data
