"""A load of queries from so many clients, in a process of its own.

    python -m benchmarks.load < {"port": ..., "path": "/search?q={query}", "clients": N, "queries": [...]}

Each client is a thread with a connection that it keeps, and asks the next query as soon as it has its answer. http.client
costs an eighth of a millisecond of processor time a request, a fifth of what asyncio with httpx takes, so that on two cores
the load takes little from the service. Prints {"ms": [...], "seconds": ..., "ids": [[...], ...], "errors": N}, in the order
of the queries; a query that failed has no ids.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import quote

TIMEOUT_S = 60


class Load:
    def __init__(self, port: int, path: str, queries: Sequence[str]) -> None:
        self._port = port
        self._path = path
        self._waiting: SimpleQueue[tuple[int, str]] = SimpleQueue()
        for item in enumerate(queries):
            self._waiting.put(item)
        self.ms = [0.0] * len(queries)
        self.bodies: list[bytes | None] = [None] * len(queries)

    def run(self, clients: int) -> float:
        """Ask them all; returns how many seconds that took."""
        threads = [threading.Thread(target=self._client) for _ in range(clients)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - started

    def _client(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        while True:
            try:
                place, query = self._waiting.get_nowait()
            except Empty:
                break
            started = time.perf_counter()
            try:
                connection.request("GET", self._path.format(query=quote(query)))
                response = connection.getresponse()
                body = response.read()
                self.bodies[place] = body if response.status == 200 else None
            except (OSError, HTTPException):
                connection.close()
            self.ms[place] = (time.perf_counter() - started) * 1000
        connection.close()


def ids_of(body: bytes | None) -> list[str]:
    """The ids of an answer's hits: a list of them, or a document that holds it."""
    if body is None:
        return []
    document: Any = json.loads(body)
    hits = document["hits"] if isinstance(document, dict) else document
    return [str(hit["id"]) for hit in hits]


def main() -> None:
    asked = json.load(sys.stdin)
    load = Load(asked["port"], asked["path"], asked["queries"])
    seconds = load.run(asked["clients"])
    ids = [ids_of(body) for body in load.bodies]
    errors = sum(body is None for body in load.bodies)
    json.dump({"ms": load.ms, "seconds": seconds, "ids": ids, "errors": errors}, sys.stdout)


if __name__ == "__main__":
    main()
