"""Stories over HTTP: what a hit says of its own, one with its timeline, those that are moving, search folded by story."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.archive import Archive
from indexer.layout import IndexFolder
from search_api import jobs
from search_api.app import create_app
from search_api.settings import Settings
from tests.support import NOW, index_of, put_in_stories, record, taken_up, write_jsonl


def article(number: int, days_ago: float | None, **fields: Any) -> dict[str, Any]:
    when = None if days_ago is None else (NOW - timedelta(days=days_ago)).isoformat()
    return record(number) | {"published_at": when, **fields}


def copy_of(original: Mapping[str, Any], days_ago: float | None, **fields: Any) -> dict[str, Any]:
    """The same text under another id and source."""
    when = None if days_ago is None else (NOW - timedelta(days=days_ago)).isoformat()
    return {**original, "published_at": when, "source": "Wire", **fields}


FERRY = article(0, 6, source="Ledger", body=f"{record(0)['body']} It was carrying more people than it may.")
RECORDS = [
    FERRY,
    article(4, 1, source="Ledger", correction="The ferry had two decks."),
    article(8, 0.5, source="Courier", section="world"),
    copy_of(FERRY, 7, id="alert", body=f"{record(0)['body'][:60]}"),
    copy_of(FERRY, 5, id="wire", title="Wire: Ferry report 0"),
    article(12, None, source="Courier"),
    article(16, 0.2, source="Courier", embargoed=(NOW + timedelta(hours=1)).isoformat()),
    article(20, 0.1, source="Courier", pubstatus="withheld"),
    article(1, 3, source="Ledger"),
    article(5, 30, source="Ledger", language="fr"),
    article(2, 0.1, source="Courier"),
    article(6, 90, source="Ledger"),
    article(10, 80, source="Ledger"),
    article(3, 200, source="Ledger"),
]
STORIES = {
    **dict.fromkeys(("a0", "a4", "a8", "alert", "wire", "a12", "a16", "a20"), "ferry"),
    **dict.fromkeys(("a1", "a5"), "rate"),
    **dict.fromkeys(("a6", "a10"), "quake"),
    "a2": "single",
    "a3": None,
}


def make_copies(index: IndexFolder, *article_ids: str) -> None:
    """Put articles in the text group of the first."""
    with index.writing(), Archive(index.archive) as archive, archive.transaction():
        archive._db.execute(
            "UPDATE articles SET text_group = (SELECT text_group FROM articles WHERE article_id = ?) "
            f"WHERE article_id IN ({', '.join('?' * len(article_ids))})",
            (article_ids[0], *article_ids),
        )


def merge(index: IndexFolder, gone: str, into: str, members: Iterable[str]) -> None:
    """Merge one story into another, its articles with it."""
    with index.writing(), Archive(index.archive) as archive, archive.transaction():
        numbers = [archive.places.story_numbers(story_id)[-1] for story_id in (gone, into)]
        archive.places.merge_story(*numbers)
    put_in_stories(index, dict.fromkeys(members, into))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        index = index_of(tmp_path_factory.mktemp("stories"), RECORDS)
        make_copies(index, "a0", "alert", "wire")
        put_in_stories(index, STORIES)
        return index


def served(index: IndexFolder, now: datetime = NOW) -> TestClient:
    return TestClient(create_app(Settings(index=index.root), clock=lambda: now), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def client(index: IndexFolder) -> Iterator[TestClient]:
    with served(index) as client:
        yield client


def ids(articles: list[dict[str, Any]]) -> list[str]:
    return [article["id"] for article in articles]


# Hits --------------------------------------------------------------------------------------------------------------


def test_a_hit_says_which_story_it_is_of_and_how_many_articles_that_has(client: TestClient) -> None:
    hits = client.get("/v1/search?q=report&limit=100&min_score=0").json()["hits"]
    said = {hit["id"]: hit["story"] for hit in hits}
    assert said["a4"] == said["a0"] == {"id": "ferry", "size": 4}
    assert said["a1"] == {"id": "rate", "size": 2}
    assert said["a2"] == {"id": "single", "size": 1}
    assert said["a3"] is None


def test_related_hits_say_it_too(client: TestClient) -> None:
    hits = client.get("/v1/articles/a0/related?min_score=0&limit=100").json()["hits"]
    assert {hit["story"]["id"] for hit in hits if hit["section"] == "ferry"} == {"ferry"}


def test_the_ids_of_all_hits_stories_are_one_query(index: IndexFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    from indexer.archive_places import Places

    asked: list[int] = []
    story_ids = Places.story_ids

    def counted(places: Places, numbers: Any) -> dict[int, str]:
        asked.append(len(numbers))
        return story_ids(places, numbers)

    with served(index) as client:
        monkeypatch.setattr(Places, "story_ids", counted)
        assert len(client.get("/v1/search?q=report&limit=100&min_score=0").json()["hits"]) > 5
    assert asked == [4]


# Copies ------------------------------------------------------------------------------------------------------------


def test_the_earliest_full_text_is_shown_at_the_place_of_the_best_copy(client: TestClient) -> None:
    asked: dict[str, Any] = {"q": "wire ferry report 0 from Mwanza", "explain": True, "min_score": 0, "limit": 100}
    (hit,) = [
        hit for hit in client.get("/v1/search", params=asked).json()["hits"] if hit["id"] in ("a0", "alert", "wire")
    ]
    apart = client.get("/v1/search", params=asked | {"collapse": "none"}).json()["hits"]
    best = next(one for one in apart if one["id"] in ("a0", "alert", "wire"))
    assert best["id"] != "a0"
    assert (hit["id"], hit["source"]) == ("a0", "Ledger")
    assert hit["score"] == best["score"]
    assert hit["explain"]["bm25"] == best["explain"]["bm25"]
    assert sorted(hit["explain"]["folded"]) == ["alert", "wire"]
    assert hit["duplicates"] == {"count": 2, "sources": ["Wire"]}


def test_only_copies_that_answer_can_stand_for_the_others(client: TestClient) -> None:
    hits = client.get("/v1/search?q=ferry report 0&source=Wire&min_score=0&limit=100").json()["hits"]
    assert ids(hits) == ["wire"]
    assert hits[0]["duplicates"] == {"count": 1, "sources": ["Wire"]}


@pytest.mark.parametrize(("sort", "shown"), [("newest", "wire"), ("oldest", "alert")])
def test_in_an_order_by_date_the_copy_that_has_the_place_is_shown(client: TestClient, sort: str, shown: str) -> None:
    for q in ("ferry report 0", "section:ferry"):
        hits = client.get("/v1/search", params={"q": q, "sort": sort, "limit": 100}).json()["hits"]
        assert [hit["id"] for hit in hits if hit["id"] in ("a0", "alert", "wire")] == [shown]


def test_counts_and_caps_are_of_the_articles_shown(client: TestClient) -> None:
    asked: dict[str, Any] = {"q": "ferry report", "limit": 100, "min_score": 0, "facets": "source"}
    answer = client.get("/v1/search", params=asked).json()
    assert "Wire" not in answer["facets"]["source"]
    assert sum(hit["source"] == "Ledger" for hit in answer["hits"]) == answer["facets"]["source"]["Ledger"]
    capped = client.get("/v1/search", params=asked | {"max_per_source": 1}).json()
    assert sorted(hit["source"] for hit in capped["hits"]) == ["Courier", "Ledger"]


def test_a_withdrawn_canonical_copy_gives_its_place_to_the_next(tmp_path: Path) -> None:
    index = index_of(tmp_path, RECORDS)
    make_copies(index, "a0", "alert", "wire")
    put_in_stories(index, STORIES)
    with served(index) as client:
        jobs.ingest(index, [str(write_jsonl(tmp_path / "gone.jsonl", [FERRY | {"pubstatus": "withheld"}]))])
        for refreshed in (False, True):
            if refreshed:
                taken_up(client)
            hits = client.get("/v1/search?q=ferry report 0&min_score=0&limit=100").json()["hits"]
            (hit,) = [hit for hit in hits if hit["id"] in ("a0", "alert", "wire")]
            assert hit["id"] == "wire"
            assert hit["duplicates"] == {"count": 1, "sources": ["Wire"]}
            page = client.get("/v1/stories/ferry").json()
            assert "a0" not in ids(page["timeline"])
            assert page["size"] == 4


# Search folded by story --------------------------------------------------------------------------------------------


def test_search_folded_by_story_shows_the_best_of_each_and_articles_without_one(client: TestClient) -> None:
    asked: dict[str, Any] = {"q": "report", "limit": 100, "min_score": 0}
    hits = client.get("/v1/search", params=asked | {"collapse": "story"}).json()["hits"]
    plain = client.get("/v1/search", params=asked).json()["hits"]
    best = {(hit["story"] or hit)["id"]: hit for hit in reversed(plain)}
    assert sorted((hit["story"] or hit)["id"] for hit in hits) == sorted(best)
    assert all(best[(hit["story"] or hit)["id"]] == hit for hit in hits)
    for page in range(len(hits)):
        assert hits[page]["duplicates"]["count"] in (0, 2)


def test_search_folded_by_story_can_be_paged_and_asked_in_a_body(client: TestClient) -> None:
    asked: dict[str, Any] = {"q": "report", "limit": 2, "min_score": 0, "collapse": "story"}
    seen: list[str] = []
    answer = client.post("/v1/search", json=asked).json()
    total = answer["total"]["value"]
    while True:
        seen += [(hit["story"] or hit)["id"] for hit in answer["hits"]]
        if answer["next_cursor"] is None:
            break
        answer = client.post("/v1/search", json=asked | {"cursor": answer["next_cursor"]}).json()
    assert sorted(seen) == ["a3", "ferry", "quake", "rate", "single"]
    assert total == len(seen)


# One story ---------------------------------------------------------------------------------------------------------


def test_a_story_is_told_from_its_beginning_with_copies_folded(client: TestClient) -> None:
    page = client.get("/v1/stories/ferry").json()
    assert ids(page["timeline"]) == ["a0", "a4", "a8", "a12"]
    assert page["timeline"][0]["duplicates"] == {"count": 2, "sources": ["Wire"]}
    assert page["timeline"][1]["correction"] == "The ferry had two decks."
    assert (page["id"], page["size"]) == ("ferry", 4)
    assert (page["first"], page["latest"]) == (page["timeline"][0], page["timeline"][2])
    assert (page["first_at"], page["latest_at"]) == (page["first"]["published_at"], page["latest"]["published_at"])
    assert page["sources"] == [{"name": name, "articles": 2} for name in ("Courier", "Ledger", "Wire")]
    assert page["sections"] == ["ferry", "world"]
    assert page["title"] in {entry["title"] for entry in page["timeline"]}


def test_a_timeline_comes_in_parts(client: TestClient) -> None:
    whole = client.get("/v1/stories/ferry").json()
    parts = [client.get(f"/v1/stories/ferry?limit=3&offset={offset}").json() for offset in (0, 3, 6)]
    assert [ids(part["timeline"]) for part in parts] == [["a0", "a4", "a8"], ["a12"], []]
    assert all(part | {"timeline": whole["timeline"]} == whole for part in parts)


def test_hidden_articles_are_in_no_story_until_their_embargo_ends_by_itself(index: IndexFolder) -> None:
    with served(index, NOW + timedelta(hours=2)) as later:
        page = later.get("/v1/stories/ferry").json()
        assert ids(page["timeline"]) == ["a0", "a4", "a8", "a16", "a12"]
        assert (page["size"], page["latest"]["id"]) == (5, "a16")
        (moving,) = [one for one in later.get("/v1/stories").json()["stories"] if one["id"] == "ferry"]
        assert (moving["size"], moving["recent"], moving["latest"]["id"]) == (5, 4, "a16")


def test_a_withdrawn_latest_article_is_told_no_more(tmp_path: Path) -> None:
    index = index_of(tmp_path, RECORDS)
    put_in_stories(index, STORIES)
    with served(index) as client:
        assert client.get("/v1/stories/ferry").json()["latest"]["id"] == "a8"
        gone = [article(8, 0.5, source="Courier", section="world", pubstatus="canceled")]
        jobs.ingest(index, [str(write_jsonl(tmp_path / "gone.jsonl", gone))])
        assert client.get("/v1/stories/ferry").json()["latest"]["id"] == "a4", "before the snapshot knows"
        taken_up(client)
        page = client.get("/v1/stories/ferry").json()
        assert page["latest"]["id"] == "a4"
        assert "a8" not in ids(page["timeline"])
        assert "world" not in page["sections"]
        (moving,) = [one for one in client.get("/v1/stories").json()["stories"] if one["id"] == "ferry"]
        assert moving["latest"]["id"] == "a4"


def test_a_merged_story_answers_under_its_present_id(tmp_path: Path) -> None:
    index = index_of(tmp_path, RECORDS)
    put_in_stories(index, STORIES)
    with served(index) as client:
        assert client.get("/v1/stories/rate").json()["size"] == 2
        merge(index, "rate", "quake", ["a1", "a5"])
        taken_up(client)
        page = client.get("/v1/stories/rate").json()
        assert page == client.get("/v1/stories/quake").json()
        assert (page["id"], ids(page["timeline"])) == ("quake", ["a6", "a10", "a5", "a1"])
        hits = client.get("/v1/search?q=rate report 1 from Mwanza").json()["hits"]
        assert hits[0]["story"] == {"id": "quake", "size": 4}


def test_a_story_that_readers_may_see_nothing_of_does_not_exist(tmp_path: Path) -> None:
    hidden = [article(0, 1, pubstatus="withheld"), article(4, 1, embargoed=(NOW + timedelta(hours=1)).isoformat())]
    index = index_of(tmp_path, [*hidden, article(1, 1)])
    put_in_stories(index, {"a0": "secret", "a4": "secret", "a1": "rate"})
    with served(index) as client:
        secret, unknown = (
            client.get(f"/v1/stories/{story}", headers={"X-Request-ID": "r-1"}) for story in ("secret", "nothing")
        )
        for answer in (secret, unknown):
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["title"] == "No such story"
        assert secret.text.replace("secret", "nothing") == unknown.text
        assert ids(client.get("/v1/stories").json()["stories"]) == ["rate"]


def test_an_empty_index_has_no_stories(tmp_path: Path) -> None:
    with served(IndexFolder(tmp_path / "index")) as client:
        assert client.get("/v1/stories").json() == {"window": "7d", "stories": []}
        assert client.get("/v1/stories/ferry").status_code == 404


@pytest.mark.parametrize("path", ["/v1/stories/ferry", "/v1/stories?as_of=2026-06-01T11:00:00Z"])
def test_both_can_be_cached(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert "stale-if-error" in answer.headers["cache-control"]
    assert {"a0", "a4", "a8"} <= set(answer.headers["surrogate-key"].split())
    assert client.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


# What is moving ----------------------------------------------------------------------------------------------------


def test_stories_that_move_come_first_and_single_articles_after_them(client: TestClient) -> None:
    stories = client.get("/v1/stories").json()["stories"]
    assert ids(stories) == ["ferry", "rate", "single"]
    ferry, rate, single = stories
    assert (ferry["size"], ferry["recent"], ferry["sources"]) == (
        4,
        3,
        {"count": 3, "names": ["Courier", "Ledger", "Wire"]},
    )
    assert ids(ferry["articles"]) == ["a8", "a4", "a0"]
    assert ferry["latest"] == ferry["articles"][0]
    assert (ferry["first_at"], ferry["latest_at"]) == (
        ferry["articles"][2]["published_at"],
        ferry["latest"]["published_at"],
    )
    assert (rate["size"], rate["recent"], ids(rate["articles"])) == (2, 1, ["a1", "a5"])
    assert (single["size"], single["recent"]) == (1, 1)
    assert single["score"] > rate["score"]
    assert client.get("/v1/stories?limit=1").json()["stories"] == stories[:1]


def test_the_score_is_the_documented_one(client: TestClient) -> None:
    (rate,) = [one for one in client.get("/v1/stories").json()["stories"] if one["id"] == "rate"]
    assert rate["score"] == pytest.approx(2 ** (-4 * 3 / 7), abs=1e-3)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"window": "12h"}, ["ferry", "single"]),
        ({"window": "1y"}, ["ferry", "rate", "quake", "single"]),
        ({"window": "9999y"}, ["ferry", "rate", "quake", "single"]),
        ({"section": "rate"}, ["rate"]),
        ({"section": ["rate", "quake"]}, ["rate", "single"]),
        ({"source": "courier"}, ["ferry", "single"]),
        ({"language": "fr"}, []),
        ({"language": "fr", "window": "8w"}, ["rate"]),
        ({"as_of": "2026-03-15"}, ["quake"]),
    ],
)
def test_a_window_a_moment_and_filters_choose_what_moves(
    client: TestClient, asked: dict[str, str], expected: list[str]
) -> None:
    assert ids(client.get("/v1/stories", params=asked).json()["stories"]) == expected


def test_only_what_fits_the_filters_is_shown_of_a_story(client: TestClient) -> None:
    (ferry, _) = client.get("/v1/stories?source=Courier").json()["stories"]
    assert (ferry["size"], ferry["recent"], ids(ferry["articles"])) == (4, 1, ["a8"])
    assert ferry["sources"] == {"count": 1, "names": ["Courier"]}
    then = client.get("/v1/stories?as_of=2026-05-31T11:00:00Z").json()["stories"]
    (ferry,) = [one for one in then if one["id"] == "ferry"]
    assert (ferry["size"], ids(ferry["articles"])) == (1, ["a0"]), "not the one without a date: it came later"


def test_a_reprint_moves_nothing(tmp_path: Path) -> None:
    index = index_of(tmp_path, [FERRY, article(4, 20), copy_of(FERRY, 0.1, id="wire")])
    make_copies(index, "a0", "wire")
    put_in_stories(index, dict.fromkeys(("a0", "a4", "wire"), "ferry"))
    with served(index) as client:
        assert client.get("/v1/stories?window=24h").json()["stories"] == []
        (ferry,) = client.get("/v1/stories").json()["stories"]
        assert (ferry["size"], ferry["recent"], ids(ferry["articles"])) == (2, 1, ["a0", "a4"])


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/v1/stories?colour=red", "colour: unknown parameter"),
        ("/v1/stories?window=soon", "window is 'soon'"),
        ("/v1/stories?window=auto", "window is 'auto'"),
        ("/v1/stories?as_of=soon", "as_of is 'soon'"),
        ("/v1/stories?limit=101", "limit"),
        ("/v1/stories/ferry?colour=red", "colour: unknown parameter"),
        ("/v1/stories/ferry?limit=201", "limit"),
        ("/v1/stories/ferry?offset=-1", "offset"),
        ("/v1/search?q=x&collapse=topic", "collapse"),
    ],
)
def test_a_wrong_parameter_is_a_422_problem_that_names_it(client: TestClient, path: str, named: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert named in answer.json()["detail"]


def test_a_hit_s_story_is_as_large_as_it_was_at_the_moment_asked_for(client: TestClient) -> None:
    def size(**asked: str) -> int:
        hits = client.get("/v1/search", params={"q": "ferry", "limit": 50, **asked}).json()["hits"]
        (told,) = {(hit["story"]["id"], hit["story"]["size"]) for hit in hits if hit["story"]["id"] == "ferry"}
        return int(told[1])

    then = (NOW - timedelta(days=4)).isoformat()
    assert size(as_of=then) == size() - 3, "the one without a date came later"


def test_what_is_moving_stays_the_same_answer_for_a_while(index: IndexFolder) -> None:
    """In steps of a thousandth of the window, which is ten minutes of seven days."""
    begun = NOW.replace(hour=0)
    tags = []
    for minutes in (0, 1, 2, 20):
        with served(index, begun + timedelta(minutes=minutes)) as service:
            tags.append(service.get("/v1/stories").headers["etag"])
    assert len(set(tags[:3])) <= 2
    assert tags[3] != tags[0]
