"""The words of a corpus counted one by one: what an engine elsewhere would know of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from indexer.engines.corpus_words import Field
from indexer.engines.terms import Terms


class CountedWords:
    """Statistics of these terms; `asked` remembers what holders were asked of, each time."""

    def __init__(self, terms: Sequence[Terms]) -> None:
        self._fields = {field: [tuple(getattr(one, field.value)) for one in terms] for field in Field}
        self.asked: list[tuple[Field, tuple[str, ...]]] = []

    @property
    def articles(self) -> int:
        return len(self._fields[Field.TEXT])

    def average_length(self, field: Field) -> float:
        return sum(map(len, self._fields[field])) / max(1, self.articles)

    def holders(self, field: Field, terms: Collection[str]) -> Mapping[str, int]:
        self.asked.append((field, tuple(terms)))
        sets = [frozenset(text) for text in self._fields[field]]
        counted = {term: sum(term in one for one in sets) for term in terms}
        return {term: holders for term, holders in counted.items() if holders}
