"""A real server process that all hostile requests go to, and a look at it after each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from search_api.clock import utc_now
from search_api.keys import Keys, Scope
from tests.faults.service import Service
from tests.support import index_of, record

SLOWEST_S = 3.0
"""A normal query takes milliseconds; on a busy machine that is still far below."""

SETTINGS = {
    "DATELINE_HEADER_TIMEOUT_S": "4",
    "DATELINE_BODY_TIMEOUT_S": "4",
}


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        index = index_of(folder, [record(number) for number in range(40)])
    with Service(index, Path(folder / "log"), workers=1, **SETTINGS) as service:
        yield service


@pytest.fixture(scope="session")
def key(service: Service) -> str:
    """A header with a key for everything."""
    return f"Authorization: Bearer {Keys.of(service.index).add('hostile', Scope.ADMIN, now=utc_now())}"


@pytest.fixture(autouse=True)
def _answers_afterwards(service: Service) -> Iterator[None]:
    """A normal query is answered afterwards, in the time that it takes on any day, by the same process."""
    workers = service.workers
    yield
    started = time.monotonic()
    answer = service.ask("GET", "/v1/search?q=ferry")
    assert answer.status == 200
    assert answer.json()["hits"]
    assert time.monotonic() - started < SLOWEST_S
    assert service.workers == workers
    assert "unforeseen error" not in service.log
    assert "Traceback" not in service.log
