"""Load a running service as readers do, find how much it takes, hold that, and say whether it may be left alone with it.

    python scripts/load_test.py URL [--seconds 600] [--clients N | --rate R] [--pid PID] [--key KEY] [--queries FILE] [--json]

Without --clients or --rate the number of clients is doubled until throughput grows no more. With --rate requests begin at that
many a second, whatever the service does, and their time counts from when they were due. --pid is the process that was started
as `dateline serve`: its memory and that of its workers is watched. Exit 0: no error, and memory does not grow; 1 otherwise.

60% typed queries, 25% related lists, 10% completions, 5% pages. A service that counts requests needs --key, or
DATELINE_RATE_ADDRESS set to nothing while it is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from scripts.load_requests import Material, Requests, read_queries
from scripts.process_memory import Memory

QUERIES = Path(__file__).parents[1] / "docs" / "benchmark_queries.txt"
STEP_S = 6.0
"""How long each number of clients is tried."""

GAIN = 1.05
"""Twice the clients must bring this much more, or the service is saturated."""

MOST_CLIENTS = 256
TIMEOUT_S = 30.0

GATHERING = 20
"""How many of the queries are asked for articles before the load begins."""

UNREACHED = 0
"""Stands for the status of a request that got no answer."""

SAMPLES = 20
"""Of memory, at least; one a second where that is more."""

GROWTH_MB = 1.0
"""How many MB a minute memory may grow in the second half, summed over the processes."""


@dataclass(slots=True)
class Load:
    """What was asked and how it went: when (seconds since the beginning), how long it took (s), its kind, its status."""

    asked: list[tuple[float, float, str, int]] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    """When, and how many MB of their own all processes held."""

    generator_share: float = 0.0
    """Of one core, taken by the requests' side."""

    def errors(self) -> int:
        return sum(status == UNREACHED or status >= 400 for *_, status in self.asked)

    def growth(self) -> float | None:
        """MB a minute over the second half, by least squares; None where nothing was watched."""
        past = [one for one in self.memory if one[0] >= self.memory[-1][0] / 2]
        if len(past) < 3:
            return None
        at, held = np.array(past).T
        return float(np.polyfit(at, held, 1)[0] * 60)


async def gathered(client: httpx2.AsyncClient, queries: list[str]) -> Material:
    """The articles that the queries find, for related lists and pages of them."""
    found: dict[str, str] = {}
    for query in queries[:GATHERING]:
        answer = await client.get("/v1/search", params={"q": query, "limit": 20, "min_score": 0})
        answer.raise_for_status()
        found |= {hit["id"]: hit["title"] for hit in answer.json()["hits"]}
    if not found:
        raise SystemExit("the service finds nothing for the queries; give --queries that its articles answer")
    return Material(queries, list(found), [title for title in found.values() if title])


async def loaded(
    client: httpx2.AsyncClient,
    requests: Requests,
    *,
    seconds: float,
    clients: int,
    rate: float | None,
    memory: Memory | None,
) -> Load:
    """Ask for so many seconds: each client one request after another or, with a `rate`, each when it is due."""
    load = Load()
    started, used = time.perf_counter(), time.process_time()
    turns = count()

    async def ask() -> None:
        while True:
            due = next(turns) / rate if rate else time.perf_counter() - started
            if due >= seconds:
                return
            await asyncio.sleep(max(0.0, due - (time.perf_counter() - started)))
            kind, address = next(requests)
            try:
                status = (await client.get(address)).status_code
            except httpx2.HTTPError:
                status = UNREACHED
            load.asked.append((due, time.perf_counter() - started - due, kind, status))

    async def watch() -> None:
        while memory:
            load.memory.append((time.perf_counter() - started, memory.held_mb()))
            await asyncio.sleep(min(1.0, seconds / SAMPLES))

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(ask() for _ in range(clients)))
    watching.cancel()
    load.generator_share = (time.process_time() - used) / (time.perf_counter() - started)
    return load


async def saturated(client: httpx2.AsyncClient, requests: Requests) -> tuple[int, list[tuple[int, float]]]:
    """The number of clients past which throughput grows no more, and the requests a second at each that was tried."""
    tried: list[tuple[int, float]] = []
    clients = 1
    while clients <= MOST_CLIENTS:
        load = await loaded(client, requests, seconds=STEP_S, clients=clients, rate=None, memory=None)
        tried.append((clients, len(load.asked) / STEP_S))
        told(f"{clients} clients: {tried[-1][1]:.1f} requests/s, p95 {percentiles(load.asked)['p95_ms']:.0f} ms")
        if len(tried) > 1 and tried[-1][1] < GAIN * tried[-2][1]:
            break
        clients *= 2
    return max(tried, key=lambda one: one[1])[0], tried


def percentiles(asked: list[tuple[float, float, str, int]]) -> dict[str, float]:
    times = [1000 * taken for _, taken, _, _ in asked] or [float("nan")]
    return dict(zip(("p50_ms", "p95_ms", "p99_ms"), np.percentile(times, (50, 95, 99)).round(1).tolist(), strict=True))


def by_minute(load: Load, seconds: float) -> list[dict[str, Any]]:
    """A row for each minute begun."""
    rows = []
    for minute in range(max(1, int(np.ceil(seconds / 60)))):
        first, past = 60 * minute, min(60 * (minute + 1), seconds)
        asked = [one for one in load.asked if first <= one[0] < past]
        held = [mb for at, mb in load.memory if first <= at < past]
        errors = Load(asked).errors()
        rate = round(len(asked) / (past - first), 1)
        row: dict[str, Any] = {"minute": minute + 1, "requests_s": rate, **percentiles(asked), "errors": errors}
        rows.append(row | {"memory_mb": round(held[-1], 1) if held else None})
    return rows


def faults(load: Load, bound_mb: float) -> list[str]:
    """Why the service may not be left alone with this load; none is a good verdict."""
    found = []
    if load.errors():
        found.append(f"{load.errors()} of {len(load.asked)} requests failed")
    if not load.asked:
        found.append("nothing was asked")
    growth = load.growth()
    if growth is not None and growth > bound_mb:
        found.append(f"memory grew by {growth:.2f} MB a minute in the second half; the bound is {bound_mb:g}")
    return found


def summary(load: Load, arguments: argparse.Namespace, clients: int, tried: list[tuple[int, float]]) -> dict[str, Any]:
    growth = load.growth()
    return {
        "url": arguments.url,
        "seconds": arguments.seconds,
        "clients": clients,
        "rate": arguments.rate,
        "saturation": [{"clients": number, "requests_s": round(rate, 1)} for number, rate in tried],
        "requests": len(load.asked),
        "requests_s": round(len(load.asked) / arguments.seconds, 1),
        **percentiles(load.asked),
        "kinds": {kind: {"requests": n} | percentiles(_of_kind(load, kind)) for kind, n in _kinds(load).items()},
        "statuses": {str(status): n for status, n in sorted(Counter(one[3] for one in load.asked).items())},
        "errors": load.errors(),
        "memory_growth_mb_a_minute": None if growth is None else round(growth, 3),
        "memory_growth_bound": arguments.growth,
        "generator_share_of_a_core": round(load.generator_share, 2),
        "minutes": by_minute(load, arguments.seconds),
        "faults": faults(load, arguments.growth),
    }


def _kinds(load: Load) -> Counter[str]:
    return Counter(kind for _, _, kind, _ in load.asked)


def _of_kind(load: Load, kind: str) -> list[tuple[float, float, str, int]]:
    return [one for one in load.asked if one[2] == kind]


def shown(found: dict[str, Any]) -> str:
    lines = ["minute  requests/s  p50 ms  p95 ms  p99 ms  errors  memory MB"]
    lines += [
        f"{row['minute']:6}  {row['requests_s']:10}  {row['p50_ms']:6}  {row['p95_ms']:6}  {row['p99_ms']:6}  {row['errors']:6}  "
        f"{'-' if row['memory_mb'] is None else row['memory_mb']:>9}"
        for row in found["minutes"]
    ]
    total = f"{found['requests']} requests by {found['clients']} clients, {found['requests_s']} a second"
    lines.append(f"{total}; statuses {found['statuses']}")
    lines += [
        f"{kind}: {of['requests']}, p50 {of['p50_ms']} ms, p95 {of['p95_ms']} ms" for kind, of in found["kinds"].items()
    ]
    grew = found["memory_growth_mb_a_minute"]
    lines.append(
        "memory was not watched: give --pid" if grew is None else f"memory: {grew:+} MB a minute in the second half"
    )
    lines.append(f"the requests' side took {found['generator_share_of_a_core']} of a core")
    lines.append("verdict: " + ("; ".join(found["faults"]) or "it may be left alone"))
    return "\n".join(lines)


def told(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


async def measured(arguments: argparse.Namespace) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {arguments.key}"} if arguments.key else {}
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx2.AsyncClient(base_url=arguments.url, headers=headers, timeout=TIMEOUT_S, limits=limits) as client:
        requests = Requests(await gathered(client, read_queries(arguments.queries)), arguments.seed)
        clients = arguments.clients or (MOST_CLIENTS if arguments.rate else 0)
        tried: list[tuple[int, float]] = []
        if not clients:
            clients, tried = await saturated(client, requests)
        memory = Memory(arguments.pid) if arguments.pid else None
        told(f"{clients} clients for {arguments.seconds:g} s")
        held = await loaded(
            client, requests, seconds=arguments.seconds, clients=clients, rate=arguments.rate, memory=memory
        )
        return summary(held, arguments, clients, tried)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="where the service is, such as http://127.0.0.1:8000")
    parser.add_argument("--seconds", type=float, default=600.0)
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--clients", type=int, help="so many, each one request after another")
    asked.add_argument("--rate", type=float, help="so many requests a second")
    parser.add_argument("--queries", type=Path, default=QUERIES, help="one a line, or judged queries as JSONL")
    parser.add_argument("--pid", type=int, help="the process of `dateline serve`")
    parser.add_argument("--key", help="sent with every request")
    parser.add_argument("--growth", type=float, default=GROWTH_MB, help="MB a minute that memory may grow")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        found = asyncio.run(measured(arguments))
    except httpx2.HTTPError as error:
        told(f"{arguments.url} cannot be measured: {error!r}; start the service first, or send a --key")
        return 1
    print(json.dumps(found, indent=1) if arguments.json else shown(found))
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
