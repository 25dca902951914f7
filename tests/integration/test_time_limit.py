"""Reads that take too long, and writes that may."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.layout import IndexFolder
from search_api.app import create_app
from search_api.keys import Keys, Scope
from search_api.routes import api, pages
from search_api.searcher import search
from search_api.settings import Settings
from search_api.write_desk import WriteDesk
from tests.support import NOW, index_of, record

MOST_S = 0.3
WRITTEN_S = 1.0
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        return index_of(tmp_path_factory.mktemp("slow"), [record(number) for number in range(4)])


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def client(index: IndexFolder, gate: threading.Event, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Of a service that gives reads a third of a second; searches for "ferry" wait for `gate`, writes take a second."""
    written = WriteDesk.write

    def slow_search(library: Any, query: Any) -> Any:
        if "ferry" in query.text:
            gate.wait(PATIENCE_S)
        return search(library, query)

    def slow_write(*arguments: Any) -> Any:
        time.sleep(WRITTEN_S)
        return written(*arguments)

    monkeypatch.setattr(api, "search", slow_search)
    monkeypatch.setattr(pages, "search", slow_search)
    monkeypatch.setattr(WriteDesk, "write", slow_write)
    app = create_app(Settings(index=index.root, timeout_s=MOST_S), clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
        gate.set()


def given_up(client: TestClient) -> int:
    app: Any = client.app
    return len(app.state.given_up)


def test_a_read_that_takes_too_long_is_given_up_and_ends_by_itself(client: TestClient, gate: threading.Event) -> None:
    for method, path, body in (("GET", "/v1/search?q=ferry", None), ("POST", "/v1/search", {"q": "ferry"})):
        answer = client.request(method, path, json=body)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        assert int(answer.headers["retry-after"]) > 0
        assert "0.3 s" in answer.json()["detail"]
    assert given_up(client) == 2
    gate.set()
    deadline = time.monotonic() + PATIENCE_S
    while given_up(client):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_others_are_answered_while_a_read_that_was_given_up_goes_on(client: TestClient) -> None:
    assert client.get("/v1/search?q=ferry").status_code == 503
    statuses = (client.get("/v1/search?q=rate").status_code for _ in range(10))  # a stall of the machine takes time too
    assert 200 in statuses
    assert given_up(client) >= 1


def test_a_page_that_takes_too_long_is_refused_as_a_page(client: TestClient) -> None:
    answer = client.get("/?q=ferry", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert "took too long" in answer.text


def test_writes_are_never_cut_off(client: TestClient, index: IndexFolder) -> None:
    key = {"Authorization": f"Bearer {Keys.of(index).add('desk', Scope.ADMIN, now=NOW)}"}
    started = time.monotonic()
    assert client.put("/v1/articles/new", json={"title": "New"}, headers=key).status_code == 201
    answer = client.post(
        "/v1/articles:bulk",
        content=b'{"id": "b", "title": "B"}',
        headers={**key, "Content-Type": "application/x-ndjson"},
    )
    assert b'"created"' in answer.content
    assert time.monotonic() - started > 2 * WRITTEN_S
    assert given_up(client) == 0


def test_a_limit_of_nothing_is_none(index: IndexFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow_search(library: Any, query: Any) -> Any:
        time.sleep(0.2)
        return search(library, query)

    monkeypatch.setattr(api, "search", slow_search)
    with TestClient(create_app(Settings(index=index.root, timeout_s=0), clock=lambda: NOW)) as client:
        assert client.get("/v1/search?q=ferry").status_code == 200


def test_what_fails_in_time_fails_as_ever(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(api, "search", failing)
    assert client.get("/v1/search?q=ferry").status_code == 500
