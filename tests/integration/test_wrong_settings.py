"""Settings that cannot be used, and variables that are none, as `dateline serve` tells of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from search_api.cli import main
from search_api.settings import Settings
from search_api.starting import unknown_variables
from tests.support import command

WRONG = {
    "index": ["", __file__],
    "model": [""],
    "engine": ["faiss", ""],
    "milvus_uri": ["", "127.0.0.1:19530", "milvus"],
    "milvus_prefix": ["", "news site", "9news"],
    "milvus_replicas": ["0", "-1", "two", "1.5"],
    "host": ["", "  "],
    "port": ["eighty", "65536", "-1", ""],
    "fetch_networks": ["10.0.0.0/8", '["10.0.0.0/99"]', '["news"]', "{}"],
    "fold_after": ["many", "-1", "1.5"],
    "public_url": ["search.example", "ftp://search.example", "https://"],
    "demo": ["a0", '{"a": 1}', "[1]"],
    "cors_origins": ["https://news.example", '["news.example"]', '["https://news.example/path"]', '["*", "null"]'],
    "reads": ["closed", "OPEN ", ""],
    "rate_address": ["fast", "0/minute", "12/fortnight"],
    "rate_key": ["1200", "-5/second"],
    "rate_wrong_keys": ["some"],
    "rate_storage": ["", "nowhere", "nowhere://x"],
    "timeout_s": ["soon", "-1", "inf", "nan"],
    "header_timeout_s": ["soon", "-1", "inf"],
    "body_timeout_s": ["soon", "-1", "inf"],
    "most_connections": ["-1", "all", "2.5"],
    "bulk_lines": ["0", "-1", "all"],
    "log_format": ["xml", ""],
    "log_level": ["loud", "INFO"],
    "log_queries": ["perhaps", "2"],
    "log_addresses": ["perhaps"],
    "server_timing": ["often"],
    "tracing": ["jaeger"],
}
TAKES_ANY = {"contact", "milvus_token"}
"""What is no setting's business to judge."""


def test_every_setting_has_wrong_values_here() -> None:
    assert WRONG.keys() | TAKES_ANY >= Settings.model_fields.keys()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_named_with_its_variable_and_what_is_expected(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    variable = f"DATELINE_{name.upper()}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "argv", ["dateline", "serve", "--port", "0"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith(f"error: {variable} is {value!r}"), said
    assert any(word in said.lower() for word in ("expected", "should")), said
    assert "\n" not in said
    assert list(tmp_path.iterdir()) == []


def test_a_password_in_an_address_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATELINE_MILVUS_URI", "http://ada:quenby@127.0.0.1:19530")
    monkeypatch.setattr(sys, "argv", ["dateline", "serve", "--port", "0"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "DATELINE_MILVUS_TOKEN" in said
    assert "quenby" not in said


def test_the_command_itself_ends_with_status_2(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATELINE_RATE_ADDRESS", "fast")
    done = command("serve", "--index", str(tmp_path / "index"), "--port", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        "DATELINE_RATE_ADDRESS is 'fast': expected a number of requests and a time, such as 1200/minute" in done.stderr
    )
    assert "Traceback" not in done.stderr


def test_a_password_in_an_address_is_not_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATELINE_RATE_STORAGE", "nowhere://user:secret@host:1/0")
    monkeypatch.setattr(sys, "argv", ["dateline", "serve"])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().err
    assert "nowhere://...@host:1/0" in said
    assert "secret" not in said


def test_variables_that_are_no_settings_are_named_with_the_nearest_that_is() -> None:
    names = ["DATELINE_RATE_ADRESS", "dateline_port", "DATELINE_TIMEOUT", "PATH", "DATELINE_READS", "DATELINE_"]
    lines = list(unknown_variables(names))
    assert len(lines) == 3
    assert any(
        "DATELINE_RATE_ADRESS is no setting" in line and line.endswith("DATELINE_RATE_ADDRESS") for line in lines
    )
    assert any("DATELINE_TIMEOUT is no setting" in line and line.endswith("DATELINE_TIMEOUT_S") for line in lines)


def test_serve_warns_of_a_variable_that_is_no_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATELINE_RATE_ADRESS", "1/minute")
    done = command("serve", "--index", str(tmp_path / "index"), "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 2
    assert "warning: DATELINE_RATE_ADRESS is no setting" in done.stderr
