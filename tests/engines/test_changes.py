"""What is written, withdrawn, freed and taken down: seen, and seen no more, whatever engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.engines.milvus.keys import Key, Kind
from indexer.layout import IndexFolder
from search_api import generation_jobs, jobs
from search_api.app import create_app
from search_api.clock import utc_now
from search_api.engine_choice import store_of
from search_api.keys import Keys, Scope
from search_api.library import Library
from search_api.query import Mode, SearchQuery
from search_api.searcher import search
from search_api.settings import Settings
from search_api.takedown_jobs import takedown
from tests.engines.places import WAIT_S, Place, lacks_words, opened, reader_without_archive, until
from tests.engines.places import taken_up as follow
from tests.support import ROOT, anything, index_of, record, taken_up, write_jsonl

SECRET = {
    "id": "secret",
    "url": "https://paper.example/quenby",
    "title": "Quenby Ollivander opens the ferry line",
    "body": "Quenby Ollivander opened the new ferry line across the strait on Monday morning.",
    "published_at": "2026-03-01T00:00:00Z",
    "source": "The Quenby Gazette",
    "section": "quenbyland",
    "authors": ["Quenby Underhaugh"],
    "tags": ["quenbygate"],
}

ANSWERS = (
    "/v1/search?q=ollivander+ferry&limit=50&facets=source,section",
    "/v1/search?q=section:quenbyland&facets=source,section,date",
    "/v1/search?q=ferry&mode=semantic&limit=50&min_score=0",
    "/v1/search?q=ferry&mode=keyword&sort=newest&limit=50&facets=section",
    "/v1/suggest?q=quen",
    "/v1/suggest?q=oll",
    "/v1/articles/a0/related?limit=50",
    "/v1/related?url=https://paper.example/unknown&limit=50",
    "/v1/stories?window=52w",
    "/",
)
TELLING = ("quenby", "ollivander", "underhaugh")


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def index(own: Place, tmp_path: Path) -> IndexFolder:
    index = index_of(tmp_path / own.name, [record(number) for number in range(10)])
    if lacks_words(index):
        pytest.skip(str(lacks_words(index)))
    return index


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(index: IndexFolder, clock: Clock) -> Iterator[TestClient]:
    """A service that takes up changes when the test says so."""
    key = Keys.of(index).add("desk", Scope.WRITE, now=utc_now())
    app = create_app(Settings(index=index.root), clock=clock)
    app.state.follower.start = lambda *_, **__: app.state.library.refresh()
    with TestClient(app, headers={"Authorization": f"Bearer {key}"}) as client:
        yield client


def put(client: TestClient, article: dict[str, Any]) -> None:
    answer = client.put(f"/v1/articles/{article['id']}", json=article)
    assert answer.status_code in (200, 201), answer.text
    taken_up(client)


def found(client: TestClient, text: str, **parameters: Any) -> list[str]:
    answer = client.get("/v1/search", params={"q": text, "limit": 50, **parameters})
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["hits"]]


def told_by(client: TestClient) -> list[str]:
    """The answers that tell of the secret article, by a word or by its id."""
    telling = []
    for address in ANSWERS:
        text = client.get(address).text.replace(address.split("?q=")[-1].split("&")[0], "").lower()
        if any(word in text for word in (*TELLING, '"secret"')) and not _is_only_asked(address, text):
            telling.append(address)
    return telling


def _is_only_asked(address: str, text: str) -> bool:
    """Whether the words stand in the answer as they were asked alone."""
    if not address.startswith("/v1/search"):
        return False
    document = json.loads(text)
    return not document["hits"] or not any(word in json.dumps(document["hits"]) for word in (*TELLING, '"secret"'))


def seen_by_id(client: TestClient) -> bool:
    return client.get("/v1/articles/secret").status_code == 200


def test_new_words_are_found_and_old_ones_no_more(client: TestClient) -> None:
    long = record(0) | {"body": "\n\n".join(f"{record(0)['body']} Part {part} of the tale." for part in range(12))}
    put(client, long)
    assert found(client, '"part 11 of the tale"') == ["a0"]
    put(client, record(0) | {"title": "A zeppelin", "body": "A zeppelin landed on the quay.", "tags": ["airship"]})
    assert found(client, '"part 11 of the tale"') == []
    assert found(client, '"dispatch 0 from"') == []
    assert found(client, "zeppelin quay", mode="keyword") == ["a0"]
    assert found(client, "zeppelin quay", mode="semantic", limit=1) == ["a0"]
    assert found(client, "tag:airship") == ["a0"]
    assert "a0" not in found(client, "tag:ferry")
    assert client.get("/v1/articles/a0").json()["title"] == "A zeppelin"
    assert client.get("/v1/search", params={"q": "tag:airship"}).json()["hits"][0]["snippet"]["chunk"] == 0


def test_a_spelling_is_proposed_as_soon_and_as_long_as_articles_have_it(client: TestClient) -> None:
    def proposed(text: str) -> str | None:
        answer: str | None = client.get("/v1/search", params={"q": text}).json()["understood"]["suggestion"]
        return answer

    def three(word: str, first: int) -> None:
        for number in range(first, first + 3):
            put(client, record(number) | {"title": f"A {word}", "body": f"{word} {number} was on the quay."})

    three("zebra", 0)
    assert (proposed("zebrra"), proposed("zepelin")) == ("zebra", None)
    three("zeppelin", 3)
    assert (proposed("zebrra"), proposed("zepelin")) == ("zebra", "zeppelin")
    put(client, record(0))
    assert (proposed("zebrra"), proposed("zepelin")) == (None, "zeppelin")


def test_each_line_of_a_bulk_write_is_found(client: TestClient) -> None:
    lines = [json.dumps(record(number)) for number in range(10, 40)]
    answer = client.post(
        "/v1/articles:bulk", content="\n".join(lines), headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.status_code == 200
    taken_up(client)
    listed = client.get("/v1/search", params={"q": "language:en", "limit": 100}).json()
    assert {hit["id"] for hit in listed["hits"]} == {f"a{number}" for number in range(40)}
    assert listed["total"] == {"value": 40, "relation": "eq"}
    assert found(client, '"dispatch 37 from"') == ["a37"]


@pytest.mark.parametrize("how", ["deleted", "withheld", "canceled"])
def test_what_is_withdrawn_is_told_of_nowhere(client: TestClient, how: str) -> None:
    put(client, SECRET)
    assert len(told_by(client)) > 5
    assert seen_by_id(client)
    if how == "deleted":
        assert client.delete("/v1/articles/secret").status_code == 200
        taken_up(client)
    else:
        put(client, SECRET | {"pubstatus": how})
    assert told_by(client) == []
    assert not seen_by_id(client)
    assert client.get("/v1/articles/secret/related").status_code == 404
    put(client, SECRET)
    assert len(told_by(client)) > 5


def test_an_embargo_ends_by_itself(client: TestClient, clock: Clock) -> None:
    put(client, SECRET | {"embargoed": (clock.now + timedelta(hours=1)).isoformat()})
    assert told_by(client) == []
    assert not seen_by_id(client)
    clock.now += timedelta(hours=2)
    assert len(told_by(client)) > 5
    assert seen_by_id(client)


def test_what_is_taken_down_is_in_no_answer_and_in_no_generation(client: TestClient, index: IndexFolder) -> None:
    put(client, SECRET)
    assert generation_jobs.reindex(index).manifest.number == 2
    taken_up(client)
    assert len(told_by(client)) > 5
    receipt = takedown(index, "secret", "a court order")
    assert receipt.traces == ()
    store = store_of(index)
    if store:
        assert store.generations() == [1, 2]
        for number in store.generations():
            assert store.find(number, Key.ID, ["secret"], fresh=True).tolist() == []
            assert store.count(number) == 10
            assert not store.holders(number, Kind.EXACT, ["ollivander"])
    taken_up(client)
    assert told_by(client) == []
    assert client.get("/v1/articles/secret").status_code in (404, 410)
    assert jobs.verify(index) == []


def ids_of(library: Library, text: str = "") -> set[str]:
    return {hit.article.id for hit in search(library, SearchQuery(text, anything(utc_now()), limit=100)).hits}


def test_another_worker_sees_each_write_and_none_before_it(client: TestClient, index: IndexFolder) -> None:
    other = opened(index)
    for number in (20, 21):
        other.refresh()
        assert f"a{number}" not in ids_of(other)
        put(client, record(number))
        assert f"a{number}" in found(client, "language:en")

        def seen(number: int = number) -> bool:
            other.refresh()
            return f"a{number}" in ids_of(other)

        until(seen)
    client.delete("/v1/articles/a20")
    taken_up(client)
    until(lambda: "a20" not in ids_of(follow(other)))
    assert "a21" in ids_of(other)
    other.close()


def test_a_reader_without_the_archive_sees_each_write(client: TestClient, own: Place, tmp_path: Path) -> None:
    if own.is_embedded:
        pytest.skip("an index in its own files is read where its archive is")
    reader = reader_without_archive(tmp_path / "bare")
    assert "secret" not in ids_of(reader)
    put(client, SECRET)
    until(lambda: "secret" in ids_of(follow(reader), "ollivander"))
    assert reader.visible_article("secret", utc_now())[0].title == SECRET["title"]
    put(client, SECRET | {"pubstatus": "withheld"})
    until(lambda: "secret" not in ids_of(follow(reader), "ollivander"))
    reader.close()


def test_another_process_sees_what_was_written(own: Place, index: IndexFolder, tmp_path: Path) -> None:
    if not own.is_shared:
        pytest.skip("a file of Milvus Lite is open in one process")
    jobs.ingest(index, [str(write_jsonl(tmp_path / "more.jsonl", [SECRET]))])
    arguments = [sys.executable, "-m", "search_api", "search", "ollivander", "--index", str(index.root), "--json"]
    done = subprocess.run(
        arguments, capture_output=True, text=True, check=True, timeout=4 * WAIT_S, cwd=ROOT, env=os.environ
    )
    assert [hit["id"] for hit in json.loads(done.stdout)["hits"]][:1] == ["secret"]
    assert "fork" not in done.stderr


def test_status_and_verify_tell_what_is_there(index: IndexFolder) -> None:
    told = jobs.status(index)
    assert (told["generation"]["number"], told["generation"]["articles"], told["generations"]) == (1, 10, [1])
    assert jobs.verify(index) == []


def test_verify_finds_what_was_changed_behind_its_back(index: IndexFolder, tmp_path: Path) -> None:
    store = store_of(index)
    if store is None:
        pytest.skip("damaged files are found by tests of generations")
    library = opened(index)
    seq = library.records.seq_of("a3")
    assert seq is not None
    store.delete(1, [seq])
    (problem,) = jobs.verify(index)
    assert "1 articles of the archive are missing" in problem
    assert "dateline reindex" in problem
    assert generation_jobs.reindex(index).manifest.number == 2
    assert jobs.verify(index) == []
    earlier = store.active()
    put_version(index, tmp_path)
    assert earlier is not None
    assert store.records(earlier, [seq])[seq][0] == 2
    library.close()


def put_version(index: IndexFolder, folder: Path) -> None:
    again = record(3) | {"title": "Corrected", "updated_at": "2026-05-01T00:00:00Z"}
    jobs.ingest(index, [str(write_jsonl(folder / "again.jsonl", [again]))])


def test_an_index_without_articles_answers_with_nothing(own: Place, tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / own.name)
    library = opened(index)
    for mode in Mode:
        answer = search(library, SearchQuery("ferry", anything(), mode=mode))
        assert (answer.hits, answer.total.value, answer.next_cursor, answer.generation) == ((), 0, None, None)
    with TestClient(create_app(Settings(index=index.root))) as client:
        assert client.get("/v1/search", params={"q": "ferry"}).json()["hits"] == []
        assert client.get("/v1/suggest", params={"q": "fe"}).json()["suggestions"] == []
        assert client.get("/v1/stories").json()["stories"] == []
        assert client.get("/v1/related", params={"url": "https://x.example/y"}).json()["hits"] == []
        assert client.get("/v1/articles/a0").status_code == 404
        assert client.get("/v1/articles/a0/related").status_code == 404
        assert client.get("/v1/stories/x").status_code == 404
    library.close()
