"""Articles, their chunks and their words in Milvus: what is written, what is looked up, what a search meets first.

A read sees every write that is older than the server's bounded staleness (5 s unless it is configured otherwise; 0.5 s is
usual); one that is `fresh` sees every write that was acknowledged before it, and waits for that as long as the server needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.engines.documents import Document, Glance, Met
from indexer.engines.milvus import counted_words, dates, reading, writing
from indexer.engines.milvus.capabilities import Capabilities
from indexer.engines.milvus.collections import Names, Part, indexes, schema
from indexer.engines.milvus.connection import Connection
from indexer.engines.milvus.expressions import expression
from indexer.engines.milvus.keys import Key, Kind
from indexer.engines.milvus.notes import Notes
from indexer.errors import EngineError, EngineLacks, GenerationMissing
from indexer.filters import Filters
from indexer.types import Scores, Vector

BETWEEN = "\t"
"""Stands between a value without case and as it is written, in the words that are counted of fields."""

SPELLINGS = 3
"""How many ways to write a value are looked at, for each value wanted."""

WINDOW = reading.WINDOW
"""The most rows that one question can be answered with."""


class MilvusStore:
    """The collections of one prefix, at a server (http://host:19530) or in a file of Milvus Lite (its name ends with .db).

    `replicas` is how many query nodes hold each collection of a server: with two, searches go on when one dies.

    Nothing connects before the first call. One process writes; any number read, each from many threads. Every method raises
    EngineUnavailable where Milvus cannot be reached or is not ready, EngineError where it refuses what it should not, and those
    that are given a generation GenerationMissing where there is none of that number.
    """

    def __init__(
        self,
        uri: str,
        *,
        token: str | None = None,
        prefix: str = "dateline",
        timeout_s: float = 10.0,
        replicas: int = 1,
    ) -> None:
        self.name = hashlib.sha256(f"{uri} {prefix}".encode()).hexdigest()[:20]
        """Tells this store from others."""
        self._names = Names(prefix)
        self._connection = Connection(uri, token, timeout_s, replicas)
        self._notes = Notes(self._connection, self._names.notes)
        self._dimensions: dict[str, int] = {}

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the server can do; asked once."""
        return Capabilities.of(str(self._connection.read("get_server_version")))

    # Generations ---------------------------------------------------------------------------------------------------

    def create(self, generation: int, dimension: int) -> None:
        """Make an empty generation, indexed and loaded; one of that number that does not serve is replaced.

        Raises EngineError where that generation serves.
        """
        self.drop(generation)
        for part in (Part.WORDS, Part.CHUNKS, Part.ARTICLES):  # the articles last: they make a generation known
            name = self._names.of(generation, part)
            self._connection.arrange(
                "create_collection",
                collection_name=name,
                schema=schema(part, dimension, self.capabilities),
                consistency_level="Bounded",
            )
            self._connection.arrange(
                "create_index", collection_name=name, index_params=indexes(part, self.capabilities)
            )
            self._connection.load(name)

    def drop(self, generation: int) -> None:
        """Remove a generation, its manifest first and its articles, by which it is known, last. Raises EngineError where it
        serves."""
        if self.active() == generation:
            raise EngineError(f"generation {generation} serves and cannot be removed; activate another first")
        self._notes.remove(_manifest_name(generation))
        for part in (Part.WORDS, Part.CHUNKS, Part.ARTICLES):
            self._connection.arrange("drop_collection", collection_name=self._names.of(generation, part))
        self._dimensions.pop(self._names.of(generation, Part.ARTICLES), None)

    def generations(self) -> list[int]:
        """The numbers of all generations, lowest first; one whose making broke off may be among them."""
        found = map(self._names.generation, self._connection.read("list_collections"))
        return sorted(number for number in found if number is not None)

    def active(self) -> int | None:
        """The generation that serves; None before the first is activated."""
        try:
            told = self._connection.read("describe_alias", alias=self._names.alias)
        except GenerationMissing:
            return None
        return self._names.generation(str(told.get("collection_name", "")))

    def activate(self, generation: int) -> None:
        """Let a generation serve from now on, in one step: what stands for it is one alias."""
        articles = self._names.of(generation, Part.ARTICLES)
        if generation not in self.generations():
            raise GenerationMissing(f"there is no generation {generation} in Milvus; there are {self.generations()}")
        if not self.capabilities.is_lite:
            for part in Part:
                self._connection.load(self._names.of(generation, part))  # one that served before was released
        call = "create_alias" if self.active() is None else "alter_alias"
        self._connection.arrange(call, collection_name=articles, alias=self._names.alias)

    def release(self, generation: int) -> None:
        """Let the query nodes' memory of a generation go; a call that is about it loads it again. Nothing in Milvus Lite."""
        if self.capabilities.is_lite:
            return
        for part in (Part.ARTICLES, Part.CHUNKS, Part.WORDS):
            self._connection.arrange("release_collection", collection_name=self._names.of(generation, part))

    def put_manifest(self, generation: int, manifest: Mapping[str, Any]) -> None:
        """Keep what a generation was made of, as JSON."""
        self._notes.put(_manifest_name(generation), json.dumps(dict(manifest), ensure_ascii=False))

    def manifest(self, generation: int) -> dict[str, Any] | None:
        """What `put_manifest` kept; None where it kept nothing."""
        found = self._notes.get(_manifest_name(generation))
        return dict(json.loads(next(iter(found.values())))) if found else None

    def put_mark(self, name: str, value: int) -> None:
        """Keep a number, such as how far the archive's changes were taken."""
        self._notes.put(_mark_name(name), str(value))

    def mark(self, name: str) -> int | None:
        """What `put_mark` kept; None where it kept nothing."""
        found = self._notes.get(_mark_name(name))
        return int(next(iter(found.values()))) if found else None

    def manifest_and_mark(self, generation: int, name: str) -> tuple[dict[str, Any] | None, int | None]:
        """What `manifest` and `mark` give, in the time of one of them."""
        found = self._notes.get(_manifest_name(generation), _mark_name(name))
        manifest, mark = found.get(_manifest_name(generation)), found.get(_mark_name(name))
        return dict(json.loads(manifest)) if manifest else None, int(mark) if mark else None

    # Articles ------------------------------------------------------------------------------------------------------

    def upsert(self, generation: int, documents: Sequence[Document], *, new: bool = False) -> None:
        """Store articles, or store them anew; returns when Milvus has acknowledged them. Repeating it changes nothing.

        Of two documents with one seq the later is stored. Chunks come first, then articles, then earlier versions' chunks go:
        a process that dies between them leaves an article of which `met` gives no chunks until it is stored again.
        `new` promises that none of these was ever stored in this generation, which spares a look for earlier chunks.
        """
        writing.upsert(self._connection, self._collections(generation), documents, new=new)

    def delete(self, generation: int, seqs: Sequence[int]) -> None:
        """Remove articles and their chunks; those that are not there are passed over."""
        writing.delete(self._connection, self._collections(generation), seqs)

    def met(self, generation: int, seqs: Sequence[int], *, fresh: bool = False) -> list[Met]:
        """The articles in the order asked, each with the chunks of its own version; those that are not there are left out.

        Of its terms, those past `pieces.WORDS_BYTES` of words are missing.
        """
        return reading.met(self._connection, self._collections(generation), seqs, fresh=fresh)

    def glances(self, generation: int, seqs: Sequence[int], *, with_terms: bool) -> list[Glance]:
        """The articles in the order asked, without their chunks; those that are not there are left out."""
        return reading.glances(self._connection, self._collections(generation), seqs, with_terms=with_terms)

    def chunk_scores(self, generation: int, vector: Vector, seqs: Sequence[int]) -> tuple[NDArray[np.int64], Scores]:
        """The id (seq and ordinal, see `rows.chunk_id`) and the cosine of each chunk of these articles, best first."""
        return reading.chunk_scores(self._connection, self._collections(generation), vector, seqs)

    def article_scores(self, generation: int, vector: Vector, seqs: Sequence[int]) -> tuple[NDArray[np.int64], Scores]:
        """The seq of each of these articles and the cosine of its mean vector, best first."""
        return reading.article_scores(self._connection, self._collections(generation), vector, seqs)

    def vectors(self, generation: int, seqs: Sequence[int]) -> dict[int, Vector]:
        """The mean vector of each article that is there: of unit length, or zero for one without chunks."""
        return reading.vectors(self._connection, self._collections(generation), seqs)

    def records(self, generation: int, seqs: Sequence[int], *, fresh: bool = True) -> dict[int, tuple[int, str]]:
        """The version and the record (JSON) of each article that is there, by seq."""
        return reading.records(self._connection, self._collections(generation), seqs, fresh=fresh)

    def find(
        self, generation: int, key: Key, values: Sequence[str | int], limit: int = WINDOW, *, fresh: bool = False
    ) -> NDArray[np.int64]:
        """The seqs of at most `limit` articles that have one of these values of a key, lowest first."""
        names = self._collections(generation)
        return reading.find(self._connection, names, key, values, min(limit, WINDOW), fresh=fresh)

    def nearest(
        self, generation: int, vector: Vector, count: int, filters: Filters
    ) -> tuple[NDArray[np.int64], Scores]:
        """The seq and the cosine of each of the `count` chunks most like the vector (WINDOW at most), best first.

        Filters that ask for words let all through: see `expressions.expression`.
        """
        names = self._collections(generation)
        return reading.nearest(self._connection, names, vector, min(count, WINDOW), expression(filters).text)

    def by_words(self, generation: int, terms: Sequence[str], count: int, filters: Filters) -> NDArray[np.int64]:
        """The seqs of the `count` articles (WINDOW at most) that are best by BM25 of these terms, best first.

        Raises EngineLacks where the server has no BM25. Filters that ask for words let all through.
        """
        if self.capabilities.missing:
            raise EngineLacks(self.capabilities.missing)
        names = self._collections(generation)
        return reading.by_words(self._connection, names, terms, min(count, WINDOW), expression(filters).text)

    def is_exact(self, filters: Filters) -> bool:
        """Whether Milvus can tell what these filters let through; else it lets through more, to be looked at again."""
        return expression(filters).is_exact

    def within(self, generation: int, filters: Filters, count: int, *, newest: bool) -> tuple[NDArray[np.int64], bool]:
        """The seqs of the newest or oldest `count` articles (WINDOW at most) let through, and whether these are all.

        Those without a date come last; of one date, the higher seq is the newer. Filters that ask for words let all through.
        """
        articles = dates.Dated(self._connection, self._names.of(generation, Part.ARTICLES), filters, newest)
        return articles.first(min(count, WINDOW))

    def count(self, generation: int, filters: Filters | None = None) -> int:
        """How many articles there are, or how many the filters let through; those that ask for words let all through."""
        where = expression(filters).text if filters else ""
        return reading.count(self._connection, self._names.of(generation, Part.ARTICLES), where)

    def scan(self, generation: int, batch: int = 256) -> Iterator[list[Met]]:
        """All articles, lowest seq first, in lists of at most `batch`."""
        return reading.scan(self._connection, self._collections(generation), batch)

    def versions(self, generation: int) -> dict[int, int]:
        """The version of every article, by seq."""
        return reading.versions(self._connection, self._collections(generation))

    # Words ---------------------------------------------------------------------------------------------------------

    def holders(self, generation: int, kind: Kind, words: Collection[str]) -> dict[str, int]:
        """How many articles hold each of these words; those that none holds are left out."""
        return counted_words.holders(self._connection, self._words(generation), kind, words)

    def add_holders(self, generation: int, counts: Mapping[Kind, Mapping[str, int]]) -> None:
        """Add to how many articles hold each word; for the one process that writes. A word that none holds is forgotten."""
        counted_words.add(self._connection, self._words(generation), counts)

    def beginning(
        self, generation: int, kind: Kind, prefix: str, *, letters: tuple[int, int] | None, limit: int
    ) -> list[tuple[str, int]]:
        """At most `limit` words with a beginning, and of so many letters (first and last included), the most held first."""
        return counted_words.beginning(self._connection, self._words(generation), (kind, prefix, letters), limit)

    def names(self, generation: int, kind: Kind, prefix: str, limit: int) -> dict[str, str]:
        """At most `limit` values of a field that begin so, by what they are without case, each as most articles write it; the
        most common first."""
        found: dict[str, str] = {}
        for word, _ in self.beginning(generation, kind, prefix, letters=None, limit=SPELLINGS * limit):
            key, _, spelled = word.partition(BETWEEN)
            found.setdefault(key, spelled)
        return dict(islice(found.items(), limit))

    # The server ----------------------------------------------------------------------------------------------------

    def health(self) -> None:
        """Ask the server for one row of what serves. Raises EngineUnavailable."""
        generation = self.active()
        if generation is not None:
            self.find(generation, Key.SEQ, [0])

    def close(self) -> None:
        """Close the channel."""
        self._connection.close()

    def _collections(self, generation: int) -> reading.Collections:
        articles = self._names.of(generation, Part.ARTICLES)
        if articles not in self._dimensions:
            self._dimensions[articles] = reading.dimension(self._connection, articles)
        return reading.Collections(articles, self._names.of(generation, Part.CHUNKS), self._dimensions[articles])

    def _words(self, generation: int) -> str:
        return self._names.of(generation, Part.WORDS)


def _manifest_name(generation: int) -> str:
    return f"manifest:{generation}"


def _mark_name(name: str) -> str:
    return f"mark:{name}"
