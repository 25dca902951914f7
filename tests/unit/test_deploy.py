"""What is in deploy/ is well-formed and names options that exist."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
UNITS = sorted([*(ROOT / "deploy").glob("*.service"), *(ROOT / "deploy").glob("*.timer")])
CRON_JOB = ROOT / "deploy" / "kubernetes" / "nightly-cronjob.yaml"


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        for program in ("python", "dateline"):
            text = text.replace(f"ExecStart=/opt/dateline/.venv/bin/{program} ", f"ExecStart={sys.executable} ")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    units = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["dateline.service", "dateline-nightly.service"])
def test_a_unit_may_touch_nothing_but_the_index(name: str) -> None:
    lines = (ROOT / "deploy" / name).read_text(encoding="utf-8").splitlines()
    assert {"NoNewPrivileges=true", "ProtectSystem=strict", "ReadWritePaths=/var/lib/dateline/index"} <= set(lines)


def test_the_cron_job_is_one_run_at_a_time_by_nobody_special() -> None:
    yaml: Any = pytest.importorskip("yaml")
    job = yaml.safe_load(CRON_JOB.read_text(encoding="utf-8"))
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    spec, work = job["spec"], job["spec"]["jobTemplate"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["startingDeadlineSeconds"] > 0
    pod = work["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    failures = work["podFailurePolicy"]["rules"][0]
    assert (failures["action"], failures["onExitCodes"]["values"]) == ("FailJob", [1, 3])
    assert failures["onExitCodes"]["containerName"] == container["name"]


def test_what_is_started_takes_the_options_given() -> None:
    yaml: Any = pytest.importorskip("yaml")
    job = yaml.safe_load(CRON_JOB.read_text(encoding="utf-8"))
    ordered = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["command"]
    unit = (ROOT / "deploy" / "dateline-nightly.service").read_text(encoding="utf-8")
    (start,) = [line.removeprefix("ExecStart=").split() for line in unit.splitlines() if line.startswith("ExecStart=")]
    known = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "nightly_reindex.py"), "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for command in (ordered, start):
        assert command[1] == "/opt/dateline/scripts/nightly_reindex.py"
        for option in (word for word in command if word.startswith("--")):
            assert option in known
