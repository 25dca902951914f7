from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.archive import Archive
from indexer.articles import MOST_NESTED, article_from_record
from indexer.encoder import load_encoder
from indexer.ingest import Ingest
from indexer.layout import IndexFolder
from indexer.types import Found
from search_api import jobs
from search_api.app import create_app
from search_api.clock import utc_now
from search_api.keys import Keys, Scope
from search_api.settings import Settings
from tests.support import index_of, record, taken_up, write_jsonl

ARTICLE = {
    "title": "Zeppelin lands on the quay",
    "body": "A zeppelin landed on the quay in the morning fog.\n\nNobody was hurt.",
    "published_at": "2026-03-01T08:00:00Z",
    "source": "The Harbour Ledger",
}


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return index_of(tmp_path, [record(number) for number in range(12)])


@pytest.fixture
def client(index: IndexFolder) -> Iterator[TestClient]:
    yield from served(index)


def served(index: IndexFolder) -> Iterator[TestClient]:
    key = Keys.of(index).add("desk", Scope.WRITE, now=utc_now())
    app = create_app(Settings(index=index.root))
    with TestClient(app, headers={"Authorization": f"Bearer {key}"}) as client:
        yield client


def found(client: TestClient, text: str, **parameters: Any) -> list[str]:
    taken_up(client)
    answer = client.get("/v1/search", params={"q": text, "min_score": 0.2, **parameters})
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["hits"]]


def put(client: TestClient, article_id: str, article: dict[str, Any], **options: Any) -> Any:
    return client.put(f"/v1/articles/{article_id}", json=article, **options)


def bulk(client: TestClient, *lines: Any) -> list[dict[str, Any]]:
    content = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    answer = client.post("/v1/articles:bulk", content=content, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


# One article ---------------------------------------------------------------------------------------------------------


def test_an_article_is_stored_searched_replaced_and_deleted(client: TestClient, index: IndexFolder) -> None:
    created = put(client, "z1", ARTICLE)
    assert (created.status_code, created.json()["status"], created.json()["version"]) == (201, "created", 1)
    assert created.headers["etag"] == '"1"'
    assert found(client, "zeppelin") == ["z1"]
    again = put(client, "z1", ARTICLE)
    assert (again.status_code, again.json()["status"], again.json()["version"]) == (200, "unchanged", 1)
    changed = put(
        client, "z1", ARTICLE | {"title": "Airship lands", "body": "An airship came.", "correction": "No zeppelin."}
    )
    assert (changed.status_code, changed.json()["status"], changed.json()["version"]) == (200, "updated", 2)
    assert found(client, "zeppelin") == []
    taken_up(client)
    (hit,) = client.get("/v1/search", params={"q": "airship", "min_score": 0.2}).json()["hits"]
    assert (hit["id"], hit["version"], hit["correction"]) == ("z1", 2, "No zeppelin.")
    gone = client.delete("/v1/articles/z1")
    assert (gone.status_code, gone.json()["status"], gone.json()["version"]) == (200, "deleted", 3)
    assert found(client, "airship") == []
    assert client.get("/v1/articles/z1").status_code == 404
    assert client.get("/v1/articles/z1/versions").status_code == 404
    assert client.delete("/v1/articles/z1").json()["status"] == "unchanged"
    back = put(client, "z1", ARTICLE)
    assert (back.status_code, back.json()["status"], back.json()["version"]) == (201, "created", 4)
    assert found(client, "zeppelin") == ["z1"]
    assert client.delete("/v1/articles/unknown").status_code == 404
    assert jobs.verify(index) == []


def test_a_write_that_comes_late_is_refused(client: TestClient) -> None:
    put(client, "z1", ARTICLE)
    second = ARTICLE | {"title": "Second"}
    assert put(client, "z1", second, params={"version": 1}).json()["version"] == 2
    late = put(client, "z1", ARTICLE | {"title": "Late"}, params={"version": 1})
    assert late.status_code == 409
    assert "version 2" in late.json()["detail"]
    assert put(client, "z1", second, params={"version": 1}).json()["status"] == "unchanged"
    assert client.delete("/v1/articles/z1", params={"version": 1}).status_code == 409
    assert put(client, "z1", ARTICLE | {"title": "Counted", "version": 17}).json()["version"] == 17
    assert put(client, "z1", ARTICLE | {"title": "Counted before", "version": 16}).status_code == 409


def test_a_counter_of_the_writer_s_own_orders_its_writes(client: TestClient) -> None:
    put(client, "z1", ARTICLE)
    assert put(client, "z1", ARTICLE, params={"version": 5}).json()["version"] == 5
    assert put(client, "z1", ARTICLE | {"title": "Late"}, params={"version": 3}).status_code == 409
    assert client.delete("/v1/articles/z1", params={"version": 7}).json()["version"] == 7
    assert put(client, "z1", ARTICLE | {"title": "Late"}, params={"version": 6}).status_code == 409
    assert client.delete("/v1/articles/z1", params={"version": 9}).json()["version"] == 9
    assert put(client, "z1", ARTICLE | {"title": "Late"}, params={"version": 8}).status_code == 409
    micro = 1_780_000_000_000_000
    assert put(client, "z1", ARTICLE | {"title": "In time"}, params={"version": micro}).json()["version"] == micro
    assert found(client, "time quay", limit=1) == ["z1"]
    for wrong in (2**53 + 1, 10**30):
        assert put(client, "z1", ARTICLE | {"version": wrong}).status_code == 422
    assert put(client, "z1", ARTICLE, headers={"If-Match": f'"{"9" * 5000}"'}).status_code == 422
    (told,) = bulk(client, ARTICLE | {"id": "z1", "version": 2**63})
    assert told["status"] == "rejected"


def test_a_body_larger_than_any_article_is_not_read(client: TestClient) -> None:
    big = "x" * 20_000_001
    assert client.put("/v1/articles/z1", content=big, headers={"Content-Type": "application/json"}).status_code == 413
    chunks = (b"x" * 1_000_000 for _ in range(22))
    unstated = client.put("/v1/articles/z1", content=chunks, headers={"Content-Type": "application/json"})
    assert unstated.status_code in (400, 413)


def test_a_version_that_must_be_current_is_named_by_its_etag(client: TestClient) -> None:
    put(client, "z1", ARTICLE)
    etag = client.get("/v1/articles/z1").headers["etag"]
    assert client.get("/v1/articles/z1", headers={"If-None-Match": etag}).status_code == 304
    assert put(client, "z1", ARTICLE | {"title": "Second"}, headers={"If-Match": etag}).json()["version"] == 2
    assert put(client, "z1", ARTICLE | {"title": "Third"}, headers={"If-Match": etag}).status_code == 409
    assert put(client, "z1", ARTICLE | {"title": "Third"}, headers={"If-Match": '"9"'}).status_code == 409
    assert put(client, "z1", ARTICLE | {"title": "Third"}, headers={"If-None-Match": "*"}).status_code == 409
    assert put(client, "z2", ARTICLE | {"title": "New"}, headers={"If-None-Match": "*"}).status_code == 201
    assert put(client, "z3", ARTICLE | {"title": "New too"}, headers={"If-Match": '"1"'}).status_code == 409
    assert put(client, "z1", ARTICLE, headers={"If-Match": "one"}).status_code == 422


def test_what_is_no_article_is_refused_and_named(client: TestClient) -> None:
    for wrong, named in (
        ({"title": ""}, "neither title nor body"),
        (ARTICLE | {"published_at": "yesterday"}, "published_at is 'yesterday'"),
        (ARTICLE | {"id": "other"}, "'other'"),
        (ARTICLE | {"pubstatus": "gone"}, "pubstatus is 'gone'"),
        (ARTICLE | {"version": -1}, "version"),
        ({"title": 7}, "title"),
    ):
        refused = put(client, "z1", wrong)
        assert refused.status_code == 422, wrong
        assert named in refused.json()["detail"]
    assert client.put("/v1/articles/z1", content="{", headers={"Content-Type": "application/json"}).status_code == 422
    assert put(client, "z1", ARTICLE, params={"force": "yes"}).status_code == 422
    assert client.get("/v1/articles/z1").status_code == 404


def test_versions_are_listed_and_each_can_be_read(client: TestClient) -> None:
    put(client, "z1", ARTICLE)
    put(
        client,
        "z1",
        ARTICLE | {"title": "Corrected", "correction": "The quay was another.", "updated_at": "2026-03-02T00:00:00Z"},
    )
    put(client, "z1", ARTICLE | {"title": "Held back", "pubstatus": "withheld"})
    assert client.get("/v1/articles/z1/versions").status_code == 404
    client.delete("/v1/articles/z1")
    put(client, "z1", ARTICLE | {"title": "Back", "embargoed": "2026-01-01T00:00:00Z"})
    document = client.get("/v1/articles/z1/versions").json()
    told = [(one["version"], one["current"], one["title"], one["correction"]) for one in document["versions"]]
    assert told == [
        (5, True, "Back", None),
        (2, False, "Corrected", "The quay was another."),
        (1, False, "Zeppelin lands on the quay", None),
    ]
    assert [one["known_from"] for one in document["versions"]][1:] == ["2026-03-02T00:00:00Z", "2026-03-01T08:00:00Z"]
    assert client.get("/v1/articles/z1", params={"version": 2}).json()["title"] == "Corrected"
    assert client.get("/v1/articles/z1", params={"version": 3}).status_code == 404
    assert client.get("/v1/articles/z1", params={"version": 9}).status_code == 404


# Keys ----------------------------------------------------------------------------------------------------------------


def test_a_write_needs_a_key_that_is_for_it(client: TestClient, index: IndexFolder) -> None:
    nobody = {"Authorization": ""}
    assert put(client, "z1", ARTICLE, headers=nobody).status_code == 401
    assert put(client, "z1", ARTICLE, headers=nobody).headers["www-authenticate"] == "Bearer"
    assert put(client, "z1", ARTICLE, headers={"Authorization": "Bearer dl_wrong"}).status_code == 401
    assert client.delete("/v1/articles/a1", headers=nobody).status_code == 401
    assert client.post("/v1/articles:bulk", content="", headers=nobody).status_code == 401
    assert client.post("/v1/generations", json={}).status_code == 403
    assert client.post("/v1/articles/a1/takedown", json={"reason": "court order"}).status_code == 403
    assert client.post("/v1/generations/1:activate").status_code == 403
    Keys.of(index).revoke("desk")
    assert put(client, "z1", ARTICLE).status_code == 401
    assert client.get("/v1/articles/a1").status_code == 200


# Many at a time ------------------------------------------------------------------------------------------------------


def test_each_line_of_a_bulk_write_has_its_result_and_a_bad_one_stops_no_other(
    client: TestClient, index: IndexFolder
) -> None:
    put(client, "z2", ARTICLE | {"title": "Second"})
    put(client, "z2", ARTICLE | {"title": "Second, changed"})
    results = bulk(
        client,
        ARTICLE | {"id": "z1"},
        "{",
        "",
        ARTICLE | {"id": "z2", "title": "Late", "version": 1},
        {"id": "a1", "deleted": True},
        {"id": "unknown", "deleted": True},
        {"id": "z3"},
        ARTICLE | {"id": "z1", "title": "The same id again"},
        '"text"',
        ARTICLE | {"id": "z1", "title": "The same id again"},
    )
    assert [(one["line"], one["id"], one["status"], one.get("version")) for one in results] == [
        (1, "z1", "created", 1),
        (2, None, "rejected", None),
        (4, "z2", "conflict", None),
        (5, "a1", "deleted", 2),
        (6, "unknown", "rejected", None),
        (7, None, "rejected", None),
        (8, "z1", "updated", 2),
        (9, None, "rejected", None),
        (10, "z1", "unchanged", 2),
    ]
    assert all(one["problem"] for one in results if "version" not in one)
    assert client.get("/v1/articles/z1").json()["title"] == "The same id again"
    assert jobs.verify(index) == []


def test_a_bulk_write_of_any_size_is_taken_line_by_line(client: TestClient) -> None:
    records = [record(number) for number in range(200, 500)]
    results = bulk(client, *records)
    assert [one["status"] for one in results] == ["created"] * 300
    assert [one["line"] for one in results] == list(range(1, 301))
    assert found(client, "dispatch 432", limit=1) == ["a432"]
    assert {one["status"] for one in bulk(client, *records)} == {"unchanged"}


def test_bulk_lines_of_one_address_are_one_article(client: TestClient) -> None:
    url = "https://paper.example/zeppelin"
    first, second = bulk(client, ARTICLE | {"id": "own", "url": url}, ARTICLE | {"url": url, "title": "Changed"})
    assert (first["id"], second["id"], second["status"]) == ("own", "own", "updated")


def test_a_bulk_line_without_an_id_gets_the_one_of_its_address(client: TestClient) -> None:
    (first,) = bulk(client, ARTICLE | {"url": "https://paper.example/zeppelin"})
    (second,) = bulk(client, ARTICLE | {"url": "https://paper.example/zeppelin?utm_source=x", "title": "Changed"})
    assert (second["id"], second["status"]) == (first["id"], "updated")


def test_a_bulk_write_of_another_type_is_refused(client: TestClient) -> None:
    answer = client.post("/v1/articles:bulk", content="{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    assert "application/x-ndjson" in answer.json()["detail"]


def test_fields_of_one_s_own_are_as_deep_as_they_can_be_answered(client: TestClient) -> None:
    def nested(depth: int) -> Any:
        return client.put("/v1/articles/deep", json=ARTICLE | {"own": json.loads("[" * depth + "]" * depth)})

    refused = nested(MOST_NESTED + 1)
    assert refused.status_code == 422
    assert f"at most {MOST_NESTED} lists and objects in one another" in refused.json()["detail"]
    assert nested(MOST_NESTED).status_code == 201
    assert client.get("/v1/articles/deep").json()["extra"]["own"]


def test_the_first_write_makes_an_index(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    for client in served(index):
        assert found(client, "zeppelin") == []
        assert [one["status"] for one in bulk(client, ARTICLE | {"id": "z1"})] == ["created"]
        assert found(client, "zeppelin") == ["z1"]


@pytest.mark.parametrize("text", [None, "nonsense"])
def test_writes_go_on_while_nothing_says_which_generation_serves(
    client: TestClient, index: IndexFolder, text: str | None
) -> None:
    pointer = index.root / "CURRENT"
    with index.building():  # so that the service does not make another generation
        pointer.unlink() if text is None else pointer.write_text(text, encoding="ascii")
        assert put(client, "z1", ARTICLE).status_code == 201
        assert found(client, "zeppelin") == ["z1"]
        assert index.numbers() == [1]


# Beside an ingest ----------------------------------------------------------------------------------------------------


def test_writes_are_taken_while_an_ingest_runs_and_neither_undoes_the_other(
    tmp_path: Path, client: TestClient, index: IndexFolder
) -> None:
    records = [record(number) for number in range(600)]
    with index.writing():
        assert put(client, "a5", record(5) | {"title": "Written by hand"}).status_code == 200
    report = jobs.ingest(index, [str(write_jsonl(tmp_path / "more.jsonl", records))]).report
    assert (report.new, report.unchanged, report.superseded) == (588, 12, 1)
    assert client.get("/v1/articles/a5").json()["title"] == "Written by hand"
    assert jobs.verify(index) == []


def test_a_source_read_again_does_not_bring_a_deleted_article_back(
    tmp_path: Path, client: TestClient, index: IndexFolder
) -> None:
    client.delete("/v1/articles/a3")
    source = str(write_jsonl(tmp_path / "again.jsonl", [record(3)]))
    assert jobs.ingest(index, [source]).report.unchanged == 1
    assert client.get("/v1/articles/a3").status_code == 404
    source = str(write_jsonl(tmp_path / "newer.jsonl", [record(3) | {"title": "It was published again"}]))
    assert jobs.ingest(index, [source]).report.updated == 1
    assert client.get("/v1/articles/a3").json()["title"] == "It was published again"


def test_what_is_written_while_a_file_is_read_stays_unless_the_file_s_is_later(
    client: TestClient, index: IndexFolder
) -> None:
    def items() -> Iterator[Found]:
        for number in (20, 21, 22):
            late = {"updated_at": "2030-01-01T00:00:00Z"} if number == 22 else {}
            written = record(number) | {"title": "Over HTTP", "updated_at": "2029-01-01T00:00:00Z"}
            assert put(client, f"a{number}", written).status_code == 201
            article, _ = article_from_record(record(number) | late, now=utc_now())
            yield Found(article, "file.jsonl", f"line {number}")

    began = utc_now() - timedelta(seconds=5)
    with index.writing(), Archive(index.archive) as archive:
        report = Ingest(archive, load_encoder("text-hash", index.models), now=began).run(items())
    assert (report.new, report.updated, report.superseded) == (0, 1, 2)
    titles = [client.get(f"/v1/articles/a{number}").json()["title"] for number in (20, 21, 22)]
    assert titles == ["Over HTTP", "Over HTTP", record(22)["title"]]
