"""The container image and Compose: what is copied exists, what is installed is pinned, what runs does no more than it must."""

from __future__ import annotations

import json
import re
import shlex
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from search_api.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
UNITS = ("dateline.service", "dateline-nightly.service")
TORCH = ("torch", "sentence-transformers")


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile with its arguments; continued lines are one."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip()]


def stages() -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage, by its name; a stage without one fails."""
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for word, rest in instructions():
        if word == "FROM":
            _, _, name = rest.partition(" AS ")
            assert name, f"FROM {rest} has no name"
            found[name] = []
        if name:
            found[name].append((word, rest))
    return found


def carried(stage: str, word: str) -> list[str]:
    """The arguments of an instruction in a stage and in those that it is built on."""
    of = stages()
    told = [rest for found, rest in of[stage] if found == word]
    base = of[stage][0][1].partition(" AS ")[0]
    return (carried(base, word) if base in of else []) + told


def environment(stage: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for line in carried(stage, "ENV") for pair in shlex.split(line))


def pip_commands() -> list[list[str]]:
    commands = [part.split() for word, rest in instructions() if word == "RUN" for part in rest.split("&&")]
    return [command for command in commands if command[0] == "pip"]


def needed(roots: list[str], left_out: tuple[str, ...] = ()) -> set[str]:
    """The names of all packages that some need, as they are installed here."""
    found: set[str] = set()
    ahead = [(canonicalize_name(root), frozenset[str]()) for root in roots]
    seen: set[tuple[str, frozenset[str]]] = set()
    while ahead:
        name, extras = ahead.pop()
        if (name, extras) in seen or name in left_out:
            continue
        seen.add((name, extras))
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        if not name.startswith(("nvidia-", "cuda-", "triton")):  # which the image's build of torch does not need
            found.add(name)
        for requirement in map(Requirement, lines):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                ahead.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return found


def test_all_that_is_copied_exists_and_is_let_through_to_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    let_through = [line.removeprefix("!") for line in lines if line.startswith("!")]
    copied = [
        source
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]
    assert sorted(copied) == sorted(let_through)
    for source in copied:
        assert (ROOT / source).exists(), source


def test_stages_are_copied_from_by_names_that_exist_and_the_last_one_has_everything() -> None:
    of = stages()
    sources = {
        stage: re.findall(r"--from=(\S+)", rest) for stage, parts in of.items() for _, rest in parts if "--from" in rest
    }
    assert sources == {"serve": ["without-torch"], "full": ["builder"]}
    assert list(of)[-1] == "full"


@pytest.mark.parametrize("stage", ["serve", "full"])
def test_an_image_runs_as_a_user_of_its_own_and_gets_signals(stage: str) -> None:
    (user,) = carried(stage, "USER")
    (run,) = [rest for rest in carried(stage, "RUN") if "useradd" in rest]
    assert user == "10001:10001"
    assert "--uid 10001 --user-group" in run
    assert json.loads(carried(stage, "ENTRYPOINT")[0]) == ["tini", "--", "dateline"]
    assert json.loads(carried(stage, "CMD")[0]) == ["serve"]
    assert carried(stage, "VOLUME") == ["/data"]
    assert environment(stage)["DATELINE_INDEX"].startswith("/data/")
    (check,) = carried(stage, "HEALTHCHECK")
    command = json.loads(check.partition("CMD ")[2])
    compile(command[2], "HEALTHCHECK", "exec")
    assert "/readyz" in command[2]


def test_settings_of_an_image_exist_and_none_is_a_secret() -> None:
    assert_settings(environment("full"))
    assert not re.search(r"(?i)(password|token|secret|dl_[a-z0-9])", DOCKERFILE)


def test_what_pip_installs_is_pinned_and_only_torch_comes_from_elsewhere() -> None:
    for command in pip_commands():
        if "install" in command:
            assert "--no-index" in command or command[command.index("-c") + 1] == "constraints.txt", command
    elsewhere = [command for command in pip_commands() if "--index-url" in command]
    assert len(elsewhere) == 1
    assert elsewhere[0][-1] == "torch"
    assert "--no-deps" in elsewhere[0]
    assert "PIP_ONLY_BINARY=:all:" in DOCKERFILE


def test_the_small_image_lacks_torch_and_what_only_torch_needs() -> None:
    (command,) = [command for command in pip_commands() if "uninstall" in command]
    gone = {canonicalize_name(name) for name in command[command.index("-y") + 1 :]}
    ours = [Requirement(line) for line in requires("dateline") or []]
    direct = [requirement.name for requirement in ours if requirement.marker is None]
    tracing = [
        requirement.name
        for requirement in ours
        if requirement.marker and requirement.marker.evaluate({"extra": "otel"})
    ]
    assert gone == needed([*direct, *tracing]) - needed([*direct, *tracing], left_out=TORCH)
    assert set(TORCH) <= gone


def test_compose_gives_a_container_no_more_than_it_needs() -> None:
    services = compose()["services"]
    for name in ("dateline", "nightly"):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["mem_limit"]
        assert service["cpus"]
        assert service["volumes"][0] == "data:/data"
        assert "user" not in service, "the image has one"
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert services["nightly"]["profiles"] == ["nightly"]
    assert services["nightly"]["network_mode"] == "none"


def test_compose_builds_the_dockerfile_and_starts_what_is_in_it() -> None:
    services = compose()["services"]
    build = services["dateline"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()
    assert "/opt/dateline/scripts/nightly_reindex.py" in services["nightly"]["entrypoint"]
    assert "COPY scripts/nightly_reindex.py /opt/dateline/scripts/nightly_reindex.py" in DOCKERFILE
    assert services["prometheus"]["volumes"][0].startswith("./prometheus.yml:")
    assert (DEPLOY / "prometheus.yml").is_file()


def test_prometheus_asks_the_service_with_a_key_from_a_file() -> None:
    yaml: Any = pytest.importorskip("yaml")
    (job,) = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    (secret,) = compose()["services"]["prometheus"]["secrets"]
    assert job["authorization"] == {"credentials_file": f"/run/secrets/{secret}"}
    assert job["static_configs"] == [{"targets": ["dateline:8000"]}]
    assert "deploy/metrics.key" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_file_of_settings_names_settings_that_exist() -> None:
    lines = (DEPLOY / "dateline.env").read_text(encoding="utf-8").splitlines()
    named = dict(line.removeprefix("#").split("=", 1) for line in lines if re.match(r"#?[A-Z_]+=", line))
    assert len(named) >= 3
    assert_settings(named)
    for unit in UNITS:
        assert "EnvironmentFile=-/etc/dateline.env" in (DEPLOY / unit).read_text(encoding="utf-8").splitlines()


def compose() -> Any:
    yaml: Any = pytest.importorskip("yaml")
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def assert_settings(named: dict[str, str]) -> None:
    """Every DATELINE_* variable among them is a setting."""
    for name in named:
        if name.startswith("DATELINE_"):
            assert name.removeprefix("DATELINE_").lower() in Settings.model_fields, name
