"""The newest or oldest articles of a filter: Milvus cannot order rows, but it counts those of a stretch of time."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from indexer.engines.milvus import reading
from indexer.engines.milvus.connection import Connection
from indexer.engines.milvus.expressions import FIRST_SECOND, Compare, Node, expression
from indexer.filters import Filters

_LAST_SECOND = 253_402_300_799
_LAST_SEQ = 2**50
"""Beyond any article's number: its chunks' numbers have 13 bits more."""


@dataclass(frozen=True, slots=True)
class Dated:
    """The articles that filters let through, by date; of one date, the higher seq is the newer."""

    connection: Connection
    collection: str
    filters: Filters
    newest: bool
    window: int = reading.WINDOW
    """The most rows that one question is answered with."""

    def first(self, wanted: int) -> tuple[NDArray[np.int64], bool]:
        """The first `wanted` in order, those without a date last, and whether these are all."""
        if wanted < 1:
            return np.empty(0, dtype=np.int64), self._count() == 0
        everything = self._count()
        if everything <= self.window:
            return self._sorted()[:wanted], everything <= wanted
        dated = (Compare("published", ">=", FIRST_SECOND),)
        undated = (Compare("published", "<", FIRST_SECOND),)
        found = self._from(dated, "published", (FIRST_SECOND, _LAST_SECOND), wanted)
        if len(found) < wanted:
            found = np.concatenate([found, self._from(undated, "seq", (0, _LAST_SEQ), wanted - len(found))])
        return found[:wanted], everything <= wanted

    def _from(self, among: tuple[Node, ...], field: str, bounds: tuple[int, int], wanted: int) -> NDArray[np.int64]:
        """At least `wanted` of those among, or all, in order, found by a bound of a field that lets few enough through."""
        if self._count(*among) <= self.window:
            return self._sorted(*among)
        now = int(self.filters.now.timestamp())
        few, many = bounds[::-1] if self.newest else bounds  # a bound that lets few through, and one that lets too many
        while abs(many - few) > 1:
            middle = between(few, many, now if field == "published" else 0)
            held = self._count(*among, self._side(field, middle))
            if wanted <= held <= self.window:
                return self._sorted(*among, self._side(field, middle))
            few, many = (middle, many) if held < wanted else (few, middle)
        before = self._sorted(*among, self._side(field, few))
        if len(before) >= wanted or field == "seq":
            return before
        same = (*among, Compare(field, "==", many))
        return np.concatenate([before, self._from(same, "seq", (0, _LAST_SEQ), wanted - len(before))])

    def _side(self, field: str, bound: int) -> Node:
        return Compare(field, ">=" if self.newest else "<=", bound)

    def _count(self, *also: Node) -> int:
        return reading.count(self.connection, self.collection, expression(self.filters, *also).text)

    def _sorted(self, *also: Node) -> NDArray[np.int64]:
        rows = self.connection.read(
            "query",
            collection_name=self.collection,
            filter=expression(self.filters, *also).text,
            output_fields=["seq", "published"],
            limit=self.window,
        )
        seqs = np.array([row["seq"] for row in rows], dtype=np.int64)
        times = np.array([row["published"] for row in rows], dtype=np.int64)
        undated = times < FIRST_SECOND
        times[undated] = 0
        order = np.lexsort((-seqs if self.newest else seqs, -times if self.newest else times, undated))
        return seqs[order]


def between(one: int, other: int, origin: int) -> int:
    """A number between two that lie more than 1 apart: their geometric mean as seen from `origin`, or that itself.

    Articles are many near now and few in other centuries: so a stretch is found in a few steps instead of thirty.
    """
    near, far = sorted((one - origin, other - origin), key=abs)
    if near * far < 0:
        return origin
    middle = min(max(isqrt(abs(near * far)), abs(near) + 1), abs(far) - 1)
    return origin + middle if far > 0 else origin - middle
