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
import typer

from search_api.cli import app
from search_api.exposition import exposition
from search_api.index_facts import ArchiveFacts, GenerationFacts, IndexFacts, IndexState
from search_api.serving import SHUTDOWN_S
from search_api.settings import Settings

ROOT = Path(__file__).parents[2]
UNITS = sorted([*(ROOT / "deploy").glob("*.service"), *(ROOT / "deploy").glob("*.timer")])
KUBERNETES = ROOT / "deploy" / "kubernetes"
CRON_JOB = KUBERNETES / "nightly-cronjob.yaml"
LISTED_BY_HAND = {"kustomization.yaml", "maintenance-pod.yaml"}


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


def test_the_service_has_longer_to_stop_than_its_requests_have() -> None:
    lines = (ROOT / "deploy" / "dateline.service").read_text(encoding="utf-8").splitlines()
    (stops,) = [int(line.partition("=")[2]) for line in lines if line.startswith("TimeoutStopSec=")]
    assert stops > SHUTDOWN_S
    assert compose_stops() > SHUTDOWN_S
    pod = manifest("deployment.yaml")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["terminationGracePeriodSeconds"] > SHUTDOWN_S + container["lifecycle"]["preStop"]["sleep"]["seconds"]


@pytest.mark.parametrize("name", ["dateline.service", "dateline-nightly.service"])
def test_a_unit_calls_nothing_of_the_system_that_services_do_not_need(name: str) -> None:
    lines = (ROOT / "deploy" / name).read_text(encoding="utf-8").splitlines()
    assert {"SystemCallFilter=@system-service", "SystemCallArchitectures=native", "CapabilityBoundingSet="} <= set(
        lines
    )


def test_every_manifest_is_in_the_kustomization_or_for_the_hand() -> None:
    text = (KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8")
    listed = set(re.findall(r"^  (?:# )?- ([\w-]+\.yaml)$", text, re.MULTILINE))
    assert listed == {path.name for path in KUBERNETES.iterdir()} - LISTED_BY_HAND


def test_pods_are_restricted_and_share_the_volume_of_the_index() -> None:
    claim = manifest("volume.yaml")["metadata"]["name"]
    pods = {
        name: pod_of(manifest(name)) for name in ("deployment.yaml", "nightly-cronjob.yaml", "maintenance-pod.yaml")
    }
    for name, pod in pods.items():
        (container,) = pod["containers"]
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] == 10001, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        claims = {volume["name"]: volume.get("persistentVolumeClaim", {}).get("claimName") for volume in pod["volumes"]}
        assert (mounts["data"], claims["data"], mounts["tmp"]) == ("/data", claim, "/tmp"), name
        assert mounts.keys() == claims.keys(), name


def test_one_pod_is_asked_for_its_health_where_it_listens() -> None:
    deployment, service = manifest("deployment.yaml"), manifest("service.yaml")
    assert (deployment["spec"]["replicas"], deployment["spec"]["strategy"]) == (1, {"type": "Recreate"})
    (container,) = pod_of(deployment)["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": 8000}]
    probed = {probe: container[probe]["httpGet"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert probed == {
        "startupProbe": {"path": "/healthz", "port": "http"},
        "readinessProbe": {"path": "/readyz", "port": "http"},
        "livenessProbe": {"path": "/healthz", "port": "http"},
    }
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert service["spec"]["ports"][0]["targetPort"] == "http"
    assert manifest("network-policy.yaml")["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert (
        manifest("service-monitor.yaml")["spec"]["selector"]["matchLabels"].items()
        <= service["metadata"]["labels"].items()
    )
    nightly = pod_of(manifest("nightly-cronjob.yaml"))["affinity"]["podAffinity"]
    (beside,) = nightly["requiredDuringSchedulingIgnoredDuringExecution"]
    assert beside["labelSelector"]["matchLabels"].items() <= labels.items()


def test_settings_of_the_manifests_exist() -> None:
    (generated,) = manifest("kustomization.yaml")["configMapGenerator"]
    for literal in generated["literals"]:
        name = literal.partition("=")[0]
        is_setting = name.removeprefix("DATELINE_").lower() in Settings.model_fields
        assert is_setting or name == "FORWARDED_ALLOW_IPS", literal
    assert manifest("maintenance-pod.yaml")["spec"]["enableServiceLinks"] is False
    for name in ("deployment.yaml", "nightly-cronjob.yaml"):
        assert pod_of(manifest(name))["enableServiceLinks"] is False  # else a Service sets a DATELINE_PORT
        (container,) = pod_of(manifest(name))["containers"]
        assert container["envFrom"] == [{"configMapRef": {"name": generated["name"]}}]


def test_kubectl_puts_the_manifests_together() -> None:
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed")
    done = subprocess.run(["kubectl", "kustomize", str(KUBERNETES)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("registry.example/dateline:REPLACE-ME") == 2


def test_the_operator_s_page_names_commands_options_and_headings_that_exist() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for line in re.findall(r"^\$ (?:sudo -u dateline )?dateline (.+)$", page, re.MULTILINE):
        verb, *rest = line.split()
        known = {option for parameter in commands[verb].params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, line
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([\w-]+)\)", page)) <= anchors


def manifest(name: str) -> Any:
    yaml: Any = pytest.importorskip("yaml")
    return yaml.safe_load((KUBERNETES / name).read_text(encoding="utf-8"))


def pod_of(resource: Any) -> Any:
    """The pod that a resource is, or makes."""
    spec = resource["spec"]
    if resource["kind"] == "Pod":
        return spec
    return (spec["jobTemplate"]["spec"] if resource["kind"] == "CronJob" else spec)["template"]["spec"]


def compose_stops() -> int:
    yaml: Any = pytest.importorskip("yaml")
    read = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    return int(read["services"]["dateline"]["stop_grace_period"].removesuffix("s"))


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
    for command in (ordered[2:], start):
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
