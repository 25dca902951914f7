"""Judged queries and the measures of a ranking: nDCG, recall, reciprocal rank. The measures are pure.

Gains are 2^grade - 1. Queries without a relevant judged article are left out; judged queries without an
answer count as zero.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from math import comb, log2
from pathlib import Path
from statistics import fmean
from typing import Any

from indexer.errors import SourceError


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query as typed, and the filters it is asked with, by the API's parameter names."""

    id: str
    text: str
    filters: Mapping[str, Any] = field(default_factory=dict)


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], cutoff: int) -> float:
    """Normalised discounted cumulative gain: discount log2(rank + 1) (Jarvelin and Kekalainen 2002), exponential gains."""
    gains = [2 ** max(0, grades.get(article_id, 0)) - 1 for article_id in ranking[:cutoff]]
    ideal = sorted((2**grade - 1 for grade in grades.values() if grade > 0), reverse=True)[:cutoff]
    best = _discounted(ideal)
    return _discounted(gains) / best if best else 0.0


def recall(ranking: Sequence[str], grades: Mapping[str, int], cutoff: int) -> float:
    """The share of the relevant articles (grade above 0) among the first `cutoff`."""
    relevant = {article_id for article_id, grade in grades.items() if grade > 0}
    return len(relevant & set(ranking[:cutoff])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, int], cutoff: int) -> float:
    """1 / rank of the first relevant article within the first `cutoff`; 0 when there is none."""
    ranks = (rank for rank, article_id in enumerate(ranking[:cutoff], start=1) if grades.get(article_id, 0) > 0)
    return 1 / rank if (rank := next(ranks, 0)) else 0.0


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def measures(run: Mapping[str, Sequence[str]], qrels: Mapping[str, Mapping[str, int]]) -> dict[str, float]:
    """The mean of each measure over the judged queries; `run` maps a query id to article ids, best first."""
    pairs = [
        (run.get(query_id, ()), grades) for query_id, grades in qrels.items() if max(grades.values(), default=0) > 0
    ]
    return {
        "ndcg@10": fmean([ndcg(ranking, grades, 10) for ranking, grades in pairs] or [0.0]),
        "recall@10": fmean([recall(ranking, grades, 10) for ranking, grades in pairs] or [0.0]),
        "recall@100": fmean([recall(ranking, grades, 100) for ranking, grades in pairs] or [0.0]),
        "mrr@10": fmean([reciprocal_rank(ranking, grades, 10) for ranking, grades in pairs] or [0.0]),
    }


def read_queries(path: Path) -> list[JudgedQuery]:
    """Queries from JSONL with `id`, `text` and optional `filters`; raises SourceError with the line of a bad one."""
    queries = []
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            queries.append(JudgedQuery(str(record["id"]), str(record["text"]), dict(record.get("filters") or {})))
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f'{path} line {number} is no query ({error!r}); expected {{"id": ..., "text": ...}}'
            ) from error
    return queries


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Judgments (query or seed id -> article id -> grade) from tab-separated values with a header line."""
    qrels: dict[str, dict[str, int]] = {}
    rows = csv.reader(_text(path).splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    for number, row in enumerate(rows, start=1):
        if number == 1 or not row:
            continue
        try:
            query_id, article_id, grade = row
            qrels.setdefault(query_id, {})[article_id] = int(grade)
        except ValueError as error:
            raise SourceError(f"{path} line {number} is {row!r}; expected query id, article id, grade") from error
    return qrels


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}); a judged collection needs it") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8") from error


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well found groups agree with known ones."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def b_cubed(found: Mapping[str, Hashable], known: Mapping[str, Hashable]) -> Agreement:
    """B-cubed (Bagga and Baldwin 1998): for each item, the share of its found group that is of its known one, and the reverse."""
    both = Counter((found[item], known[item]) for item in known)
    in_found, in_known = Counter(found[item] for item in known), Counter(known.values())
    shared = [both[found[item], known[item]] for item in known]
    return Agreement(
        fmean(count / in_found[found[item]] for item, count in zip(known, shared, strict=True)),
        fmean(count / in_known[known[item]] for item, count in zip(known, shared, strict=True)),
    )


def pairwise(found: Mapping[str, Hashable], known: Mapping[str, Hashable]) -> Agreement:
    """Over all pairs of items: which of those grouped together belong together, and the reverse; 1 where there are none."""
    both = sum(comb(count, 2) for count in Counter((found[item], known[item]) for item in known).values())
    in_found = sum(comb(count, 2) for count in Counter(found[item] for item in known).values())
    in_known = sum(comb(count, 2) for count in Counter(known.values()).values())
    return Agreement(both / in_found if in_found else 1.0, both / in_known if in_known else 1.0)
