"""Which language a text is written in, by py3langid."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import regex

SAMPLE_CHARS = 2000
"""Identification reads this much of the text; more does not change the answer."""

MIN_LETTERS = 20
"""With fewer letters the language is `und`: a wrong stemmer harms more than none."""

LETTERS_A_SYLLABLE = 4
"""A Chinese, Japanese or Korean character says as much as that many letters."""

WRITTEN_AS: Mapping[str, str] = {"ary": "ar", "arz": "ar", "wuu": "zh", "yue": "zh", "uzs": "uz", "zxx": "und"}
"""What news in a spoken variety is written in: the identifier takes plain Arabic for Moroccan, Chinese for Wu."""

_SYLLABLE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def identify_language(text: str) -> str:
    """The ISO 639 code of the text's language, or `und` when there is too little of it."""
    sample = text[:SAMPLE_CHARS]
    letters = sum(character.isalpha() for character in sample)
    if letters + (LETTERS_A_SYLLABLE - 1) * len(_SYLLABLE.findall(sample)) < MIN_LETTERS:
        return "und"
    found = str(_identifier().classify(sample)[0])
    return WRITTEN_AS.get(found, found)
