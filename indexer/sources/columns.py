"""Which column of a table, or field of somebody else's records, holds which field of an article. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from indexer.errors import SourceError

Places = Mapping[str, tuple[int, ...]]
"""For each field the places of the columns that can hold it, the likeliest first."""

FIELDS = (
    *("id", "url", "title", "body", "published_at", "updated_at", "source", "section", "authors", "language"),
    *("summary", "image_url", "tags", "license", "pubstatus", "embargoed", "correction"),
)
"""What a column can hold (docs/articles.md); any other column goes to the article's `extra`."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "articleid", "guid", "uuid", "docid"),
    "url": ("url", "link", "permalink", "canonicalurl", "webpage", "address"),
    "title": ("title", "headline", "head", "heading"),
    "body": ("body", "text", "content", "article", "fulltext", "articlebody", "maintext", "story"),
    "published_at": (
        *("publishedat", "published", "publishdate", "publicationdate", "pubdate", "datepublished", "publishedon"),
        *("date", "datetime", "timestamp", "created", "createdat"),
    ),
    "updated_at": ("updatedat", "updated", "modified", "modifiedat", "datemodified", "lastmodified"),
    "source": ("source", "publisher", "publication", "outlet", "newspaper", "site", "sitename"),
    "section": ("section", "category", "desk", "topic", "channel"),
    "authors": ("authors", "author", "byline", "creator", "writer", "writers"),
    "language": ("language", "lang", "locale"),
    "summary": ("summary", "abstract", "description", "lede", "lead", "excerpt", "standfirst", "teaser"),
    "image_url": ("imageurl", "image", "imagelink", "thumbnail", "photo"),
    "tags": ("tags", "keywords", "labels"),
    "license": ("license", "licence", "rights", "copyright"),
    "pubstatus": ("pubstatus",),
    "embargoed": ("embargoed", "embargo", "embargoeduntil"),
    "correction": ("correction",),
}
"""The names a field goes by, letters only, the likeliest first."""

_ALL_NAMES = frozenset(name for names in _NAMES.values() for name in names)
_NAME_MAX_CHARS = 80
_FIXES = 'give the column of each by --columns, as in --columns title=Headline --columns body="Full text"'


def parse_columns(texts: Iterable[str]) -> dict[str, str]:
    """`["title=Headline"]` as a map from field to column; raises SourceError naming what is wrong with one."""
    columns: dict[str, str] = {}
    for text in texts:
        field, mark, column = text.partition("=")
        if not mark or not column:
            raise SourceError(f"--columns {text!r} is not FIELD=COLUMN; give for example --columns title=Headline")
        if field not in FIELDS:
            raise SourceError(f"--columns {text!r}: {field!r} is no field; the fields are {', '.join(FIELDS)}")
        if field in columns:
            raise SourceError(f"--columns names {field!r} twice, {columns[field]!r} and {column!r}; keep one")
        columns[field] = column
    return columns


def table_places(names: Sequence[str], columns: Mapping[str, str]) -> Places:
    """Where the fields are in a table with these columns.

    Raises SourceError when `columns` names one that there is not, and when neither a title nor a body is among them.
    """
    missing = [column for column in columns.values() if column not in names]
    if missing:
        raise SourceError(f"has no column {missing[0]!r}; its columns are {_listed(names)}")
    places = _matched(tuple(names), tuple(columns.items()))
    if "title" not in places and "body" not in places:
        raise SourceError(f"has no column for title or body among {_listed(names)}; {_FIXES}")
    return places


def record_places(names: Sequence[str], columns: Mapping[str, str]) -> Places:
    """Where the fields are in a record with these names; a mapped name that it lacks is passed over."""
    return _matched(tuple(names), tuple((field, name) for field, name in columns.items() if name in names))


def distinct_names(names: Iterable[str]) -> list[str]:
    """Names of columns as they can be told apart: the second `title` is `title (2)`, a third without a name `column 3`."""
    found: dict[str, None] = {}
    for place, name in enumerate(names, start=1):
        stem = name.strip() or f"column {place}"
        distinct, number = stem, 2
        while distinct in found:
            distinct, number = f"{stem} ({number})", number + 1
        found[distinct] = None
    return list(found)


def known_columns(names: Iterable[str], columns: Mapping[str, str]) -> int:
    """How many of the names are known, as the user's or as those of a field."""
    stated = set(columns.values())
    return sum(name in stated or name in FIELDS or _letters(name) in _ALL_NAMES for name in names)


@lru_cache(maxsize=64)
def _matched(names: tuple[str, ...], columns: tuple[tuple[str, str], ...]) -> Places:
    """As the user said, else by the field's own name, then by the others that it goes by."""
    taken = {names.index(column) for _, column in columns}
    places: dict[str, tuple[int, ...]] = {field: (names.index(column),) for field, column in columns}
    by_name: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if place not in taken:
            for known in dict.fromkeys((name, _letters(name))):
                by_name.setdefault(known, []).append(place)
    for field, known_names in _NAMES.items():
        found = [place for known in (field, *known_names) for place in by_name.get(known, ())]
        if found and field not in places:
            places[field] = tuple(dict.fromkeys(found))
    return places


def _letters(name: str) -> str:
    return "".join(character for character in name[:_NAME_MAX_CHARS].casefold() if character.isalnum())


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:_NAME_MAX_CHARS]) for name in names[:20])
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown or "none"
