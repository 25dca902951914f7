"""Which articles a question is about, as plain values that every engine compiles for itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias


class Place(StrEnum):
    """Where words are looked for: anywhere in an article, or in its headline only."""

    ANYWHERE = "anywhere"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Holds:
    """The article holds these words, one after another.

    `exact` asks for them letter by letter (but for case and accents); otherwise each matches in any inflection that the
    article's language is stemmed by, and words too common to be indexed are passed over.
    """

    words: str
    place: Place = Place.ANYWHERE
    exact: bool = False


class Fact(StrEnum):
    """A field that is compared as a whole, without case."""

    SECTION = "section"
    SOURCE = "source"
    AUTHOR = "author"
    LANGUAGE = "language"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Is:
    """One value of the field is this one. A language matches itself and its regional forms (`en` matches en-GB)."""

    field: Fact
    value: str


@dataclass(frozen=True, slots=True)
class Published:
    """Published at or after `start` and before `past`; an open side is None. An article without a date never is."""

    start: datetime | None = None
    past: datetime | None = None


Condition: TypeAlias = Holds | Is | Published


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions an article must meet; an empty one asks nothing. Texts compare without case.

    Within one field any value may match; across fields all must. `published_from` is inclusive, `published_before`
    exclusive; an article without a date meets neither. `require` holds groups: of each, at least one condition must be
    met; of `exclude`, none may be. `now` hides what is withheld, canceled or still under embargo; `as_of` hides what
    was published, freed or known later.
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
    as_of: datetime | None = None
    require: tuple[tuple[Condition, ...], ...] = ()
    exclude: tuple[Condition, ...] = ()

    @property
    def clock(self) -> datetime:
        """The moment the question is asked at: `as_of`, else `now`."""
        return self.as_of or self.now


def language_forms(tag: str) -> tuple[str, ...]:
    """The tags a filter may name an article's language by: itself, and without its region."""
    lowered = tag.casefold()
    return tuple(dict.fromkeys((lowered, lowered.partition("-")[0])))
