"""Completions of what is being typed: headlines, names in them, authors, tags, sources and sections."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from indexer.engines.analysis import folded
from indexer.filters import Fact, Filters
from indexer.types import Article
from search_api.library import Library, View

LOOKED_AT = 30
"""How many of the newest fitting headlines are read."""

LONGEST_PARTICLE = 3
"""Longer words in small letters show that a headline capitalises names only."""

NAMED = 2
"""In how many of them a name must stand to be offered."""

_NAMES = {"section": Fact.SECTION, "source": Fact.SOURCE, "author": Fact.AUTHOR, "tag": Fact.TAG}
_WORD = re.compile(r"[\w'’.-]+[,:;]?")
_POSSESSIVE = re.compile(r"['’][sS]?$")


class Kind(StrEnum):
    """What a suggestion is."""

    NAME = "name"
    SECTION = "section"
    SOURCE = "source"
    AUTHOR = "author"
    TAG = "tag"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text to search for; for a headline also its article's id."""

    text: str
    kind: Kind
    article_id: str | None = None


def suggest(library: Library, prefix: str, now: datetime, limit: int) -> list[Suggestion]:
    """At most `limit` completions of a prefix, names before headlines; the last word may be unfinished, the others not."""
    view = library.view
    words = folded(prefix)
    if view is None or not words:
        return []
    filters = Filters(now)
    titles = _titles(library, view, words, filters)
    found = [
        *_names_in(titles, words),
        *_named(view, prefix, words, filters),
        *(Suggestion(article.title, Kind.TITLE, article.id) for article in titles),
    ]
    first: dict[str, Suggestion] = {}
    for suggestion in found:
        first.setdefault(suggestion.text.casefold(), suggestion)
    return list(first.values())[:limit]


def _titles(library: Library, view: View, words: list[str], filters: Filters) -> list[Article]:
    rows = view.snapshot.lexical.titles_with(words, LOOKED_AT, filters)
    columns = view.snapshot.columns
    rows = view.snapshot.visible(rows, filters.now)
    keys = [(int(columns.seq[row]), int(columns.version[row])) for row in rows]
    return [article for article in library.records.shown_at(keys, filters.now) if article and article.title]


def _names_in(titles: list[Article], words: list[str]) -> list[Suggestion]:
    """Names that the typed words begin, by how many of the headlines hold them."""
    counts = Counter(name for article in titles if (name := _name(article.title, words)))
    return [Suggestion(name, Kind.NAME) for name, count in counts.most_common() if count >= NAMED]


def _name(title: str, words: list[str]) -> str | None:
    """The run of capitalised words around the typed ones; None in a headline that capitalises most of its words."""
    tokens = [match.group() for match in _WORD.finditer(title)]
    if not any(token[:1].islower() and len(token) > LONGEST_PARTICLE for token in tokens):
        return None
    keys = [" ".join(folded(_bare(token))) for token in tokens]
    for start in range(len(tokens)):
        here = keys[start : start + len(words)]
        if here[:-1] == words[:-1] and here[-1:] and here[-1].startswith(words[-1]):
            return _run(tokens, start, len(words))
    return None


def _run(tokens: list[str], start: int, typed: int) -> str | None:
    """The capitalised words from before `start` to after it; a comma, a possessive or a full stop ends a name."""
    first = start
    while first > 1 and tokens[first - 1][:1].isupper() and _bare(tokens[first - 1]) == tokens[first - 1]:
        first -= 1
    run = []
    for token in tokens[first:]:
        if not token[:1].isupper():
            break
        run.append(_bare(token))
        if run[-1] != token:
            break
    return " ".join(run) if len(run) >= max(2, typed) else None


def _bare(token: str) -> str:
    """The word without what follows it: a possessive, a comma, a full stop that is not of initials."""
    bare = _POSSESSIVE.sub("", token.rstrip(",:;"))
    return bare if bare.count(".") > 1 else bare.rstrip(".-'’")


def _named(view: View, prefix: str, words: list[str], filters: Filters) -> list[Suggestion]:
    """Sections, sources, authors and tags that begin with what was typed and that a reader would find something under."""
    snapshot = view.snapshot
    begins = dict.fromkeys((" ".join(prefix.casefold().split()), " ".join(words)))
    found = []
    for kind, fact in _NAMES.items():
        for name in dict.fromkeys(name for begin in begins for name in snapshot.lexical.names(fact, begin)):
            spelled = snapshot.spelled(fact, name, filters)
            if spelled and "," not in spelled:
                found.append(Suggestion(spelled, Kind(kind)))
    return found
