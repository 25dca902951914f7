"""Texts in composed characters, however many marks were piled on one. Pure."""

from __future__ import annotations

import unicodedata

import regex

MOST_MARKS = 30
"""Marks in a row on one character: more are in no language (Unicode Standard Annex #15, section 13, stream-safe text)."""

_PILED = regex.compile(rf"(\p{{M}}{{{MOST_MARKS}}})\p{{M}}+")


def composed(text: str) -> str:
    """The text in Unicode's composed form, NFC; of more than MOST_MARKS marks in a row the rest are left out.

    Sorting them takes time in the square of their number: minutes for the marks that one request can hold.
    """
    return text if text.isascii() else unicodedata.normalize("NFC", _PILED.sub(r"\1", text))
