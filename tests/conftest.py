"""Every test runs offline and, unless it asks for the real model, with the text-hash encoder.

Invented examples are the same in every run, however slow the machine; `pytest --hypothesis-profile=exploring` invents others.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

os.environ["HF_HUB_OFFLINE"] = "1"

settings.register_profile(
    "exploring",
    settings.get_profile("default"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("steady", settings.get_profile("exploring"), derandomize=True, database=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _text_hash_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_MODEL", "text-hash")


@pytest.fixture
def real_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the bundled model, for tests that assert relevance."""
    monkeypatch.delenv("DATELINE_MODEL")
