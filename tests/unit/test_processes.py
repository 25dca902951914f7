from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.processes import FIRST_TO_GO, NICENESS, yield_to_readers


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux says so there")
def test_bulk_work_is_killed_before_the_service_where_memory_is_short() -> None:
    code = (
        "from indexer.processes import yield_to_readers; yield_to_readers(); import os, pathlib; "
        "print(os.getpriority(os.PRIO_PROCESS, 0) >= 10, pathlib.Path('/proc/self/oom_score_adj').read_text().strip())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True 1000"


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux says so there")
def test_another_process_can_be_made_bulk_work() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        try:
            yield_to_readers(process.pid)
            assert os.getpriority(os.PRIO_PROCESS, process.pid) >= NICENESS
            assert Path(f"/proc/{process.pid}/oom_score_adj").read_text().strip() == FIRST_TO_GO
        finally:
            process.kill()
