"""Related articles over HTTP and on the command line: from an id, an address, a draft, liked articles; modes; caching."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.filters import Filters
from indexer.layout import IndexFolder
from search_api import jobs
from search_api.app import create_app
from search_api.evaluation import JudgedQuery, measures
from search_api.judging import Collection, by_text
from search_api.related_candidates import by_words, proposed
from search_api.seeds import known_seeds, rows_of
from search_api.settings import Settings
from tests.support import NOW, command, index_of, put_in_stories, record, write_jsonl

SECRET = "https://news.example/secret"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        records = [record(number) for number in range(40)]
        records[4] |= {"id": "copy", "body": records[0]["body"], "source": "Wire"}
        records[2] |= {"pubstatus": "withheld", "url": SECRET}
        records[24] |= {"id": "blank é", "body": records[24]["body"] * 6}
        index = index_of(tmp_path_factory.mktemp("related"), records)
        put_in_stories(index, {"a0": "ferries", "a8": "ferries", "a20": "ferries", "a1": "rates", "a12": "other"})
        return index


@pytest.fixture(scope="module")
def client(index: IndexFolder) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(index=index.root), clock=lambda: NOW), raise_server_exceptions=False) as client:
        yield client


def ids(document: dict[str, Any]) -> list[str]:
    return [hit["id"] for hit in document["hits"]]


def asked(client: TestClient, address: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(address, params=parameters)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def posted(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/related", json=body)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_a_known_address_is_answered_like_its_article(client: TestClient) -> None:
    by_url = asked(client, "/v1/related", url=f"{record(8)['url']}?utm_source=mail")
    assert by_url == asked(client, "/v1/articles/a8/related")
    assert by_url["seed"] == "a8"


def test_an_unknown_address_gets_the_labelled_fallback_and_so_does_a_hidden_article_s(client: TestClient) -> None:
    unknown = asked(client, "/v1/related", url="https://elsewhere.example/x", section="rate")
    assert unknown["seed"] is None
    assert unknown["fallback_used"] == "recent"
    assert {(hit["section"], hit["score"]) for hit in unknown["hits"]} == {("rate", 0.0)}
    assert asked(client, "/v1/related", url=SECRET) == asked(client, "/v1/related", url="https://news.example/other")
    assert asked(client, "/v1/related", url=SECRET, fallback="none")["hits"] == []
    nowhere = client.get("/v1/related", params={"url": "not an address at all"})
    assert nowhere.status_code == 422
    assert "url 'not an address at all' is not an absolute http(s) URL" in nowhere.json()["detail"]


def test_latest_is_what_came_after_the_newest_first(client: TestClient) -> None:
    document = asked(client, "/v1/articles/a8/related", mode="latest", min_score=0.1, fallback="none")
    dates = [hit["published_at"] for hit in document["hits"]]
    assert dates == sorted(dates, reverse=True)
    assert min(dates) > record(8)["published_at"].replace("+00:00", "Z")
    assert "a20" in ids(asked(client, "/v1/articles/a0/related", mode="latest", fallback="none"))


def test_background_is_older_and_has_room_to_explain(client: TestClient) -> None:
    document = asked(client, "/v1/articles/a32/related", mode="background", min_score=0.05, fallback="none", limit=30)
    assert document["hits"] == []
    document = asked(client, "/v1/articles/a36/related", mode="background", min_score=0.05, fallback="none", limit=30)
    assert ids(document) == ["blank é"]


def test_same_story_is_the_story_and_nothing_else_unless_asked(client: TestClient) -> None:
    assert sorted(ids(asked(client, "/v1/articles/a0/related", mode="same_story"))) == ["a20", "a8"]
    alone = asked(client, "/v1/articles/a1/related", mode="same_story")
    assert (alone["hits"], alone["fallback_used"]) == ([], None)
    filled = asked(client, "/v1/articles/a1/related", mode="same_story", fallback="section")
    assert filled["fallback_used"] == "section"
    assert len(filled["hits"]) == 3


def test_a_window_keeps_what_is_near_in_time(client: TestClient) -> None:
    near = asked(client, "/v1/articles/a16/related", window="1d", min_score=0, limit=100, fallback="none")
    assert near["hits"]
    for hit in near["hits"]:
        assert abs(int(hit["id"].removeprefix("a")) - 16) * 7 <= 24


def test_excluded_articles_go_with_their_copies(client: TestClient) -> None:
    everything = ids(asked(client, "/v1/articles/a8/related", min_score=0, limit=100))
    assert {"a0", "copy"} & set(everything)
    left = ids(asked(client, "/v1/articles/a8/related", min_score=0, limit=100, exclude=["copy", "a12"]))
    assert not {"a0", "copy", "a12"} & set(left)


def test_diversity_and_a_cap_spread_the_list(client: TestClient) -> None:
    capped = asked(client, "/v1/articles/a0/related", max_per_source=1, min_score=0, limit=100, fallback="none")
    sources = [hit["source"] for hit in capped["hits"]]
    assert len(sources) == len(set(sources))
    plain = asked(client, "/v1/articles/a0/related", min_score=0, limit=30)
    spread = asked(client, "/v1/articles/a0/related", min_score=0, limit=30, diversity=0.9)
    assert ids(plain) != ids(spread)
    assert ids(plain)[0] == ids(spread)[0]


def test_a_draft_finds_what_is_like_it_and_is_not_stored(client: TestClient) -> None:
    draft = {"title": "Ferry off Mwanza", "body": record(40)["body"], "section": "ferry"}
    document = posted(client, **draft)
    assert document["seed"] is None
    assert document["hits"][0]["section"] == "ferry"
    assert posted(client, **draft, sections=["rate"], fallback="none", min_score=0.01)["hits"][0]["section"] == "rate"
    assert client.get("/v1/search", params={"q": '"Ferry off Mwanza"'}).json()["hits"] == []


@pytest.mark.parametrize(
    "edit", [str, lambda body: f"{body} Nobody was hurt.", lambda body: body.replace("over", "down")]
)
def test_a_draft_s_copies_in_the_archive_are_its_duplicates(tmp_path: Path, edit: Any) -> None:
    text = " ".join(record(number)["body"] for number in (0, 1, 2))
    index = index_of(tmp_path, [record(8), record(12), record(0) | {"body": edit(text)}])
    with TestClient(create_app(Settings(index=index.root), clock=lambda: NOW)) as client:
        document = posted(client, title="Ferry report", body=text, min_score=0)
    assert "a0" not in ids(document)
    assert document["removed"]["seed_duplicates"] == 1


def test_several_liked_articles_make_one_list_and_unliked_ones_turn_it_away(client: TestClient) -> None:
    liked = posted(client, like=["a0", "a1"], limit=30, min_score=0)
    assert {hit["section"] for hit in liked["hits"][:2]} == {"ferry", "rate"}
    turned = posted(client, like=["a0", "a1"], unlike=["a5", "a9"], limit=30, min_score=0)
    assert not {"a0", "copy", "a1", "a5", "a9"} & set(ids(turned))

    def first_rate(document: dict[str, Any]) -> int:
        return [hit["section"] for hit in document["hits"]].index("rate")

    assert first_rate(turned) >= first_rate(liked)
    assert posted(client, like=["a8"])["hits"] == asked(client, "/v1/articles/a8/related")["hits"]


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({}, 422, "give title, body or like"),
        ({"title": " "}, 422, "give title, body or like"),
        ({"like": ["a0", "nobody", "a2"]}, 404, "nobody, a2"),
        ({"title": "x", "unlike": ["nobody"]}, 404, "nobody"),
        ({"like": ["a0", "a1"], "unlike": ["a1"]}, 422, "both name a1"),
        ({"title": "x", "published_at": "soon"}, 422, "published_at is 'soon'"),
        ({"title": "x", "language": "?"}, 422, "language is '?'"),
        ({"title": "x", "window": "soon"}, 422, "window is 'soon'"),
        ({"title": "x" * 1001}, 422, "title"),
        ({"body": "x" * 50_001}, 422, "body"),
        ({"like": ["a0"] * 21}, 422, "like"),
        ({"title": "x", "colour": "red"}, 422, "colour: unknown parameter"),
        ({"title": "x", "limit": 101}, 422, "limit"),
    ],
)
def test_what_cannot_be_looked_for_is_a_problem_that_says_why(
    client: TestClient, body: dict[str, Any], status: int, named: str
) -> None:
    answer = client.post("/v1/related", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert named in answer.json()["detail"]


def test_an_empty_archive_gives_empty_lists(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(index=tmp_path / "index"), clock=lambda: NOW)) as client:
        assert asked(client, "/v1/related", url="https://news.example/x")["hits"] == []
        assert posted(client, title="Ferry")["hits"] == []
        assert client.post("/v1/related", json={"like": ["a0"]}).status_code == 404


def test_an_answer_names_its_articles_so_that_caches_can_drop_it(client: TestClient) -> None:
    answer = client.get("/v1/articles/a36/related?min_score=0&limit=100")
    named = answer.headers["surrogate-key"].split(" ")
    assert named[0] == "a36"
    assert "blank%20%C3%A9" in named
    assert len(named) == 1 + len(answer.json()["hits"])
    again = client.get(
        "/v1/articles/a36/related?min_score=0&limit=100", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.headers["surrogate-key"]) == (304, answer.headers["surrogate-key"])
    assert client.get("/widget/related/a36").headers["surrogate-key"].startswith("a36 ")


def test_a_correction_and_a_withdrawal_change_every_list_that_named_the_article(tmp_path: Path) -> None:
    records = [record(number) for number in range(0, 40, 4)]
    index = index_of(tmp_path, records)
    app = create_app(Settings(index=index.root), clock=lambda: NOW)
    with TestClient(app) as client:
        address = "/v1/articles/a0/related?limit=100&min_score=0"
        before = client.get(address)
        assert "a8" in ids(before.json())
        corrected = record(8) | {"correction": "It was another ferry.", "updated_at": NOW.isoformat()}
        jobs.ingest(index, [str(write_jsonl(tmp_path / "corrected.jsonl", [corrected]))])
        app.state.library.refresh()
        after = client.get(address, headers={"If-None-Match": before.headers["etag"]})
        assert after.status_code == 200
        (hit,) = [hit for hit in after.json()["hits"] if hit["id"] == "a8"]
        assert (hit["correction"], hit["version"]) == ("It was another ferry.", 2)
        later = (NOW + timedelta(minutes=1)).isoformat()
        withheld = corrected | {"pubstatus": "withheld", "updated_at": later}
        jobs.ingest(index, [str(write_jsonl(tmp_path / "withheld.jsonl", [withheld]))])
        gone = client.get(address, headers={"If-None-Match": after.headers["etag"]})
        assert gone.status_code == 200
        for seed in range(0, 40, 4):
            if seed != 8:
                lists = client.get(f"/v1/articles/a{seed}/related?limit=100&min_score=0").json()
                assert "a8" not in ids(lists)


def test_the_command_takes_the_same_questions(index: IndexFolder) -> None:
    def run(*arguments: str) -> dict[str, Any]:
        done = command("related", *arguments, "--index", str(index.root), "--json")
        assert done.returncode == 0, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    assert sorted(ids(run("a0", "--mode", "same_story"))) == ["a20", "a8"]
    narrow = run(
        *("a8", "--window", "4w", "--section", "ferry", "--source", "Source 1", "--exclude", "a16", "--min-score", "0"),
        *("--max-per-source", "2", "--diversity", "0.5", "--fallback", "none", "--limit", "9"),
    )
    assert {(hit["section"], hit["source"]) for hit in narrow["hits"]} == {("ferry", "Source 1")}
    assert len(narrow["hits"]) <= 2
    assert "window is 'soon'" in command("related", "a0", "--window", "soon", "--index", str(index.root)).stderr


def test_copies_of_one_text_are_judged_as_one_answer(index: IndexFolder) -> None:
    qrels = {"a8": {"a0": 2, "copy": 3, "nowhere": 1}, "copy": {"a0": 3, "a8": 1}}
    questions = {seed: JudgedQuery(seed, seed) for seed in qrels}
    with jobs.opened(index) as library:
        asked = Collection("x", questions, qrels)
        run, judged = by_text(library, {"a8": ["copy", "a1"], "copy": ["a8"]}, asked, seeds=True)
    text = run["a8"][0]
    assert judged["a8"] == {text: 3, "nowhere": 1}
    assert judged["copy"] == {run["copy"][0]: 1}
    assert measures(run, judged)["mrr@10"] == 1.0


def test_a_typed_query_may_have_the_id_of_an_article(index: IndexFolder) -> None:
    asked = Collection("x", {"a8": JudgedQuery("a8", "ferry")}, {"a8": {"a8": 1}})
    with jobs.opened(index) as library:
        run, judged = by_text(library, {"a8": ["a8"]}, asked, seeds=False)
    assert measures(run, judged)["mrr@10"] == 1.0


@pytest.mark.parametrize("hidden", [{"pubstatus": "withheld"}, {"embargoed": "2030-01-01T00:00:00Z"}])
def test_a_hidden_article_tells_nothing_of_itself(tmp_path: Path, hidden: dict[str, Any]) -> None:
    """Neither its address, nor its text, nor its id lets out that it is held, its story, or which articles copy it."""
    records = [record(number) for number in range(20)]
    records[6] |= hidden
    copy = record(10) | {"id": "copy", "url": "https://wire.example/1", "body": records[6]["body"], "source": "Wire"}
    index = index_of(tmp_path, [*records, copy])
    put_in_stories(index, {"a6": "quakes", "a10": "quakes", "a14": "quakes", "copy": None})
    with TestClient(create_app(Settings(index=index.root), clock=lambda: NOW)) as client:
        draft = {"title": "Tremor", "mode": "same_story", "min_score": 0, "limit": 30}
        assert ids(posted(client, **draft, url=records[10]["url"])) == ["a14"]
        assert posted(client, **draft, url=records[6]["url"]) == posted(
            client, **draft, url="https://news.example/none"
        )
        for mode in ("related", "latest", "background"):
            one = {"title": "Tremor", "mode": mode, "limit": 30}
            assert posted(client, **one, url=records[6]["url"]) == posted(client, **one, url="https://news.example/no")
        assert ids(posted(client, **draft, body=records[6]["body"])) == []
        everything = asked(client, "/v1/articles/a14/related", min_score=0, limit=100)
        assert "copy" in ids(everything)
        assert everything == asked(client, "/v1/articles/a14/related", min_score=0, limit=100, exclude="a6")


def test_a_draft_may_be_dated_up_to_the_end_of_the_calendar(client: TestClient) -> None:
    last = "9999-12-31T23:59:59Z"
    for mode in ("related", "latest", "background", "same_story"):
        answer = client.post("/v1/related", json={"title": "Ferry", "published_at": last, "mode": mode, "window": "4w"})
        assert answer.status_code == 200
    assert ids(posted(client, title="Ferry", published_at=last, mode="latest", min_score=0)) == []


@pytest.mark.parametrize("address", ["/v1/related", "/v1/search"])
@pytest.mark.parametrize("depth", [1, 2, 600, 900])
def test_values_nested_to_any_depth_are_refused(client: TestClient, address: str, depth: int) -> None:
    nested = "[" * depth + '"\\ud800"' + "]" * depth
    body = f'{{"title": {nested}, "q": {nested}}}'
    answer = client.post(address, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


def test_a_fallback_keeps_to_the_mode_s_own_time(client: TestClient) -> None:
    seed = record(20)["published_at"]
    for mode in ("latest", "background"):
        document = asked(client, "/v1/articles/a20/related", mode=mode, min_score=1, fallback="recent")
        dates = [hit["published_at"].replace("Z", "+00:00") for hit in document["hits"]]
        assert len(dates) == 3
        assert (min(dates) > seed) if mode == "latest" else (max(dates) < seed)


def test_words_find_articles_behind_many_hidden_ones(tmp_path: Path) -> None:
    """The hidden ones hold the same words; none of them takes the place of one that readers may see."""
    told = "Zephyrine quibblers jostled."
    embargo = {"title": told, "embargoed": "2030-01-01T00:00:00Z"}
    hidden = [record(number) | embargo | {"body": f"{told} {number}"} for number in range(1, 261)]
    seen = record(400) | {"id": "seen", "title": "Elsewhere", "body": f"Much else was said of other things. {told}"}
    index = index_of(tmp_path, [record(0) | {"id": "seed", "title": told, "body": told}, *hidden, seen])
    with jobs.opened(index) as library:
        assert library.view is not None
        snapshot = library.view.snapshot
        (seed,) = known_seeds(library, library.view, ["seed"], NOW)
        everything = Filters(NOW)
        pool = proposed(snapshot, seed, everything)
        (row,) = rows_of(library, snapshot, ["seen"], NOW)
        assert pool.signals.lexical[pool.rows.tolist().index(row)] > 0
        rows, _ = by_words(snapshot, seed, everything)
        assert row in rows


def test_too_many_articles_for_a_header_are_one_key(monkeypatch: pytest.MonkeyPatch, client: TestClient) -> None:
    monkeypatch.setattr("search_api.routes.api.MOST_KEY_BYTES", 5)
    assert client.get("/v1/articles/a0/related").headers["surrogate-key"] == "dateline/many"
