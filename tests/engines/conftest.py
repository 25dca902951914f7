"""Every test here runs on each engine: embedded, Milvus Lite in a file and behind a port, and the address in DATELINE_MILVUS_URI."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.engines.answers")

from tests.engines.places import Place, lite_server

ADDRESS = os.environ.get("DATELINE_MILVUS_URI")
"""Of the test run itself, before any test changes it."""

PLACES = ["embedded", "milvus-lite-file", "milvus-lite-server", *(["milvus-address"] if ADDRESS else [])]


@pytest.fixture(scope="session")
def lite_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with lite_server(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The engine of a module's tests, chosen by the environment; what they share is under one prefix."""
    uri = {
        "embedded": lambda: None,
        "milvus-lite-file": lambda: str(tmp_path_factory.mktemp("lite") / "shared.db"),
        "milvus-lite-server": lambda: request.getfixturevalue("lite_address"),
        "milvus-address": lambda: ADDRESS,
    }[request.param]()
    place = Place(request.param, uri)
    with place.chosen():
        yield place


@pytest.fixture
def own(place: Place) -> Iterator[Place]:
    """The engine, with nothing in it for this test."""
    with place.chosen():
        yield place
