"""One generation in Milvus as it serves: its store, and what was counted when it was built."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from indexer.engines.corpus_words import Field
from indexer.engines.milvus.keys import Kind
from indexer.engines.milvus.store import MilvusStore

KIND_OF = {Field.TEXT: Kind.TEXT, Field.TITLE: Kind.TITLE, Field.EXACT: Kind.EXACT}


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted of the articles of a generation when it was built, or last carried: the ground of BM25.

    `terms` has the number of terms of each field over all articles, `analyses` in how many articles each analysis occurs.
    """

    articles: int
    terms: Mapping[str, int]
    analyses: Mapping[str, int]

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Counts:
        """From JSON, as `asdict` makes it."""
        return cls(int(kept["articles"]), dict(kept["terms"]), dict(kept["analyses"]))


@dataclass(frozen=True, slots=True)
class Serving:
    """A generation of a store, to be asked; also a `corpus_words.CorpusWords`."""

    store: MilvusStore
    generation: int
    dimension: int
    counts: Counts

    @property
    def analyses(self) -> tuple[str, ...]:
        """The analyses that its texts got, in alphabetical order."""
        return tuple(sorted(name for name, count in self.counts.analyses.items() if count > 0))

    @property
    def articles(self) -> int:
        return max(1, self.counts.articles)

    def average_length(self, field: Field) -> float:
        return max(1.0, self.counts.terms.get(field.value, 0) / self.articles)

    def holders(self, field: Field, terms: Collection[str]) -> Mapping[str, int]:
        return self.store.holders(self.generation, KIND_OF[field], terms)
