"""What is measured of each system, in which order: indexes, then rounds in which the systems take turns."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.asking import SystemProcess
from benchmarks.figures import Times, agreement, recall
from benchmarks.resources import disk_mb
from benchmarks.serving import Served, Service
from benchmarks.system import HITS, SystemName

LEVELS = ((1, 80), (4, 120), (16, 240))
"""Clients at once, and how many queries they ask in a round."""

PER_ROUND = sum(count for _, count in LEVELS)
"""Queries of a round, all different; no round asks what another did."""

SERVED = {
    SystemName.DATELINE: (1, 2),
    SystemName.TXTAI: (1, 2),
    SystemName.CHROMA: (1, 2),
    SystemName.LANCEDB: (1, 2),
    SystemName.LANCEDB_PQ: (),
}
"""With how many worker processes each is served over HTTP."""


def levels(queries: int) -> list[tuple[int, int]]:
    """How many of so many queries of a round each number of clients asks: in the shares of LEVELS, at least one."""
    return [(clients, max(1, queries * count // PER_ROUND)) for clients, count in LEVELS]


@dataclass(slots=True)
class Indexed:
    """What making an index took, and what it is like."""

    seconds: float
    disk_mb: float
    embedded_per_s: float
    """Passages a second where the system embeds too."""


@dataclass(slots=True)
class InProcess:
    """Of each round, the times; recall, and memory after the last."""

    rounds: list[Times] = field(default_factory=list)
    recall: float = 0.0
    memory_mb: float = 0.0


@dataclass(slots=True)
class OverHttp:
    """Of each round, the times at each number of clients, and whether the answers were those given in process."""

    rounds: dict[int, list[Times]] = field(default_factory=lambda: {clients: [] for clients, _ in LEVELS})
    start_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    same: list[float] = field(default_factory=list)
    errors: int = 0


@dataclass(slots=True)
class Figures:
    """Everything that was measured."""

    indexed: dict[SystemName, Indexed] = field(default_factory=dict)
    in_process: dict[SystemName, InProcess] = field(default_factory=dict)
    over_http: dict[Served, OverHttp] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured: a folder with passages and queries, their embeddings, and the systems that take part."""

    folder: Path
    queries: Sequence[str]
    warming: Sequence[str]
    """Queries that are asked before any that counts."""
    embeddings: Path
    query_embeddings: Path
    systems: Sequence[SystemName]
    told: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True)

    def index_of(self, system: SystemName) -> Path:
        return self.folder / "indexes" / system

    def log_of(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def indexed(self, system: SystemName, embed: int, *, reuse: bool) -> Indexed:
        """The system's index of all passages, made anew unless it is there and may be reused."""
        target, kept = self.index_of(system), self.folder / "indexes" / f"{system}.json"
        if reuse and kept.is_file():
            self.told(f"{system}: index of an earlier run")
            return Indexed(**json.loads(kept.read_text(encoding="utf-8")))
        self.told(f"{system}: indexing")
        embedded_s = self._index(system, target, count=embed, embeddings=None)
        seconds = self._index(system, target, count=None, embeddings=self.embeddings)
        done = Indexed(seconds, disk_mb(target, but="models"), embed / embedded_s)
        facts = {"seconds": seconds, "disk_mb": done.disk_mb, "embedded_per_s": done.embedded_per_s}
        kept.write_text(json.dumps(facts), encoding="utf-8")
        return done

    def _index(self, system: SystemName, target: Path, *, count: int | None, embeddings: Path | None) -> float:
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        given = str(embeddings) if embeddings else None
        with SystemProcess(system, target, self.log_of(system)) as process:
            answer = process.ask("index", corpus=str(self.folder), count=count, embeddings=given)
        return float(answer["seconds"])

    def measured(self, rounds: int, figures: Figures, *, http: bool) -> None:
        """Rounds in which the systems take turns, first in process, then over HTTP; adds to the figures."""
        with ExitStack() as running:
            processes = {}
            for system in self.systems:
                self.told(f"{system}: opening")
                process = SystemProcess(system, self.index_of(system), self.log_of(system))
                processes[system] = running.enter_context(process)
                process.ask("open")
                process.ask("search", queries=self.warming)
                found = process.ask("nearest", vectors=str(self.query_embeddings))["ids"]
                figures.in_process[system] = InProcess(recall=self._recall(found))
            answers: dict[tuple[SystemName, int], list[list[str]]] = {}
            per_round = len(self.queries) // rounds
            for turn in range(rounds):
                queries = self.queries[turn * per_round : (turn + 1) * per_round]
                for system, process in processes.items():
                    answers[system, turn] = self._in_process(process, queries, figures.in_process[system])
                    took = figures.in_process[system].rounds[-1]
                    self.told(f"round {turn + 1}, {system}, in process: p50 {took.p50_ms:.1f} ms")
        for turn in range(rounds if http else 0):
            queries = self.queries[turn * per_round : (turn + 1) * per_round]
            for served in (Served(system, workers) for system in self.systems for workers in SERVED[system]):
                there = figures.over_http.setdefault(served, OverHttp())
                self._over_http(served, queries, answers[served.system, turn], there)
                rates = ", ".join(f"{took[-1].per_s:.0f}/s by {clients}" for clients, took in there.rounds.items())
                self.told(f"round {turn + 1}, {served.system} over HTTP, workers {served.workers}: {rates}")

    def _recall(self, found: list[list[str]]) -> float:
        rows = [[int(article_id) for article_id in ids] for ids in found]
        return recall(rows, np.load(self.query_embeddings), np.load(self.embeddings), HITS)

    def _in_process(self, process: SystemProcess, queries: Sequence[str], there: InProcess) -> list[list[str]]:
        """The queries that one client and four ask over HTTP too, so that the answers can be compared."""
        count = sum(count for clients, count in levels(len(queries)) if clients < 16)
        answer: dict[str, Any] = process.ask("search", queries=queries[:count])
        there.rounds.append(Times.of(answer["ms"], sum(answer["ms"]) / 1000))
        there.memory_mb = answer["memory_mb"]
        ids: list[list[str]] = answer["ids"]
        return ids

    def _over_http(self, served: Served, queries: Sequence[str], expected: list[list[str]], there: OverHttp) -> None:
        log = self.log_of(f"{served.system}-{served.workers}")
        with Service(served, self.index_of(served.system), log) as service:
            for clients in (1, 4):  # every worker has its model at hand before anything counts
                service.ask(self.warming, clients)
            start, got = 0, []
            for clients, count in levels(len(queries)):
                asked = service.ask(queries[start : start + count], clients)
                start += count
                got += asked.ids
                there.rounds[clients].append(Times.of(asked.ms, asked.seconds))
                there.errors += asked.errors
            there.start_s.append(service.start_s)
            there.memory_mb.append(service.memory_mb())
        compared = min(len(got), len(expected))
        there.same.append(agreement(got[:compared], expected[:compared]))
