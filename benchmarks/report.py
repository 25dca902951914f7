"""The figures as two tables and what stands above them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.figures import Times, table
from benchmarks.measuring import LEVELS, Figures, InProcess, OverHttp
from benchmarks.serving import Served
from benchmarks.system import SystemName

TITLES = {
    SystemName.DATELINE: "Dateline, hybrid, exact",
    SystemName.TXTAI: "txtai, hybrid",
    SystemName.CHROMA: "Chroma, dense only",
    SystemName.LANCEDB: "LanceDB, hybrid, exact",
    SystemName.LANCEDB_PQ: "LanceDB, hybrid, IVF_PQ",
}


def in_process_table(figures: Figures) -> list[str]:
    """One row a system; the last column is its median time as a multiple of Dateline's."""
    head = [
        "system",
        "embedding and indexing, passages/s",
        "indexing, embeddings given, s",
        "disk, MB",
        "recall@10 of the vectors",
        "query p50, ms",
        "query p95, ms",
        "memory, MB",
        "p50 ÷ Dateline's",
    ]
    return table(head, [_in_process_row(figures, system, there) for system, there in figures.in_process.items()])


def _in_process_row(figures: Figures, system: SystemName, there: InProcess) -> list[str]:
    indexed, times = figures.indexed[system], Times.median_of(there.rounds)
    ours = figures.in_process.get(SystemName.DATELINE)
    ratio = f"{times.p50_ms / Times.median_of(ours.rounds).p50_ms:.2f}" if ours else ""
    return [
        TITLES[system],
        f"{indexed.embedded_per_s:.0f}",
        f"{indexed.seconds:.1f}",
        f"{indexed.disk_mb:.0f}",
        f"{there.recall:.4f}",
        f"{times.p50_ms:.1f}",
        f"{times.p95_ms:.1f}",
        f"{there.memory_mb:.0f}",
        ratio,
    ]


def over_http_table(figures: Figures) -> list[str]:
    """One row a service; the last column is its requests a second at most clients as a share of Dateline's best."""
    most = max(clients for clients, _ in LEVELS)
    head = ["service, worker processes", "start, s", "memory, MB"]
    head += [f"{clients} client{'s' if clients > 1 else ''}: p50, p95 ms; requests/s" for clients, _ in LEVELS]
    head += ["same answers, failed", f"requests/s at {most} ÷ Dateline's best"]
    ours = [
        Times.median_of(there.rounds[most]).per_s
        for served, there in figures.over_http.items()
        if served.system is SystemName.DATELINE
    ]
    rows = [_over_http_row(served, there, most, ours) for served, there in figures.over_http.items()]
    return table(head, rows)


def _over_http_row(served: Served, there: OverHttp, most: int, ours: Sequence[float]) -> list[str]:
    at = {clients: Times.median_of(rounds) for clients, rounds in there.rounds.items()}
    return [
        f"{TITLES[served.system].partition(',')[0]}, {served.workers}",
        f"{median(there.start_s):.1f}",
        f"{median(there.memory_mb):.0f}",
        *(f"{times.p50_ms:.1f}, {times.p95_ms:.1f}; {times.per_s:.0f}" for times in at.values()),
        f"{100 * min(there.same):.0f}%, {there.errors}",
        f"{at[most].per_s / max(ours):.3f}" if ours else "",
    ]


def verdict(figures: Figures) -> Iterator[str]:
    """How Dateline stands to its two targets, where what they compare was measured."""
    ours = figures.in_process.get(SystemName.DATELINE)
    hybrid = [SystemName.TXTAI, SystemName.LANCEDB, SystemName.LANCEDB_PQ]
    theirs = {
        system: Times.median_of(figures.in_process[system].rounds).p50_ms
        for system in hybrid
        if system in figures.in_process
    }
    if ours and theirs:
        fastest = min(theirs, key=lambda system: theirs[system])
        p50 = Times.median_of(ours.rounds).p50_ms
        yield (
            f"Dateline's median query takes {p50 / theirs[fastest]:.2f} of the fastest hybrid peer's "
            f"({TITLES[fastest]}), at recall {ours.recall:.4f}."
        )
    most = max(clients for clients, _ in LEVELS)
    best = {
        system: max(
            (
                Times.median_of(there.rounds[most]).per_s
                for served, there in figures.over_http.items()
                if served.system is system
            ),
            default=0.0,
        )
        for system in (SystemName.DATELINE, SystemName.TXTAI)
    }
    if all(best.values()):
        times = best[SystemName.DATELINE] / best[SystemName.TXTAI]
        yield (
            f"At {most} clients it answers {times:.1f} times as many requests a second as txtai, "
            "each with its better number of workers."
        )
