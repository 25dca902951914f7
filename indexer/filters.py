"""Which articles a question is about, as plain values that every engine compiles for itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions an article must meet; an empty one asks nothing. Texts compare without case.

    Within one field any value may match; across fields all must. A language matches itself and its regional forms
    (`en` matches en-GB). `published_from` is inclusive, `published_before` exclusive; an article without a date
    meets neither. `now` hides what is withheld, canceled or still under embargo.
    """

    now: datetime
    sections: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    exclude_sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    published_from: datetime | None = None
    published_before: datetime | None = None


def language_forms(tag: str) -> tuple[str, ...]:
    """The tags a filter may name an article's language by: itself, and without its region."""
    lowered = tag.casefold()
    return tuple(dict.fromkeys((lowered, lowered.partition("-")[0])))
