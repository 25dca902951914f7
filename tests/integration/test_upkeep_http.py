"""Generations over HTTP, and what a service does by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.layout import IndexFolder
from search_api import generation_jobs, jobs
from search_api.app import create_app
from search_api.clock import utc_now
from search_api.keys import Keys, Scope
from search_api.settings import Settings
from search_api.write_schemas import GenerationDocument
from tests.support import index_of, record, taken_up, write_jsonl

PATIENCE_S = 60.0


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return index_of(tmp_path, [record(number) for number in range(12)])


@pytest.fixture
def client(index: IndexFolder) -> Iterator[TestClient]:
    key = Keys.of(index).add("chief", Scope.ADMIN, now=utc_now())
    app = create_app(Settings(index=index.root, fold_after=5))
    with TestClient(app, headers={"Authorization": f"Bearer {key}"}) as client:
        yield client


def wait_until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def serving(client: TestClient) -> int | None:
    taken_up(client)
    number: int | None = client.get("/readyz").json()["generation"]
    return number


def test_a_generation_is_built_activated_and_gone_back_from(client: TestClient) -> None:
    before = client.get("/v1/generations").json()
    assert not before["building"]
    assert [(one["number"], one["serving"], one["articles"]) for one in before["generations"]] == [(1, True, 12)]
    asked = client.post("/v1/generations", json={"activate": False})
    assert (asked.status_code, asked.json()) == (202, {"building": True})
    wait_until(lambda: len(client.get("/v1/generations").json()["generations"]) == 2)
    wait_until(lambda: not client.get("/v1/generations").json()["building"])
    assert serving(client) == 1
    activated = client.post("/v1/generations/2:activate")
    assert activated.json() == {"generation": 2, "before": 1, "model": "text-hash"}
    assert serving(client) == 2
    assert client.post("/v1/generations/1:activate").json()["before"] == 2
    assert serving(client) == 1


def test_wrong_requests_about_generations_are_refused_in_words(client: TestClient, index: IndexFolder) -> None:
    assert client.post("/v1/generations/7:activate").status_code == 404
    assert "there is 1" in client.post("/v1/generations/7:activate").json()["detail"]
    assert client.post("/v1/generations", json={"colour": "red"}).status_code == 422
    assert client.post("/v1/generations", json={"gate_step": 3}).status_code == 422
    with index.building():
        busy = client.post("/v1/generations", json={})
        assert busy.status_code == 409
        assert int(busy.headers["retry-after"]) > 0
        assert client.get("/v1/generations").json()["building"]
    nobody = {"Authorization": ""}
    assert client.get("/v1/generations", headers=nobody).status_code == 200
    assert client.post("/v1/generations", json={}, headers=nobody).status_code == 401


def test_a_tail_that_grows_too_long_is_folded_by_the_service(
    tmp_path: Path, client: TestClient, index: IndexFolder
) -> None:
    jobs.ingest(index, [str(write_jsonl(tmp_path / "few.jsonl", [record(number) for number in range(20, 25)]))])
    time.sleep(3)
    assert serving(client) == 1
    jobs.ingest(index, [str(write_jsonl(tmp_path / "more.jsonl", [record(25)]))])
    wait_until(lambda: serving(client) == 2)
    assert jobs.status(index)["changes_since_generation"] == 0
    assert len(client.get("/v1/search?q=dispatch&limit=50&min_score=0").json()["hits"]) == 18


def test_a_service_replaces_a_damaged_generation(client: TestClient, index: IndexFolder) -> None:
    generation_jobs.reindex(index)
    assert serving(client) == 2
    path = index.generation(2) / "vectors" / "embeddings.npy"
    with index.building():  # so that it is not replaced before it is seen
        path.write_bytes(path.read_bytes()[:-2] + b"xx")
        assert serving(client) == 1
    wait_until(lambda: serving(client) == 3)
    assert jobs.verify(index) == []
    assert index.numbers() == [1, 3]


def told_name(name: str) -> str | None:
    return GenerationDocument(number=1, serving=True, served=True, damaged=False, model_name=name).model_name


def test_where_a_model_lies_is_not_told() -> None:
    assert told_name("/srv/models/news-2") == "news-2"
    assert told_name("intfloat/multilingual-e5-small") == "intfloat/multilingual-e5-small"
