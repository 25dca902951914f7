"""Writing systems: letters that stand for one another, marks that are passed over, runs written without spaces. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import regex

from indexer.composing import composed

HALF_SPACE = "\N{ZERO WIDTH NON-JOINER}"
"""Within a word of Arabic script it parts a stem from its ending, or the parts of a compound."""

_UNUSUAL = regex.compile(r"[\u00ad\u0130\u0250-\u1fff\u200b-\u200f\u2060-\u2064\u2c00-\U0010ffff]")
"""A text without any of these is left as it is."""

_COMPATIBLE = regex.compile(
    r"[\ufb00-\ufb06\ufb1d-\ufb4f\ufb50-\ufbb1\ufbd3-\ufc5d\ufc64-\ufdf9\ufe70-\ufefc\uff01-\uffdc]+"
)
"""Ligatures, Arabic letters by shape, wide Latin letters, narrow kana: they become the letters they stand for."""

_PASSED_OVER = regex.compile(
    r"[\u00ad\u200d\u2060\ufeff\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    r"\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
    r"|(?<![\p{Arabic}\p{Nd}]\p{M}*)\u200c"
)
"""Soft hyphens, joiners, stress marks, Hebrew points, Arabic vowel signs, the stroke that widens an Arabic word."""

_SAME_LETTERS = (
    ("آأإٱ", "ا"),
    ("ىیېےۓئ", "ي"),
    ("کڪ", "ك"),
    ("ةہۀەۃ", "ه"),
    ("ؤ", "و"),
    ("ё", "е"),
    ("Ё", "Е"),
    ("İ", "I"),
    ("άΆ", "α"),
    ("έΈ", "ε"),
    ("ήΉ", "η"),
    ("ίϊΐΊΪ", "ι"),
    ("όΌ", "ο"),
    ("ύϋΰΎΫ", "υ"),
    ("ώΏ", "ω"),
    ("ς", "σ"),
)
_ZEROS = "٠۰०০๐໐០၀"
_LETTERS = str.maketrans(
    {letter: one for letters, one in _SAME_LETTERS for letter in letters}
    | {chr(ord(zero) + digit): str(digit) for zero in _ZEROS for digit in range(10)}
)

_EAST = r"[[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\u3006\u30fc\uff70]&&\p{Alphabetic}]"
_SOUTH_EAST = r"[[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&\p{L}]"
_KOREAN = r"[\p{Hangul}&&\p{Alphabetic}]"
_MARKS = r"[\p{M}\uff9e\uff9f\u00ad\u0640\u200c\u200d\u2060\ufeff]*+"
_LETTER = regex.compile(rf"(?V1)(?:{_EAST}|{_SOUTH_EAST}|{_KOREAN}){_MARKS}")
_UNSPACED = rf"(?:{_EAST}{_MARKS})++|(?:{_SOUTH_EAST}{_MARKS})++"
_RUNS = {
    False: regex.compile(rf"(?V1){_UNSPACED}"),
    True: regex.compile(rf"(?V1){_UNSPACED}|(?:{_KOREAN}{_MARKS})++"),
}
_NARROW_VOICING = r"\uff9e\uff9f"
_JOINER = r"(?:[\u00ad\u200d\u2060\ufeff]|(?<![\p{Arabic}\p{Nd}]\p{M}*)\u200c)++"
_IN_WORD = rf"[[\p{{Alphabetic}}\p{{N}}]--{_EAST}--{_SOUTH_EAST}--{_KOREAN}--[{_NARROW_VOICING}]]"
_GOES_ON = rf"[\p{{M}}{_NARROW_VOICING}]"
_WORD = regex.compile(
    rf"(?V1){_UNSPACED}|(?:{_KOREAN}{_MARKS})++"
    rf"|{_IN_WORD}(?:{_IN_WORD}|{_GOES_ON}|{_JOINER}(?={_IN_WORD}|{_GOES_ON}))*+"
)
_PLAIN_WORD = regex.compile(r"[\p{Alphabetic}\p{N}]+")
_COMPOUND = regex.compile(
    rf"[\p{{Arabic}}&&\p{{L}}][\p{{Arabic}}\p{{M}}]*(?:{HALF_SPACE}[\p{{Arabic}}\p{{M}}]+)+", regex.V1
)
_HAN = regex.compile(r"\p{Han}")


def is_plain(text: str) -> bool:
    """Whether a text has Latin letters only, and nothing that is passed over."""
    return text.isascii() or _UNUSUAL.search(text) is None


def plain(text: str) -> str:
    """The text with one letter for those that are written for one another, and without marks that are passed over."""
    if is_plain(text):
        return text
    text = _COMPATIBLE.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    text = _PASSED_OVER.sub("", composed(text))
    text = composed(text)
    return text.translate(_LETTERS)


def word_spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each word of a text; a run of letters that are written without spaces is one, as is a Korean word."""
    pattern = _PLAIN_WORD if is_plain(text) else _WORD
    return (match.span() for match in pattern.finditer(text))


def compound_spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each word that holds a half-space."""
    return (match.span() for match in _COMPOUND.finditer(text)) if HALF_SPACE in text else iter(())


def pair_spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each word, and of each two neighbouring letters of a run; such spans overlap by a letter."""
    if is_plain(text):
        yield from word_spans(text)
        return
    for start, end in word_spans(text):
        letters = [(start + first, start + past) for first, past in _letter_spans(text[start:end])]
        if len(letters) < 2:
            yield start, end
        else:
            yield from ((first, past) for (first, _), (_, past) in pairwise(letters))


def han_spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each Chinese character."""
    return (match.span() for match in _HAN.finditer(text)) if not text.isascii() else iter(())


def parts(text: str, *, korean: bool) -> Iterator[tuple[str, list[str]]]:
    """What stands between runs, and the letters of each run, in order; Korean words are runs if `korean` is true."""
    end = 0
    if not text.isascii():
        for match in _RUNS[korean].finditer(text):
            yield text[end : match.start()], []
            yield "", [match.group()[first:past] for first, past in _letter_spans(match.group())]
            end = match.end()
    yield text[end:], []


def pairs(letters: list[str]) -> list[str]:
    """Each two neighbouring letters of a run; a run of one letter is itself."""
    return [first + second for first, second in pairwise(letters)] if len(letters) > 1 else letters


def _letter_spans(run: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _LETTER.finditer(run)) if not run.isascii() else iter(())
