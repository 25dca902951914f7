"""The docs say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer

from indexer.layout import IndexFolder
from scripts.export_openapi import TARGET, openapi_text
from search_api.cli import app
from search_api.settings import Settings
from search_api.web.widget.files import widget_files

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md")]


def test_every_command_and_option_is_in_the_readme() -> None:
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        assert f"dateline {name}" in README, name
        for parameter in command.params:
            options = [option for option in parameter.opts if option.startswith("--")]
            if options and options[0] not in ("--help",):
                assert options[0] in README, f"{name} {options[0]}"


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    for name, field in Settings.model_fields.items():
        (row,) = [line for line in README.splitlines() if line.startswith(f"| `DATELINE_{name.upper()}`")]
        default = json.dumps(field.default) if isinstance(field.default, list) else str(field.default)
        assert f"`{default}`" in row, name
        assert str(field.description) in row, name


def test_the_openapi_file_is_the_service_s_own() -> None:
    assert TARGET.read_text(encoding="utf-8") == openapi_text(), "run: make openapi"


@pytest.mark.parametrize("page", [*PAGES, *ROOT.glob("docs/*.md")], ids=lambda path: path.name)
def test_links_and_named_files_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)]+)\)", text):
        assert (page.parent / target.partition("#")[0]).exists(), target
    for named in re.findall(r"(?<![\w./])((?:indexer|search_api|scripts|tests|docs|deploy)/[\w/]+\.\w+)", text):
        assert (ROOT / named).exists(), named


def test_the_widget_s_page_tells_of_every_attribute_property_part_and_the_script_s_hash() -> None:
    page = (ROOT / "docs" / "widget.md").read_text(encoding="utf-8")
    files = widget_files()
    assert f'integrity="{files.integrity}"' in page, f"the script changed: put {files.integrity} into docs/widget.md"
    script = (ROOT / "search_api/web/widget/widget.js").read_text(encoding="utf-8")
    asked = re.search(r"ASKED_WITH = \[(.*?)\]", script)
    observed = re.search(r"observedAttributes = \[(.*?)\]", script)
    assert asked
    assert observed
    for name in re.findall(r'"([\w-]+)"', asked.group(1) + observed.group(1)):
        assert re.search(rf"^\| .*`{name}`.* \|", page, re.MULTILINE), name
    for name in set(re.findall(r"var\((--dateline-[\w-]+)", files.style)) - {"--dateline-items"}:
        assert f"`{name}`" in page, name
    (parts,) = re.findall(r"the parts are (.*?)\.", page)
    assert set(re.split(r", | and ", parts)) == set(re.findall(r'made\(\s*"\w+",\s*"(\w+)"', script))


def test_every_make_target_is_documented_by_make_itself() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    for target in phony.group(1).split():
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), target


def test_pinned_versions_satisfy_the_project() -> None:
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split())
    normalised = {re.sub(r"[-_.]+", "-", name).lower() for name in pins}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in re.findall(r'^    "([A-Za-z0-9-]+)(?:>=[\d.]+)?",$', project, re.MULTILINE):
        assert name.lower() in normalised, f"{name} is not pinned in constraints.txt"


def test_index_folder_names_are_those_of_the_architecture_page() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    index = IndexFolder(Path("x"))
    for path in (index.archive, index.generations, index.tails):
        assert path.name in text
