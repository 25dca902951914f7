"""Filters as expressions of Milvus: a small typed tree, written out here alone. Pure.

Every text is compared by `keys.compared`, which has no quote, no backslash and no control character: nothing that a reader
types can end a literal, and no server's reading of escapes matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from indexer.engines.milvus.keys import NUMBERS, Key, Kind, compared, identity, word_prefix
from indexer.filters import Condition, Fact, Filters, Holds, Is

FIRST_SECOND = -62_135_596_800
"""The year 1: no date is earlier, and NO_TIME is; a literal of 64 bits is more than some servers read."""

_SINGLE = {Fact.SECTION: "section_key", Fact.SOURCE: "source_key"}
_SEVERAL = {Fact.LANGUAGE: "language_keys", Fact.AUTHOR: "author_keys", Fact.TAG: "tag_keys"}
_FIELD = {Key.ID: "id_key", Key.STORY_ID: "story_key"}


@dataclass(frozen=True, slots=True)
class Compare:
    """A number compared with another; `operator` is one of == < <= > >=."""

    field: str
    operator: str
    value: int


@dataclass(frozen=True, slots=True)
class OneOf:
    """The field has one of these values."""

    field: str
    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """One of the values of an array is one of these."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """A field of truth values is this one."""

    field: str
    value: bool


@dataclass(frozen=True, slots=True)
class Begins:
    """A text begins with this one, of which no character is a wildcard."""

    field: str
    prefix: str


@dataclass(frozen=True, slots=True)
class All:
    """Each of these holds; of none, always."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One of these holds; of none, never."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """This does not hold."""

    node: Node


Node: TypeAlias = Compare | OneOf | Contains | Flag | Begins | All | Some | Not

NEVER = Compare("version", "<", -1)
"""No row has such a version."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What Milvus filters by. Where it is not exact, it lets more through than was asked: those must be looked at again."""

    text: str
    is_exact: bool


def expression(filters: Filters, *also: Node) -> Expression:
    """The filters, and `also`, as an expression of articles or of chunks; what asks for words is left out of it."""
    nodes = [*also, *_visible(filters)]
    for fact, values in (
        (Fact.SECTION, filters.sections),
        (Fact.SOURCE, filters.sources),
        (Fact.LANGUAGE, filters.languages),
        (Fact.AUTHOR, filters.authors),
        (Fact.TAG, filters.tags),
    ):
        if values:
            nodes.append(_having(fact, values))
    if filters.exclude_sources:
        nodes.append(Not(_having(Fact.SOURCE, filters.exclude_sources)))
    if filters.published_from or filters.published_before:
        nodes.append(_published(filters.published_from, filters.published_before))
    is_exact = True
    for group in filters.require:
        if any(isinstance(condition, Holds) for condition in group):
            is_exact = False
        else:
            nodes.append(Some(tuple(_condition(condition) for condition in group)))
    for condition in filters.exclude:
        if isinstance(condition, Holds):
            is_exact = False
        else:
            nodes.append(Not(_condition(condition)))
    return Expression(written(All(tuple(nodes))), is_exact)


def keyed(key: Key, values: Iterable[str | int]) -> str:
    """The articles that have one of these values of a key."""
    found = [int(value) for value in values] if key in NUMBERS else [identity(str(value)) for value in values]
    return written(OneOf(_FIELD.get(key, key.value), tuple(found)))


def begun(kind: Kind, prefix: str, letters: tuple[int, int] | None, holders: tuple[int, int | None]) -> str:
    """The counted words of a kind with a beginning, of so many letters, that so many articles hold; both ends included."""
    nodes: list[Node] = [Begins("word_key", word_prefix(kind, prefix)), *_between("holders", *holders)]
    if letters:
        nodes += _between("letters", *letters)
    return written(All(tuple(nodes)))


def written(node: Node) -> str:
    """A tree as the text of an expression."""
    match node:
        case Compare(field, operator, value):
            return f"{field} {operator} {value}"
        case OneOf(field, values):
            return f"{field} in [{_listed(values)}]" if values else written(NEVER)
        case Contains(field, values):
            return f"array_contains_any({field}, [{_listed(values)}])" if values else written(NEVER)
        case Flag(field, value):
            return f"{field} == {'true' if value else 'false'}"
        case Begins(field, prefix):
            return f"{field} like {literal(prefix + '%')}"
        case Not(inner):
            return f"not ({written(inner)})"
        case All(nodes):
            return " and ".join(_bracketed(inner) for inner in nodes) if nodes else f"not ({written(NEVER)})"
        case Some(nodes):
            return " or ".join(_bracketed(inner) for inner in nodes) if nodes else written(NEVER)


def literal(value: str | int) -> str:
    """A value as it stands in an expression. Raises ValueError for a text that `keys.identity` did not make fit for it."""
    if isinstance(value, int):
        return str(int(value))
    if value.removesuffix("%") != identity(value.removesuffix("%")):
        raise ValueError(f"{value[:80]!r} must be compared by keys.identity")
    return f'"{value}"'


def _listed(values: Sequence[str | int]) -> str:
    return ", ".join(map(literal, values))


def _bracketed(node: Node) -> str:
    text = written(node)
    return f"({text})" if isinstance(node, All | Some) and len(node.nodes) > 1 else text


def _visible(filters: Filters) -> list[Node]:
    nodes: list[Node] = [Flag("usable", True), Compare("embargoed", "<=", int(filters.now.timestamp()))]
    if filters.as_of:
        moment = int(filters.as_of.timestamp())
        nodes += [Compare(field, "<=", moment) for field in ("published", "embargoed", "known_from")]
    return nodes


def _condition(condition: Condition) -> Node:
    if isinstance(condition, Is):
        return _having(condition.field, [condition.value])
    if isinstance(condition, Holds):
        raise TypeError(f"{condition!r} asks for words, which an expression does not")
    return _published(condition.start, condition.past)


def _having(fact: Fact, values: Sequence[str]) -> Node:
    keys = tuple(dict.fromkeys(compared(value) for value in values if value))
    return OneOf(_SINGLE[fact], keys) if fact in _SINGLE else Contains(_SEVERAL[fact], keys)


def _published(start: datetime | None, past: datetime | None) -> Node:
    first = Compare("published", ">=", int(start.timestamp()) if start else FIRST_SECOND)
    return All((first, Compare("published", "<", int(past.timestamp())))) if past else first


def _between(field: str, first: int, last: int | None) -> list[Node]:
    return [Compare(field, ">=", first), *([] if last is None else [Compare(field, "<=", last)])]
