"""Schemathesis holds a running service to docs/openapi.json: every check, hostile and proper requests, one after another."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.layout import IndexFolder
from search_api import jobs
from search_api.clock import utc_now
from search_api.keys import Keys, Scope
from tests.contract.hooks import ORIGIN
from tests.faults.service import Service
from tests.support import ROOT, SAMPLE

EXAMPLES = os.environ.get("DATELINE_CONTRACT", "10")
"""Requests of each kind that are drawn for each operation; `make contract` asks for more, from another seed each time."""

SEED = "1" if EXAMPLES == "10" else str(int.from_bytes(os.urandom(4)))
CONFIG = Path(__file__).with_name("schemathesis.toml")
LONGEST_ANSWER_S = "25"


@pytest.mark.timeout(0 if EXAMPLES != "10" else 900)
def test_the_service_does_what_its_description_says(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    jobs.ingest(index, [str(SAMPLE)])
    keys = Keys.of(index)
    environment = {
        **os.environ,
        "DATELINE_CONTRACT_KEY": keys.add("chief", Scope.ADMIN, now=utc_now()),
        "DATELINE_CONTRACT_WIDGET_KEY": keys.add("pages", Scope.WIDGET, now=utc_now(), origins=[ORIGIN]),
        "COLUMNS": "200",
        "PYTHONPATH": str(ROOT),
    }
    schemathesis = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert schemathesis
    with Service(index, tmp_path / "log", workers=1) as service:
        asked = ["--url", f"http://127.0.0.1:{service.port}", "--seed", SEED, "--max-examples", EXAMPLES]
        asked += ["--request-timeout", LONGEST_ANSWER_S, "--no-color"]
        done = subprocess.run(
            [schemathesis, "--config-file", str(CONFIG), "run", str(ROOT / "docs" / "openapi.json"), *asked],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=environment,
        )
        assert done.returncode == 0, f"{done.stdout[-8000:]}{done.stderr[-2000:]}"
        assert service.ask("GET", "/v1/search?q=ferry").status == 200
        assert "unforeseen error" not in service.log
