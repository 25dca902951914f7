"""Workers on a machine so busy that Python alone takes seconds to start."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from uvicorn.config import Config

from search_api.serving import WORKER_ANSWERS_S
from search_api.workers import Worker
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


def test_of_a_worker_that_ends_while_it_is_asked_its_parent_knows_at_once() -> None:
    worker = Worker(Config("search_api.app:serving_app", factory=True, log_config=None), [])
    worker.start()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    begun = time.monotonic()
    assert not worker.ping(timeout=60)
    assert time.monotonic() - begun < 30
    worker.kill()
