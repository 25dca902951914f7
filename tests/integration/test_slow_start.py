"""Workers on a machine so busy that Python alone takes seconds to start."""

from __future__ import annotations

from pathlib import Path

from search_api.serving import WORKER_ANSWERS_S
from tests.faults.service import Service
from tests.support import index_of, record

SLOW_S = 7
"""More than the 5 s that uvicorn waits for a worker unless it is told otherwise."""

SITECUSTOMIZE = f"""
import sys, time
if any("spawn_main" in part for part in sys.orig_argv):
    time.sleep({SLOW_S})
"""


def test_workers_that_are_slow_to_start_are_waited_for(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(number) for number in range(3)])
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITECUSTOMIZE)
    assert SLOW_S < WORKER_ANSWERS_S
    with Service(index, tmp_path / "serve.log", workers=2, PYTHONPATH=str(tmp_path / "site")) as service:
        assert service.ask("GET", "/v1/search?q=report").status == 200
        assert len(service.workers) == 2
    assert "died" not in service.log
