from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.archive import Archive
from indexer.errors import ArticleNotFound, TakenDown
from indexer.layout import IndexFolder
from indexer.types import Reject
from search_api import generation_jobs, jobs
from search_api.app import create_app
from search_api.clock import utc_now
from search_api.keys import Keys, Scope
from search_api.settings import Settings
from search_api.takedown_jobs import takedown
from tests.support import command, index_of, opened_library, record, taken_up, write_jsonl

SECRET = "Quenby Ollivander told the harbour master about the seventeen missing crates."
EARLIER = "Quenby Ollivander was said to know nothing about the matter at all."


def secret(**fields: Any) -> dict[str, Any]:
    return {
        "id": "secret",
        "url": "https://paper.example/quenby-ollivander-crates",
        "title": "Quenby Ollivander speaks of missing crates",
        "body": f"{SECRET}\n\nThe master wrote Zyxwvut in the ledger and closed it for the night.",
        "published_at": "2026-02-01T00:00:00Z",
        "authors": ["Ottoline Underhaugh"],
        "tags": ["quenbygate"],
        "source": "The Underhaugh Gazette",
        **fields,
    }


MARKS = (
    "Ollivander",
    "ollivander",
    "seventeen missing",
    "Zyxwvut",
    "zyxwvut",
    "Underhaugh",
    "underhaugh",
    "quenbygate",
)


def traces(root: Path) -> dict[str, list[str]]:
    """The files below a folder that hold one of the article's own words, as bytes."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            held = [mark for mark in MARKS if mark.encode() in content]
            if held:
                found[path.relative_to(root).as_posix()] = held
    return found


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    """The article in two generations, in two versions, and in the tail."""
    index = index_of(tmp_path, [*(record(number) for number in range(30)), secret(body=EARLIER)])
    jobs.ingest(
        index, [str(write_jsonl(tmp_path / "2.jsonl", [secret(title="Quenby Ollivander speaks", body=EARLIER * 2)]))]
    )
    generation_jobs.reindex(index)
    jobs.ingest(index, [str(write_jsonl(tmp_path / "3.jsonl", [secret(), record(31)]))])
    assert index.numbers() == [1, 2]
    assert len(traces(index.root)) >= 3
    return index


def ids_of(index: IndexFolder) -> set[str]:
    with Archive(index.archive) as archive:
        return {article.id for article in archive.current_articles()}


def test_nothing_of_the_article_is_left_in_any_file(index: IndexFolder) -> None:
    receipt = takedown(index, "secret", "court order 7")
    assert traces(index.root) == {}
    assert receipt.traces == ()
    assert (receipt.versions, receipt.generations_rewritten) == (3, {1: 3, 2: 4})
    assert receipt.chunks >= 3
    assert receipt.embeddings >= 3
    assert receipt.files_searched > 20
    assert jobs.verify(index) == []
    assert index.current() == 4
    assert generation_jobs.rollback(index).number == 3
    assert jobs.verify(index) == []
    assert ids_of(index) == {f"a{number}" for number in (*range(30), 31)}


def test_other_articles_answer_as_before(index: IndexFolder) -> None:
    def answers() -> list[tuple[str, float]]:
        with TestClient(create_app(Settings(index=index.root))) as client:
            hits = client.get("/v1/search", params={"q": "ferry dispatch harbour", "limit": 40}).json()["hits"]
        return [(hit["id"], hit["version"]) for hit in hits if hit["id"] != "secret"]

    before = answers()
    takedown(index, "secret", "court order 7")
    assert sorted(answers()) == sorted(before)


def test_it_stays_out_whatever_brings_it_again(tmp_path: Path, index: IndexFolder) -> None:
    takedown(index, "secret", "court order 7")
    again = write_jsonl(
        tmp_path / "again.jsonl",
        [secret(), secret(id="another", title="Under another id"), record(32), {"id": "secret"}],
    )
    done = jobs.ingest(index, [str(again)])
    assert (done.report.new, done.report.taken_down, done.report.unchanged, done.report.rejected) == (1, 2, 2, 1)
    key = Keys.of(index).add("desk", Scope.WRITE, now=utc_now())
    with TestClient(create_app(Settings(index=index.root)), headers={"Authorization": f"Bearer {key}"}) as client:
        refused = client.put("/v1/articles/secret", json=secret())
        assert refused.status_code == 410
        assert "taken down" in refused.json()["detail"]
        by_address = client.put("/v1/articles/other", json=secret(id="other"))
        assert by_address.status_code == 410
        line = json.dumps(secret(title="Once more"))
        bulk = client.post("/v1/articles:bulk", content=line, headers={"Content-Type": "application/x-ndjson"})
        assert bulk.json()["status"] == "taken_down"
        assert client.get("/v1/articles/secret").status_code == 404
    assert traces(index.root) == {}
    assert "secret" not in ids_of(index)


def test_an_unknown_article_and_one_taken_down_before_are_told_apart(index: IndexFolder) -> None:
    with pytest.raises(ArticleNotFound):
        takedown(index, "unknown", "court order 7")
    takedown(index, "secret", "court order 7")
    with pytest.raises(TakenDown):
        takedown(index, "secret", "court order 8")
    done = command("takedown", "secret", "--reason", "again", "--index", str(index.root))
    assert done.returncode == 2
    assert "taken down" in done.stderr


def test_copies_stay_and_are_named(tmp_path: Path, index: IndexFolder) -> None:
    copy = secret(id="copy", url="https://other.example/copy", source="Another", authors=[], tags=[])
    jobs.ingest(index, [str(write_jsonl(tmp_path / "copy.jsonl", [copy]))])
    receipt = takedown(index, "secret", "court order 7")
    assert receipt.copies == ("copy",)
    assert receipt.traces == ()
    assert jobs.verify(index) == []
    library = opened_library(index)
    assert library.visible_article("copy", utc_now())[0].body.startswith(SECRET)
    library.close()
    with Archive(index.archive) as archive:
        assert archive.check() == []


def test_rejects_that_hold_its_text_go_too(index: IndexFolder) -> None:
    line = json.dumps(secret(published_at="never")).encode()
    other = json.dumps(record(50) | {"published_at": "never"}).encode()
    jobs.quarantine_of(index).put(
        [
            Reject("feed.jsonl", "line 1", "wrong date", line, ".jsonl"),
            Reject("feed.jsonl", "line 2", "wrong date", other, ".jsonl"),
        ],
        at=utc_now(),
    )
    receipt = takedown(index, "secret", "court order 7")
    assert receipt.quarantine_entries == 1
    assert len(jobs.quarantine_of(index).entries()) == 1
    assert traces(index.root) == {}


def test_a_damaged_pointer_does_not_keep_it(index: IndexFolder) -> None:
    (index.root / "CURRENT").write_text("nonsense", encoding="ascii")
    assert takedown(index, "secret", "court order 7").traces == ()
    assert traces(index.root) == {}
    library = opened_library(index)
    assert library.view
    assert library.view.manifest.number == 4
    library.close()


def test_what_is_rejected_later_is_not_kept_either(tmp_path: Path, index: IndexFolder) -> None:
    takedown(index, "secret", "court order 7")
    lines = [secret(published_at="never"), secret(id="x", published_at="never"), record(50) | {"published_at": "never"}]
    done = jobs.ingest(index, [str(write_jsonl(tmp_path / "wrong.jsonl", lines))])
    assert done.report.rejected == 3
    assert len(jobs.quarantine_of(index).entries()) == 1
    assert traces(index.root) == {}


def test_every_address_that_it_had_stays_out_and_a_refused_write_leaves_nothing(index: IndexFolder) -> None:
    key = Keys.of(index).add("desk", Scope.WRITE, now=utc_now())
    with TestClient(create_app(Settings(index=index.root)), headers={"Authorization": f"Bearer {key}"}) as client:
        assert client.put("/v1/articles/secret", json=secret(url=None, title="Without its address")).status_code == 200
        takedown(index, "secret", "court order 7")
        with Archive(index.archive) as archive:
            before = archive.counts()["embeddings"]
        assert client.put("/v1/articles/secret", json=secret()).status_code == 410
        assert client.put("/v1/articles/z", json=secret(id="z")).status_code == 410
        assert client.put("/v1/articles/a1", json=secret(id="a1")).status_code == 410
        assert client.put("/v1/articles/a2", json=record(2) | {"title": "Changed"}).status_code == 200
        with Archive(index.archive) as archive:
            assert archive.counts()["embeddings"] == before + 1


def test_a_build_that_was_stopped_holds_nothing_of_it_either(index: IndexFolder) -> None:
    unfinished = index.generations / ".building"
    unfinished.mkdir()
    (unfinished / "part").write_text(SECRET, encoding="utf-8")
    takedown(index, "secret", "court order 7")
    assert traces(index.root) == {}


def test_a_takedown_that_was_killed_is_finished_by_the_next(
    index: IndexFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("search_api.takedown_jobs.rewrite_generations", killed)
        with pytest.raises(KeyboardInterrupt):
            takedown(index, "secret", "court order 7")
    assert "secret" not in ids_of(index)
    assert "takedown of 'secret' was not finished" in "\n".join(jobs.verify(index))
    assert takedown(index, "secret", "court order 7").generations_rewritten == {1: 3, 2: 4}
    assert traces(index.root) == {}
    assert jobs.verify(index) == []
    with pytest.raises(TakenDown):
        takedown(index, "secret", "court order 7")


def test_takedowns_do_not_stand_in_each_other_s_way(index: IndexFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("search_api.takedown_jobs.rewrite_generations", killed)
        with pytest.raises(KeyboardInterrupt):
            takedown(index, "a3", "court order 6")
    assert takedown(index, "secret", "court order 7").generations_rewritten == {1: 3, 2: 4}
    assert takedown(index, "a3", "court order 6").generations_rewritten == {}
    assert jobs.verify(index) == []
    assert ids_of(index).isdisjoint({"a3", "secret"})


@pytest.mark.parametrize("damaged", [1, 2])
def test_a_damaged_generation_is_not_rewritten_as_if_it_were_whole(index: IndexFolder, damaged: int) -> None:
    path = index.generation(damaged) / "vectors" / "embeddings.npy"
    path.write_bytes(path.read_bytes()[:-2] + b"xx")
    (index.generation(damaged) / "columns" / "seq.npy").unlink()
    assert takedown(index, "secret", "court order 7").traces == ()
    assert jobs.verify(index) == []
    assert traces(index.root) == {}
    assert len(index.numbers()) == (1 if damaged == 1 else 2)
    library = opened_library(index)
    assert len(library.view.snapshot if library.view else ()) == 31
    library.close()


# Over HTTP -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def client(index: IndexFolder) -> Iterator[TestClient]:
    key = Keys.of(index).add("chief", Scope.ADMIN, now=utc_now())
    with TestClient(create_app(Settings(index=index.root)), headers={"Authorization": f"Bearer {key}"}) as client:
        yield client


def test_a_service_forgets_it_while_it_runs(client: TestClient, index: IndexFolder) -> None:
    found = client.get("/v1/search", params={"q": "missing crates", "limit": 3})
    assert found.json()["hits"][0]["id"] == "secret"
    pages = client.get("/v1/search", params={"q": "harbour", "limit": 2}).json()["next_cursor"]
    receipt = client.post("/v1/articles/secret/takedown", json={"reason": "court order 7"})
    assert receipt.status_code == 200, receipt.text
    assert receipt.json()["traces"] == []
    assert [one["from"] for one in receipt.json()["generations_rewritten"]] == [1, 2]
    for path in (
        "/v1/search?q=missing+crates",
        "/v1/search?q=harbour&facets=source&limit=50",
        f"/v1/search?q=harbour&limit=2&cursor={pages}",
        "/v1/suggest?q=quen",
        "/v1/articles/a1/related?limit=50",
        "/v1/stories?window=52w",
        "/v1/search?q=crates&as_of=2026-02-05",
        "/",
        "/?q=crates",
    ):
        answer = client.get(path)
        assert answer.status_code in (200, 410), path
        assert not [mark for mark in MARKS if mark in answer.text], path
    assert client.get("/v1/search?q=tag:quenbygate").json()["hits"] == []
    assert client.get("/v1/articles/secret").status_code == 404
    assert client.get("/v1/articles/secret/related").status_code == 404
    assert client.get("/v1/related", params={"url": secret()["url"]}).json()["seed"] is None
    assert client.post("/v1/articles/secret/takedown", json={"reason": "again"}).status_code == 410
    assert client.post("/v1/articles/unknown/takedown", json={"reason": "x"}).status_code == 404
    assert client.post("/v1/articles/a1/takedown", json={}).status_code == 422
    assert traces(index.root) == {}


def test_readers_find_it_no_more_from_the_first_moment_on(client: TestClient, index: IndexFolder) -> None:
    with index.building():  # a long build is under way, which the takedown waits for
        waiting = threading.Thread(target=takedown, args=(index, "secret", "court order 7"))
        waiting.start()
        while "secret" in ids_of(index):
            pass
        assert client.get("/v1/articles/secret").status_code == 404
        assert "secret" not in client.get("/v1/search?q=missing+crates").text.replace("secretary", "")
        taken_up(client)
        assert not [mark for mark in MARKS if mark in client.get("/v1/search?q=missing+crates&facets=source").text]
    waiting.join()
    taken_up(client)
    assert traces(index.root) == {}
