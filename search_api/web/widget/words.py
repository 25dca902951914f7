"""What the related-news block says by itself, in the languages it knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from babel import Locale
from babel.numbers import format_decimal

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "syr", "ug", "ur", "yi"})
"""Languages that are written from right to left."""


_DIGITS = {
    "arab": {ord(latin): own for latin, own in zip("0123456789", "٠١٢٣٤٥٦٧٨٩", strict=True)},
    "arabext": {ord(latin): own for latin, own in zip("0123456789", "۰۱۲۳۴۵۶۷۸۹", strict=True)},
}
"""Babel writes all numbers and dates in Latin digits."""


@dataclass(frozen=True, slots=True)
class Words:
    """`copies` by CLDR's plural categories, `{n}` the number; `section` and `recent` label what fills a short list."""

    heading: str
    copies: Mapping[str, str]
    section: str
    recent: str
    untitled: str


WORDS: Mapping[str, Words] = {
    "en": Words(
        heading="Related News",
        copies={"one": "and {n} more source", "other": "and {n} more sources"},
        section="Also in this section",
        recent="Latest",
        untitled="Untitled",
    ),
    "ar": Words(
        heading="أخبار ذات صلة",
        copies={
            "one": "ومصدر آخر",
            "two": "ومصدران آخران",
            "few": "و{n} مصادر أخرى",
            "many": "و{n} مصدرًا آخر",
            "other": "و{n} مصدر آخر",
        },
        section="أيضًا في هذا القسم",
        recent="آخر الأخبار",
        untitled="بلا عنوان",
    ),
    "de": Words(
        heading="Mehr zum Thema",
        copies={"one": "und {n} weitere Quelle", "other": "und {n} weitere Quellen"},
        section="Auch in diesem Ressort",
        recent="Neueste Meldungen",
        untitled="Ohne Titel",
    ),
    "es": Words(
        heading="Noticias relacionadas",
        copies={"one": "y {n} fuente más", "other": "y {n} fuentes más"},
        section="También en esta sección",
        recent="Últimas noticias",
        untitled="Sin título",
    ),
    "fa": Words(
        heading="خبرهای مرتبط",
        copies={"other": "و {n} منبع دیگر"},
        section="از همین بخش",
        recent="تازه‌ترین خبرها",
        untitled="بدون عنوان",
    ),
    "fr": Words(
        heading="Sur le même sujet",
        copies={"one": "et {n} autre source", "other": "et {n} autres sources"},
        section="Aussi dans cette rubrique",
        recent="Dernières nouvelles",
        untitled="Sans titre",
    ),
}


def spoken(language: str | None) -> str:
    """The language of WORDS for a BCP 47 tag; English for one that is not known."""
    base = re.split("[-_]", (language or "").lower())[0]
    return base if base in WORDS else "en"


def copies_said(count: int, language: str) -> str:
    """`and 2 more sources`, in a language of WORDS."""
    forms = WORDS[language].copies
    form = forms.get(Locale.parse(language).plural_form(count), forms["other"])
    return form.format(n=own_digits(format_decimal(count, locale=language), language))


def own_digits(text: str, language: str) -> str:
    """The text with digits as the language writes them."""
    digits = _DIGITS.get(Locale.parse(language).default_numbering_system)
    return text.translate(digits) if digits else text


def direction(language: str) -> str:
    """`rtl` or `ltr`, for the dir attribute, of a BCP 47 tag."""
    base, *rest = re.split("[-_]", language.lower())
    return "rtl" if base in RIGHT_TO_LEFT or {"arab", "hebr"} & set(rest) else "ltr"
