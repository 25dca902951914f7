"""Every test runs offline and, unless it asks for the real model, with the text-hash encoder."""

from __future__ import annotations

import os

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(autouse=True)
def _text_hash_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_MODEL", "text-hash")


@pytest.fixture
def real_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the bundled model, for tests that assert relevance."""
    monkeypatch.delenv("DATELINE_MODEL")
