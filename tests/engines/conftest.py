"""Every test here runs on each engine: embedded, Milvus Lite in a file and behind a port, and where DATELINE_MILVUS_URI says.

`make test` leaves out most of what goes through a port, and half of the questions to a file; `make test-engines` runs all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.layout import IndexFolder
from search_api import generation_jobs
from search_api.library import Library
from tests.engines.corpus import STORIES, records
from tests.engines.places import Place, copied, lite_server, opened, reader_without_archive
from tests.support import index_of, opened_library, put_in_stories

ADDRESS = os.environ.get("DATELINE_MILVUS_URI")
"""Of the test run itself, before any test changes it."""

PLACES = ["embedded", "milvus-lite-file", "milvus-lite-server", *(["milvus-address"] if ADDRESS else [])]


ASKED_IN_TURN = ("test_same_answers.py", "test_same_related.py")
THROUGH_A_PORT = ("test_another_process_sees_what_was_written", "test_a_reader_without_the_archive_sees_each_write")
SLOW = (
    "test_readers_go_on_while_generations_are_switched",
    "test_a_generation_of_another_model_serves",
    "test_the_generation_from_before_serves_again",
    "test_any_changes_leave",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Left to `make test-engines`: what goes through a port, but for processes; every other question to a file; the slowest."""
    questions = 0
    for item in items:
        if item.path.parent != Path(__file__).parent:
            continue
        is_left = item.name.startswith(SLOW)
        if "milvus-lite-server" in item.name and not item.name.startswith(THROUGH_A_PORT):
            is_left = True
        if "milvus-lite-file" in item.name and item.path.name in ASKED_IN_TURN:
            questions += 1
            is_left = is_left or questions % 2 == 0
        if is_left:
            item.add_marker("thorough")


@pytest.fixture(scope="package")
def lite_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with lite_server(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="package", params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The engine, chosen by the environment; what tests share is under one prefix."""
    uri = None
    if request.param == "milvus-lite-file":
        uri = str(tmp_path_factory.mktemp("lite") / "shared.db")
    elif request.param == "milvus-lite-server":
        uri = request.getfixturevalue("lite_address")
    elif request.param == "milvus-address":
        uri = ADDRESS
    place = Place(request.param, uri)
    with place.chosen():
        yield place


@pytest.fixture
def own(place: Place) -> Iterator[Place]:
    """The engine, with nothing in it for this test."""
    with place.chosen():
        yield place


@pytest.fixture(scope="package")
def archive(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        patch.setenv("DATELINE_ENGINE", "embedded")
        index = index_of(tmp_path_factory.mktemp("corpus"), records())
        put_in_stories(index, STORIES)
        generation_jobs.reindex(index)
        return index


@pytest.fixture(scope="package")
def reference(archive: IndexFolder) -> Iterator[Library]:
    library = opened_library(archive)
    yield library
    library.close()


@pytest.fixture(scope="package")
def library(place: Place, archive: IndexFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """All articles of the corpus in one generation of the engine, without a tail."""
    folder: Path = tmp_path_factory.mktemp(f"same-{place.name}")
    library = opened(copied(archive, folder / "index"))
    yield library
    library.close()


@pytest.fixture(scope="package")
def bare(place: Place, library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The same index seen from a machine without its archive."""
    if place.is_embedded:
        pytest.skip("an index in its own files is read where its archive is")
    assert library.view
    reader = reader_without_archive(tmp_path_factory.mktemp("bare"))
    yield reader
    reader.close()
