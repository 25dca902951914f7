"""What changed between two versions of an article, word by word. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest

from indexer.types import Article

MOST_PARAGRAPHS = 500
MOST_WORDS = 1_000
"""Longer ones are shown as replaced whole: comparing takes time by the square of their number."""


class Kind(StrEnum):
    """What became of a piece of text."""

    KEPT = "kept"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a paragraph, and what became of them."""

    kind: Kind
    text: str


def changes(before: Article, after: Article) -> list[list[Piece]]:
    """The headline and the paragraphs that differ, in order, each as its pieces; none when the texts are the same."""
    texts = [[article.title, *article.body.split("\n\n")] for article in (before, after)]
    found = []
    for kind, old, new in _steps(*texts, most=MOST_PARAGRAPHS):
        if kind == "equal":
            continue
        found += [_words(one, other) for one, other in zip_longest(old, new, fillvalue="")]
    return [pieces for pieces in found if pieces]


def _words(before: str, after: str) -> list[Piece]:
    pieces = []
    for kind, old, new in _steps(before.split(), after.split(), most=MOST_WORDS):
        if kind == "equal":
            pieces.append(Piece(Kind.KEPT, " ".join(old)))
            continue
        pieces += [Piece(which, " ".join(words)) for which, words in ((Kind.GONE, old), (Kind.NEW, new)) if words]
    return pieces


def _steps(before: Sequence[str], after: Sequence[str], *, most: int) -> list[tuple[str, Sequence[str], Sequence[str]]]:
    """How one list becomes the other; as a whole where both are long."""
    if max(len(before), len(after)) > most:
        return [("replace", before, after)]
    steps = SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes()
    return [(kind, before[start:end], after[first:past]) for kind, start, end, first, past in steps]
