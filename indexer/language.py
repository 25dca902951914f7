"""Which language a text is written in, by py3langid."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

SAMPLE_CHARS = 2000
"""Identification reads this much of the text; more does not change the answer."""

MIN_LETTERS = 20
"""With fewer letters the language is `und`: a wrong stemmer harms more than none."""


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def identify_language(text: str) -> str:
    """The ISO 639-1 code of the text's language, or `und` when there is too little of it."""
    sample = text[:SAMPLE_CHARS]
    if sum(character.isalpha() for character in sample) < MIN_LETTERS:
        return "und"
    return str(_identifier().classify(sample)[0])
