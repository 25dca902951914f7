from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from search_api.serving import COUNTS_FOLDER
from tests.faults.service import Service
from tests.support import index_of, record

WORKERS = 3
ASKED = 60
PATIENCE_S = 60.0


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    index = index_of(tmp_path, [record(number) for number in range(20)])
    with Service(index, tmp_path / "serve.log", workers=WORKERS, DATELINE_LOG_FORMAT="json") as service:
        yield service


def figures(service: Service) -> dict[str, float]:
    """The figures of one answer that the test looks at, whichever worker gave it."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(service.ask("GET", "/metrics").text):
        for sample in family.samples:
            if sample.labels.get("route", "/v1/search") == "/v1/search" and sample.labels.get("status", "200") == "200":
                found[sample.name] = sample.value
    return found


def counts_of(worker: int) -> Path:
    """The folder in which a worker counts."""
    variables = Path(f"/proc/{worker}/environ").read_bytes().split(b"\0")
    (folder,) = [one.partition(b"=")[2] for one in variables if one.startswith(COUNTS_FOLDER.encode() + b"=")]
    return Path(folder.decode())


def wait_until(service: Service, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, service.log[-3000:]
        time.sleep(0.2)


def wait_for_workers(service: Service, count: int) -> None:
    wait_until(service, lambda: figures(service)["dateline_workers"] == count == len(service.workers))


def test_any_worker_answers_for_all_and_a_dead_one_s_counts_stay(service: Service) -> None:
    wait_for_workers(service, WORKERS)
    for number in range(ASKED):
        assert service.ask("GET", f"/v1/search?q=report+{number}").status == 200
    # Counted after the answer was sent, the seconds last.
    wait_until(service, lambda: figures(service).get("dateline_request_seconds_count", 0) >= ASKED)
    for _ in range(4 * WORKERS):
        found = figures(service)
        assert found["dateline_requests_total"] == found["dateline_request_seconds_count"] == ASKED
        assert (found["dateline_workers"], found["dateline_generation"]) == (WORKERS, 1)
        assert found["dateline_taken_up_change"] == found["dateline_archive_changes_total"] == 20

    lines = [json.loads(line) for line in service.log.splitlines() if line.startswith('{"time"')]
    answered = {line["pid"] for line in lines if line.get("route") == "/v1/search"}
    assert len(answered) > 1, "one worker answered all: the test shows nothing"
    assert all(line.startswith('{"time"') for line in service.log.splitlines())
    assert {"uvicorn.error", "search_api.requests"} <= {line["logger"] for line in lines}

    memory = figures(service)["dateline_resident_memory_bytes"]
    before = service.workers
    assert service.kill_worker(random.Random(1))
    wait_until(service, lambda: len(service.workers) == WORKERS and service.workers != before)
    wait_for_workers(service, WORKERS)
    found = figures(service)
    assert found["dateline_requests_total"] == ASKED
    assert 0.5 * memory < found["dateline_resident_memory_bytes"] < 1.5 * memory
    stats = json.loads(service.ask("GET", "/v1/stats").text)
    assert (stats["workers"], stats["requests"]["/v1/search"]["count"]) == (WORKERS, ASKED)

    folder = counts_of(service.workers[0])
    assert any(folder.iterdir())
    service.stop()
    assert not folder.exists()
