"""Light stemming of Arabic and Persian: what stands at the ends of many words is taken off, nothing is looked up. Pure.

Letters are those of `scripts.plain`. Arabic follows the rules of light10 (Larkey, Ballesteros and Connell, 2007), but "and" is
taken off before an article only, so that words that begin with its letter stay whole.
"""

from __future__ import annotations

import regex

_ARABIC_ARTICLE = regex.compile(r"^(?:ال(?=..)|(?:[وف]?[بك]ال|[وف]ال|[وف]?لل)(?=...))")
_ARABIC_ENDINGS = tuple(
    regex.compile(rf"(?<=..){ending}$") for ending in ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
)

_PERSIAN_VERB = regex.compile(r"^ن?مي(?=\p{L}{2,}(?:م|ي|د|يم|يد|ند)$)")
_PERSIAN_PLURAL = regex.compile(r"(?<=..)ها(?:ي|يي|يم|يت|يش|يمان|يتان|يشان)?$")
_PERSIAN_COMPARED = regex.compile(r"(?<=...)تر(?:ين)?$")


def arabic_stem(word: str) -> str:
    """The word without article and endings; at least two letters stay."""
    word = _ARABIC_ARTICLE.sub("", word)
    for ending in _ARABIC_ENDINGS:
        word = ending.sub("", word)
    return word


def persian_stem(word: str) -> str:
    """The word without the sign of the present tense, of the plural and of comparison, when they are written as one with it."""
    for affix in (_PERSIAN_VERB, _PERSIAN_PLURAL, _PERSIAN_COMPARED):
        word = affix.sub("", word)
    return word
