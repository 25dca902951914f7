"""Who wrote it, from a printed byline. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from indexer.sources.agencies import is_agency
from indexer.sources.page_furniture import DATE_IN_TEXT

MAX_WORDS = 18

_LEADS = (
    "written by|story by|words by|posted by|published by|reported by|by|par|por|escribe|von|di|"
    "geschrieben von|verfasst von|veröffentlicht von|artikel von|"
    "text (?:&|und|and) (?:fotos?|photos?)|text|texte|interview|autor(?:in|en)?|auteurs?|autore|author|"
    "بقلم|كتبه?|كتبت|إعداد|تقرير|نویسنده|نوشته|گزارش از|به قلم|作者|记者|文"
)
_LABELS = "text|texte|interview|autor(?:in|en)?|auteurs?|autore|author"
_LEAD = re.compile(rf"^(?:(?:{_LEADS})\s*[:：]\s*(?:von\s+|by\s+)?|(?!(?:{_LABELS})\b)(?:{_LEADS})\s+)", re.IGNORECASE)
_LABEL = re.compile(rf"^(?:{_LABELS})\s+(?=\S)", re.IGNORECASE)
"""A label that only counts as one where the page marks the text as a byline."""

_INNER_LEAD = re.compile(r"\s(?:by|par|por|von)\s+", re.IGNORECASE)
_SECOND_ROLE = re.compile(
    r"\s*\b(?:edited|reviewed|translated|illustrated|photographs?|photography|video) by\b.*$", re.IGNORECASE
)
_SEPARATOR = re.compile(r"\s*(?:,|;|/|\||&|\s[-–—•·]\s|\band\b|\bet\b|\by\b|\bund\b|،|؛|、|\sو\s)\s*", re.IGNORECASE)
_PLACE = re.compile(r"\s+(?:in|at|à|en|from|dans|aus|في|در|من)\s+.*$", re.IGNORECASE)
_TAIL = re.compile(
    r"\s*(?:@\w+|\(?https?://\S*|[-–—|•·,]\s*$|\bpublished\b.*$|\bupdated\b.*$|\bon\s*$|\ble\s*$).*$", re.IGNORECASE
)
_WORD = r"[A-ZÀ-ÖØ-Þ][\w'’.-]*"
_PARTICLE = r"(?:de|la|al|el|bin|van|von|di|da|dos)"
_CORRESPONDENT = re.compile(rf"^{_WORD}(?:\s{_PARTICLE})*(?:\s{_WORD}){{1,3}}\sin\s{_WORD}(?:,?\s{_WORD}){{0,3}}$")
_NEWSROOM = re.compile(
    r"\b(?:staff|agenc(?:y|ies)|newsroom|desk|correspondents?|editors?|editorial|reporters?|writers?|wires?|press|service|news|"
    r"team|admin|contributors?|organi[sz]ation|foundation|redaktion|redazione|redaction|rédaction|redacción|agencias?|agences?|reuters|afp|xinhua|anadolu|irna|tasnim|"
    r"al[ -](?:jazeera|mayadeen|manar|ahed)|وكالات|تحرير|خبرگزاری\w*|تحریریه|سرویس|گروه)\b",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(
    r"\b(?:about|authors?|authoring|the|updated|published|articles?|posts?|follow|read|view|more|all|share|comments?|minutes?|ago|sign|login|menu|unknown|anonymous|no|"
    r"hours?|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    re.IGNORECASE,
)
_LOWERCASE_PARTS = frozenset(
    [
        "de",
        "la",
        "del",
        "der",
        "den",
        "van",
        "von",
        "di",
        "da",
        "dos",
        "das",
        "al",
        "el",
        "bin",
        "ibn",
        "y",
        "e",
        "le",
        "du",
        "ten",
        "ter",
        "zu",
        "af",
        "av",
    ]
)
_CJK_NAME = re.compile("^[\u3040-\u30ff\u3400-\u9fff]{2,5}$")


@dataclass(frozen=True, slots=True)
class Byline:
    """A byline as printed, and the persons it names (none in "By Staff, Agencies")."""

    text: str
    authors: tuple[str, ...]


def read_byline(line: str, *, marked: bool = False) -> Byline | None:
    """The byline that a line is, without a date glued to it; None when it is something else.

    A line not `marked` as a byline by its page must begin with "By" or the like, or read "NAME in PLACE".
    """
    text = _without_tail(" ".join(line.split()))
    lead = _LEAD.match(text)
    if not text or len(text.split()) > MAX_WORDS or text[-1] in "!?:":
        return None
    if not (lead or marked or _CORRESPONDENT.match(text)):
        return None
    named = _SECOND_ROLE.sub("", text[lead.end() :] if lead else text)
    named = _LABEL.sub("", named) if marked and not lead else named
    if marked and not lead and (inner := _INNER_LEAD.search(f" {named}")):
        named = f" {named}"[inner.end() :]
    authors = tuple(dict.fromkeys(name for name in _names(named) if is_person(name)))
    if not authors and not _is_newsroom(named, stated=bool(lead)):
        return None
    return Byline(text, authors)


def is_person(name: str, *, stated: bool = False) -> bool:
    """Whether a name looks like a person's: two to five capitalised words, none of them a newsroom's.

    Of what is `stated` to be one, a single word is enough, and capitals do not matter.
    """
    if _NEWSROOM.search(name) or _NOT_A_NAME.search(name) or is_agency(name):
        return False
    if _CJK_NAME.match(name):
        return True
    words = name.split()
    if stated and 1 <= len(words) <= 6 and name[:1].isalpha() and not re.search(r"[@{}<>=:/|]|\.\w{2,}$", name):
        return True
    if not 2 <= len(words) <= 5:
        return False
    proper = all(
        word in _LOWERCASE_PARTS or word.strip("'’\"(")[:1].upper() == word.strip("'’\"(")[:1] for word in words
    )
    return proper and not any(character.isdigit() or character in "@{}<>=:" for character in name)


def without_lead(text: str) -> str:
    """A byline without "By" or the like."""
    return _LEAD.sub("", text)


def _without_tail(text: str) -> str:
    if date := DATE_IN_TEXT.search(text):
        text = text[: date.start()] or text[date.end() :].strip(" ,;|•·-–—")
    return _TAIL.sub("", text).strip(" ,;|•·-–—")


def _is_newsroom(text: str, *, stated: bool) -> bool:
    """Whether a text names a newsroom or an agency: "Staff, Agencies", after "By" also any short name such as "AFP"."""
    words = text.split()
    capitals = all(word[:1].upper() == word[:1] or word in _LOWERCASE_PARTS for word in words)
    named = bool(words) and capitals and not _NOT_A_NAME.search(text) and len(words) <= 5 and text[-1] != "."
    return bool(_NEWSROOM.search(text) and capitals) or (named and (stated or text.isupper()))


def _names(text: str) -> Iterator[str]:
    for part in _SEPARATOR.split(text):
        for name in _arabic_pair(part):
            yield _PLACE.sub("", name).strip(" .").removeprefix("Dr. ")


def _arabic_pair(part: str) -> list[str]:
    """Two Arabic names joined by the prefix "wa"; a name that merely begins with that letter stays whole."""
    words = part.split()
    for place in range(2, len(words) - 1):
        if words[place].startswith("و") and len(words[place]) > 3:
            return [" ".join(words[:place]), " ".join([words[place][1:], *words[place + 1 :]])]
    return [part]
