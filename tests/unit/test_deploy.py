"""What is in deploy/ is well-formed and names options that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from search_api.exposition import exposition
from search_api.index_facts import ArchiveFacts, GenerationFacts, IndexFacts, IndexState

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


def exposed() -> set[str]:
    """The name of every sample that `/metrics` may have, whether it was counted yet or not."""
    generation = GenerationFacts(1, "2026-01-01T00:00:00Z", 1.0, 1, "text-hash", "text-hash-1", 1, 1, 1)
    facts = IndexFacts(IndexState.READY, generation, 1, ArchiveFacts(1, 1, 0, 1))
    text, _ = exposition(facts, "")
    endings = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    told = [line.split() for line in text.decode().splitlines() if line.startswith("# TYPE ")]
    return {f"{name}{ending}" for _, _, name, kind in told for ending in endings[kind]}


@pytest.mark.parametrize("file", ["grafana-dashboard.json", "prometheus-alerts.yml"])
def test_dashboard_and_alerts_ask_for_what_the_service_tells(file: str) -> None:
    asked = set(re.findall(r"\bdateline_\w+", (ROOT / "deploy" / file).read_text(encoding="utf-8")))
    assert len(asked) >= 8
    assert asked <= exposed()


def test_the_metrics_page_names_every_metric() -> None:
    page = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(dateline_\w+)`", page, re.MULTILINE))
    families = {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in exposed()}
    assert named == families


def test_the_dashboard_is_one_that_grafana_lays_out() -> None:
    board = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text(encoding="utf-8"))
    assert {variable["name"]: variable["type"] for variable in board["templating"]["list"]}[
        "datasource"
    ] == "datasource"
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert [panel["title"] for panel in panels if panel["type"] == "row"] == [
        "Traffic",
        "Stages",
        "Index",
        "Writes",
        "Builds",
        "Processes",
    ]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${datasource}"


def test_every_alert_says_what_is_wrong_and_how_bad_it_is() -> None:
    yaml: Any = pytest.importorskip("yaml")
    (group,) = yaml.safe_load((ROOT / "deploy" / "prometheus-alerts.yml").read_text(encoding="utf-8"))["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(set(names)) == len(names) >= 6
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        assert rule["expr"].count("(") == rule["expr"].count(")")
