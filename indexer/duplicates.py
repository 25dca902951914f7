"""When two articles are copies of one text, word for word or nearly. Pure.

A near-copy is a wire text under another source: a few words spelt or put otherwise, cut after its first paragraphs, with a
credit line or another headline. Two reports that share a template, or a background paragraph, are none.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.types import Article

MIN_BODY_WORDS = 20
"""A shorter body is no proof of a copy by itself; then the headline counts too."""

CREDIT_WORDS = 15
"""A last paragraph of fewer words is a credit or a call to read on more often than news; it is left out."""

SHINGLE_WORDS = 3
"""Words of a shingle; a changed word spoils this many."""

OPENING_SHINGLES = 40
"""How much of each text is its opening: about the two sentences in which a report says what is new."""

LEAST_OPENING = 0.5
"""The share of each opening that must stand somewhere in the other text."""

LEAST_CONTAINMENT = 0.65
"""The share of the shorter text's shingles that must stand in the longer; every tenth word replaced leaves about 0.73."""

WORDS_OF_DOUBT = 10
"""Containment asked for beyond that is this over the number of words, up to STRICT_CONTAINMENT."""

STRICT_CONTAINMENT = 0.9

SAME_RESEMBLANCE = 0.8
"""Texts that resemble each other as much need no common opening: a first sentence may be gone, a paragraph exchanged."""

SHORT_WORDS = 50
"""In a text of fewer words one other word may be another event; then words may come and go, but none be exchanged."""

MOST_OTHER_NUMBERS = 1 / 8
"""The share of numbers that may differ: monthly figures and death tolls reuse whole texts with new numbers."""

MOST_OTHER_NAMES = 1 / 5
"""The share of capitalised words that may differ."""

_WORD = re.compile(r"\w+")
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
"""A word; of a script without spaces (Thai, Lao, Burmese, Khmer, Kana, Han) a character."""

_NUMBER = re.compile(r"\d+(?:[.,:٫٬]\d+)*")
_UNITS = "two three four five six seven eight nine ten eleven twelve"
_TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(f"{_UNITS} {_TEENS}".split(), 2)} | {
    word: str(number) for number, word in zip(range(20, 100, 10), _TENS.split(), strict=True)
}
"""English only, where a single one is often all that tells two short items apart."""

_MIXERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class TextPrint:
    """What `same_text` compares of an article: its body without a credit line; its headline too where that is short.

    `words`: number of words in the body (of a script without spaces: characters).
    `key`: its `text_key`.
    `shingles`: shape (n,), sorted, unique: hashes of the word 3-grams, without case (Broder 1997, "On the resemblance
    and containment of documents"). Hashes are the same in every process.
    `opening`: shape (at most OPENING_SHINGLES,): the shingles with which the text begins, in order.
    `vocabulary`: its words, casefolded; `names`: those with a capital; `numbers`: digits only, "1,180" as "1180".
    """

    words: int
    key: int
    shingles: NDArray[np.uint64]
    opening: NDArray[np.uint64]
    vocabulary: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]


def text_key(article: Article) -> int:
    """A 63-bit key that equal texts share: the body's words in order, without case, punctuation or spacing.

    Two articles are exact duplicates when their keys are equal, whatever their headlines and sources.
    """
    words = _WORD.findall(article.body.casefold())
    if len(words) < MIN_BODY_WORDS:
        words = [*_WORD.findall(article.title.casefold()), "\0", *words]
    digest = hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def text_print(article: Article) -> TextPrint:
    """The print of an article's text."""
    text = _without_credit(article.body)
    words = _TOKEN.findall(text)
    length = len(words)
    if length < MIN_BODY_WORDS:
        text = f"{article.title}\n{text}"
        words = _TOKEN.findall(text)
    folded = [word.casefold() for word in words]
    shingles = _shingles(folded)
    vocabulary = frozenset(folded)
    return TextPrint(
        words=length,
        key=text_key(article),
        shingles=np.unique(shingles),
        opening=shingles[:OPENING_SHINGLES],
        vocabulary=vocabulary,
        names=frozenset(low for word, low in zip(words, folded, strict=True) if word[0].isupper() and len(word) > 1),
        numbers=frozenset(map(_digits, _NUMBER.findall(text))).union(
            _NUMBER_WORDS[word] for word in vocabulary & _NUMBER_WORDS.keys()
        ),
    )


def same_text(one: TextPrint, other: TextPrint) -> bool:
    """Whether two articles are copies of one text, exact or near; the order of the two does not matter.

    Near-copies agree in numbers and names, and either resemble each other as wholes, or the shorter is contained in the
    longer and the opening of each is in the other. The news stands in the opening: a follow-up that repeats the earlier
    report as background contains nearly all of it, but opens otherwise.
    """
    if one.key == other.key:
        return True
    shared = int(np.intersect1d(one.shingles, other.shingles, assume_unique=True).size)
    containment = shared / min(one.shingles.size, other.shingles.size)
    words = max(min(one.words, other.words), 1)
    if containment < min(STRICT_CONTAINMENT, LEAST_CONTAINMENT + WORDS_OF_DOUBT / words):
        return False
    if not _same_facts(one, other):
        return False
    if words < SHORT_WORDS and _exchanged(one.vocabulary, other.vocabulary):
        return False
    resemblance = shared / (one.shingles.size + other.shingles.size - shared)
    return resemblance >= SAME_RESEMBLANCE or (_opening_found(one, other) and _opening_found(other, one))


def _opening_found(one: TextPrint, other: TextPrint) -> bool:
    """Whether `other` holds enough of the opening of `one`, wherever."""
    places = np.searchsorted(other.shingles[:-1], one.opening)
    found = int(np.count_nonzero(other.shingles[places] == one.opening))
    return found >= LEAST_OPENING * one.opening.size


def _without_credit(body: str) -> str:
    rest, _, last = body.rpartition("\n\n")
    credit = len(_TOKEN.findall(last)) < CREDIT_WORDS
    return rest if credit and len(_TOKEN.findall(rest)) >= MIN_BODY_WORDS else body


def _same_facts(one: TextPrint, other: TextPrint) -> bool:
    numbers = _exchanged(one.numbers, other.numbers)
    if numbers > MOST_OTHER_NUMBERS * min(len(one.numbers), len(other.numbers)):
        return False
    names = min(len(one.names - other.vocabulary), len(other.names - one.vocabulary))
    return names <= MOST_OTHER_NAMES * min(len(one.names), len(other.names))


def _exchanged(one: frozenset[str], other: frozenset[str]) -> int:
    """How many of one stand for others: what only one text has beyond the other is cut or added, not exchanged."""
    return min(len(one - other), len(other - one))


def _shingles(words: list[str]) -> NDArray[np.uint64]:
    """A hash of each word 3-gram, in order; a text of fewer words is one shingle."""
    hashes = np.zeros(max(len(words), SHINGLE_WORDS), dtype=np.uint64)
    hashes[: len(words)] = [zlib.crc32(word.encode()) for word in words]
    return np.asarray(np.lib.stride_tricks.sliding_window_view(hashes, SHINGLE_WORDS) @ _MIXERS)


def _digits(number: str) -> str:
    """The digits of a number in any script, as 0 to 9."""
    return "".join(str(unicodedata.decimal(sign)) for sign in number if sign.isdecimal())
