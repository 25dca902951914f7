from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux says so there")
def test_bulk_work_is_killed_before_the_service_where_memory_is_short() -> None:
    code = (
        "from indexer.processes import yield_to_readers; yield_to_readers(); import os, pathlib; "
        "print(os.getpriority(os.PRIO_PROCESS, 0) >= 10, pathlib.Path('/proc/self/oom_score_adj').read_text().strip())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True 1000"
