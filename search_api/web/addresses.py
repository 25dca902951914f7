"""The addresses of the search page with one thing changed: what makes every filter, page and order a link. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

CURSOR = "cursor"


@dataclass(frozen=True, slots=True)
class Address:
    """What the page was asked with, in order, without empty choices and what others add to links."""

    items: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, asked: Iterable[tuple[str, str]], known: Collection[str]) -> Address:
        return cls(tuple((name, value) for name, value in asked if name in known and value.strip()))

    def changed(self, changes: Mapping[str, str | None]) -> str:
        """With these parameters in place of all of their names; None takes one away. The page begins anew."""
        kept = [(key, value) for key, value in self.items if key not in changes and key != CURSOR]
        return _link(kept + [(key, value) for key, value in changes.items() if value is not None])

    def without(self, name: str, value: str) -> str:
        """Without one value of a parameter."""
        return _link([item for item in self.items if item != (name, value) and item[0] != CURSOR])

    def value(self, name: str) -> str | None:
        """The first value of a parameter."""
        return next((value for key, value in self.items if key == name), None)

    def all_but(self, names: Collection[str]) -> list[tuple[str, str]]:
        """What it was asked with, without these parameters."""
        return [item for item in self.items if item[0] not in names]

    def following(self, cursor: str) -> str:
        """The page after, by its cursor."""
        return _link([*(item for item in self.items if item[0] != CURSOR), (CURSOR, cursor)])


def _link(items: Iterable[tuple[str, str]]) -> str:
    query = urlencode(list(items))
    return f"/?{query}" if query else "/"
