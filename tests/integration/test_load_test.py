"""The load test: it asks what readers ask, counts what goes wrong, and sees memory grow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from indexer.layout import IndexFolder
from scripts.load_requests import SHARES, Material, Requests, read_queries
from scripts.load_test import Load, by_minute, faults
from search_api import jobs
from tests.faults.service import Service
from tests.support import ROOT, SAMPLE


def run(*arguments: str) -> tuple[int, Any]:
    command = [sys.executable, "-m", "scripts.load_test", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


@pytest.mark.parametrize("how", [["--clients", "2"], ["--rate", "10"]])
def test_a_service_is_loaded_and_found_fit(tmp_path: Path, how: list[str]) -> None:
    index = IndexFolder(tmp_path / "index")
    jobs.ingest(index, [str(SAMPLE / "articles.jsonl")])
    with Service(index, tmp_path / "log", workers=1) as service:
        asked = [
            "--seconds",
            "5",
            "--queries",
            str(SAMPLE / "queries.jsonl"),
            "--pid",
            str(service.pid),
            "--growth",
            "10000",
        ]
        code, found = run(f"http://127.0.0.1:{service.port}", *asked, *how)
    assert (code, found["faults"]) == (0, [])
    assert found["statuses"] == {"200": found["requests"]}
    assert {"search"} <= set(found["kinds"]) <= set(SHARES)
    assert found["minutes"][0]["memory_mb"] > 50
    assert found["memory_growth_mb_a_minute"] is not None
    if "--rate" in how:
        assert 45 <= found["requests"] <= 51


def test_a_service_that_is_not_there_is_no_fit_one() -> None:
    code, told = run("http://127.0.0.1:9", "--seconds", "1")
    assert code == 1
    assert "cannot be measured" in told


def test_errors_and_growth_are_faults() -> None:
    fine = [(0.1 * number, 0.01, "search", 200) for number in range(100)]
    steady = [(float(second), 300.0 + second % 3) for second in range(60)]
    assert faults(Load(fine, steady), 1) == []
    assert faults(Load([*fine, (1.0, 0.1, "page", 429)], steady), 1) == ["1 of 101 requests failed"]
    assert faults(Load([*fine, (1.0, 0.1, "page", 0)], []), 1) == ["1 of 101 requests failed"]
    leaking = [(float(second), 300 + second / 10) for second in range(60)]
    assert "grew by 6.00 MB a minute" in faults(Load(fine, leaking), 1)[0]
    settled = [(float(second), min(300.0 + 10 * second, 400)) for second in range(60)]
    assert faults(Load(fine, settled), 1) == []


def test_minutes_are_told_apart() -> None:
    asked = [(float(second), 0.1 if second < 60 else 0.3, "search", 200) for second in range(90)]
    rows = by_minute(Load(asked, [(59.0, 300.0), (89.0, 310.0)]), 90)
    assert [(row["requests_s"], row["p50_ms"], row["memory_mb"]) for row in rows] == [
        (1.0, 100.0, 300.0),
        (1.0, 300.0, 310.0),
    ]


def test_requests_come_in_their_shares_and_seldom_twice() -> None:
    queries = read_queries(SAMPLE / "queries.jsonl")
    material = Material(
        queries,
        [f"a{number}" for number in range(200)],
        ["Ferry capsizes in the strait off Mamuju, dozens are missing"],
    )
    drawn = list(islice(Requests(material, 1), 2000))
    counts = Counter(kind for kind, _ in drawn)
    assert all(abs(counts[kind] / 20 - share) < 4 for kind, share in SHARES.items())
    assert drawn == list(islice(Requests(material, 1), 2000))
    assert len(read_queries(ROOT / "docs" / "benchmark_queries.txt")) == 10
