"""Who wrote it, from a printed byline. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_WORDS = 14

_LEAD = re.compile(r"^(?:by|par|por|von|written by|بقلم|كتب|كتبت|نویسنده|نوشته|گزارش از)\s*:?\s+", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s*(?:,|;|/|&|\band\b|\bet\b|\by\b|\bund\b|،|؛|\sو\s)\s*", re.IGNORECASE)
_PLACE = re.compile(r"\s+(?:in|at|à|en|in|de|from|في|در)\s+.*$", re.IGNORECASE)
_WORD = r"[A-ZÀ-ÖØ-Þ][\w'’.-]*"
_PARTICLE = r"(?:de|la|al|el|bin|van|von|di|da|dos)"
_CORRESPONDENT = re.compile(rf"^{_WORD}(?:\s{_PARTICLE})*(?:\s{_WORD}){{1,3}}\sin\s{_WORD}(?:,?\s{_WORD}){{0,3}}$")
_NOT_A_PERSON = re.compile(
    r"\b(?:staff|agenc(?:y|ies)|newsroom|desk|correspondents?|editors?|editorial|reporters?|writers?|wires?|press|service|news|"
    r"team|admin|redaction|rédaction|redacción|agencias?|agences?|وكالات|تحرير|خبرگزاری\w*|تحریریه|سرویس|گروه)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Byline:
    """A byline as printed, and the persons it names (none in "By Staff, Agencies")."""

    text: str
    authors: tuple[str, ...]


def read_byline(line: str, *, marked: bool = False) -> Byline | None:
    """The byline that a line is; None when it is something else.

    A line not `marked` as a byline by its page must begin with "By" or the like, or read "NAME in PLACE".
    """
    text = " ".join(line.split())
    lead = _LEAD.match(text)
    if (
        not text
        or len(text.split()) > MAX_WORDS
        or text[-1] in ".!?:"
        or not (lead or marked or _CORRESPONDENT.match(text))
    ):
        return None
    names = (_PLACE.sub("", name) for name in _SEPARATOR.split(text[lead.end() :] if lead else text))
    return Byline(text, tuple(dict.fromkeys(name for name in names if is_person(name))))


def is_person(name: str) -> bool:
    """Whether a name looks like a person's: two to five words, none of them a newsroom's."""
    words = name.split()
    return (
        2 <= len(words) <= 5 and not _NOT_A_PERSON.search(name) and not any(character.isdigit() for character in name)
    )
