"""How long it takes from the acknowledgement of a write until every worker finds it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import ceil
from urllib.parse import quote

from tests.faults.lines import Line, a_line_to_each
from tests.faults.load import article, token
from tests.faults.service import Service

FIRST = 20_000
"""Articles from here on are written by nobody else."""

PATIENCE_S = 30.0
PAUSE_S = 0.005


def seconds_until_found(service: Service, writes: int) -> list[float]:
    """For each of so many new articles, written one after the other: from the answer to its write until all workers found it."""
    with a_line_to_each(service) as lines:
        return [_seconds(service, lines, number) for number in range(FIRST, FIRST + writes)]


def _seconds(service: Service, lines: Sequence[Line], number: int) -> float:
    answer = service.ask("PUT", f"/v1/articles/w{number}", article(number, 1))
    assert answer.status == 201, answer
    acknowledged = now = time.monotonic()
    left = list(lines)
    question = quote(f'"{token(number, 1)}"')
    while left:  # asked in turn: a connection that rests is closed by the service
        for line in list(left):
            if [hit["id"] for hit in line.get(f"/v1/search?q={question}")["hits"]] == [f"w{number}"]:
                left.remove(line)
        now = time.monotonic()
        assert now - acknowledged < PATIENCE_S, service.log[-2000:]
        time.sleep(PAUSE_S)
    return now - acknowledged


def share_of(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]
