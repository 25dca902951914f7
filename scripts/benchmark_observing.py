"""Measure what the watching of a request costs: its id, counts, times and log line, around an endpoint that does nothing.

    python scripts/benchmark_observing.py [--requests N]

Prints the microseconds of processor time that a request takes more than without (the least of several rounds), in a process
that serves alone and in one of several, whose counts are in a shared folder; and what reading them for /metrics takes.
"""

from __future__ import annotations

import argparse
import asyncio
import logging.config
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from tempfile import TemporaryDirectory
from typing import Any

from search_api.exposition import counted
from search_api.observing import Observing, Routed
from search_api.serving import COUNTS_FOLDER, logging_config
from search_api.settings import LogFormat, LogLevel, Settings
from search_api.stages import Stage, stage

ROUNDS = 7

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class _Route:
    path = "/v1/search"


async def endpoint(scope: dict[str, Any], _: Any, send: Any) -> None:
    """Answers at once, after going through every stage."""
    for one in Stage:
        with stage(one):
            pass
    scope["route"] = _Route
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def seconds_of(app: App, requests: int) -> float:
    """The processor's time that one request takes."""

    async def dropped(message: Any) -> None:
        assert message["type"]

    scope = {"type": "http", "method": "GET", "path": "/v1/search", "headers": [(b"host", b"x")] * 8, "client": None}
    started = time.process_time()
    for _ in range(requests):
        await app(dict(scope), None, dropped)
    return (time.process_time() - started) / requests


def measure(requests: int) -> None:
    """Print the figures of this process."""
    watched = Observing(Routed(endpoint), Settings())
    for said, level in (("with a log line", LogLevel.INFO), ("without one", LogLevel.WARNING)):
        logging.config.dictConfig(logging_config(LogFormat.JSON, level))
        plain = [asyncio.run(seconds_of(endpoint, requests)) for _ in range(ROUNDS)]
        seen = [asyncio.run(seconds_of(watched, requests)) for _ in range(ROUNDS)]
        print(f"  {said}: {1e6 * (min(seen) - min(plain)):.0f} us a request")
    started = time.process_time()
    counted()
    print(f"  reading all counts: {1000 * (time.process_time() - started):.1f} ms")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.here:
        measure(given.requests)
        return
    command = [sys.executable, __file__, "--here", "--requests", str(given.requests)]
    with TemporaryDirectory() as folder:
        for said, shared in (("one process", {}), ("one of several", {COUNTS_FOLDER: folder})):
            print(said, flush=True)
            subprocess.run(command, check=True, env={**os.environ, **shared}, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
