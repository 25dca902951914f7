from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.archive import Archive
from indexer.errors import DatelineError, EngineLacks, EngineUnavailable, IndexBusy, IndexDamaged, ModelError
from indexer.layout import IndexFolder
from search_api import jobs
from search_api.app import create_app
from search_api.settings import Settings
from tests.support import NOW, index_of, record, write_jsonl

HOSTILE = '<script>alert(1)</script> & \u202e"quoted"'


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        records = [record(number) for number in range(30)]
        records[4] |= {"id": "copy", "body": records[0]["body"], "source": "Wire"}
        records[1] |= {"title": HOSTILE, "correction": "The rate was wrong."}
        records[2] |= {"pubstatus": "withheld"}
        records[6] |= {"embargoed": (NOW + timedelta(hours=1)).isoformat()}
        records[7] |= {"language": "fa"}
        return index_of(tmp_path_factory.mktemp("http"), records)


@pytest.fixture(scope="module")
def client(index: IndexFolder) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(index=index.root), clock=lambda: NOW), raise_server_exceptions=False) as client:
        yield client


def test_search_answers_with_hits_snippets_and_a_next_page(client: TestClient) -> None:
    seen: list[str] = []
    parameters = {"q": "report dispatch", "limit": "7"}
    while True:
        answer = client.get("/v1/search", params=parameters).json()
        seen += [hit["id"] for hit in answer["hits"]]
        if answer["next_cursor"] is None:
            break
        parameters["cursor"] = answer["next_cursor"]
    assert len(seen) == len(set(seen)) == answer["total"]["value"] == 27
    assert "a2" not in seen
    assert "a6" not in seen


def test_copies_are_shown_once_with_their_sources(client: TestClient) -> None:
    hits = client.get("/v1/search", params={"q": "dispatch 0 from Mwanza ferry", "limit": 100}).json()["hits"]
    (group,) = [hit for hit in hits if hit["id"] in ("a0", "copy")]
    assert group["duplicates"]["count"] == 1
    assert group["duplicates"]["sources"]


def test_filters_are_taken_from_the_address(client: TestClient) -> None:
    answer = client.get("/v1/search?q=report&section=rate&section=final&exclude_source=Source%201&to=2026-01-03").json()
    assert answer["hits"]
    assert {hit["section"] for hit in answer["hits"]} <= {"rate", "final"}
    assert all(hit["source"] != "Source 1" and hit["published_at"] < "2026-01-04" for hit in answer["hits"])


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/v1/search?q=x&colour=red", "colour: unknown parameter"),
        ("/v1/search", "q: Field required"),
        ("/v1/search?q=%20", "q is empty"),
        ("/v1/search?q=x&limit=1000", "limit"),
        ("/v1/search?q=x&mode=magic", "mode"),
        ("/v1/search?q=x&from=soon", "from is 'soon'"),
        ("/v1/search?q=x&cursor=abc", "cursor"),
        ("/v1/articles/a0/related?window=soon", "window is 'soon'"),
        ("/articles/a0/related.rss?colour=red", "colour"),
        ("/v1/articles/a0?colour=red", "colour: unknown parameter"),
        ("/articles/a0?version=x", "version"),
        ("/?limit=abc", "limit"),
        ("/healthz?colour=red", "colour"),
    ],
)
def test_a_wrong_parameter_is_a_422_problem_that_names_it(client: TestClient, path: str, named: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert named in answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/articles/none",
        "/v1/articles/none/related",
        "/articles/none",
        "/articles/none/related.rss",
        "/stories/none",
        "/nowhere",
        "/demo/",
    ],
)
def test_what_does_not_exist_is_a_404_problem(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail", "request_id"}


@pytest.mark.parametrize("hidden", ["a2", "a6"])
def test_hidden_articles_are_nowhere(client: TestClient, hidden: str) -> None:
    for path in (
        f"/v1/articles/{hidden}",
        f"/v1/articles/{hidden}/related",
        f"/articles/{hidden}",
        f"/widget/related/{hidden}",
    ):
        assert client.get(path).status_code == 404
    for seed in ("a10", "a14", "a18"):
        hits = client.get(f"/v1/articles/{seed}/related?limit=100&min_score=0").json()["hits"]
        assert hidden not in [hit["id"] for hit in hits]


def test_a_hidden_article_s_section_is_in_no_menu(tmp_path: Path) -> None:
    secret = record(1) | {"section": "Secret", "embargoed": (NOW + timedelta(hours=1)).isoformat()}
    index = index_of(tmp_path, [record(0), record(4) | {"section": "FERRY"}, secret])
    with TestClient(create_app(Settings(index=index.root, demo=["a0"]), clock=lambda: NOW)) as client:
        for path, place in (("/", "<bdi>ferry<"), ("/demo/a0", ">ferry<")):
            text = client.get(path).text
            assert "Secret" not in text
            assert text.casefold().partition("</nav>")[0].count(place) == 1


def test_an_embargo_ends_by_itself(index: IndexFolder) -> None:
    with TestClient(create_app(Settings(index=index.root), clock=lambda: NOW + timedelta(hours=2))) as later:
        assert later.get("/v1/articles/a6").status_code == 200
        assert "a6" in [hit["id"] for hit in later.get("/v1/search?q=dispatch%206&limit=100").json()["hits"]]


def test_an_article_comes_with_all_its_fields(client: TestClient) -> None:
    article = client.get("/v1/articles/a1").json()
    assert article["correction"] == "The rate was wrong."
    assert article["body"].count("\n\n") == 1
    assert article["published_from"] == "record"


def test_related_never_holds_the_seed_or_its_copies_and_can_be_cached(client: TestClient) -> None:
    answer = client.get("/v1/articles/a0/related")
    document = answer.json()
    assert document["hits"][0]["section"] == "ferry"
    assert not {"a0", "copy"} & {hit["id"] for hit in document["hits"]}
    assert document["removed"]["seed_duplicates"] == 1
    assert "stale-if-error" in answer.headers["cache-control"]
    again = client.get("/v1/articles/a0/related", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_a_list_too_short_is_filled_and_says_with_what(client: TestClient) -> None:
    strict = "/v1/articles/a0/related?min_score=1"
    document = client.get(strict).json()
    assert document["fallback_used"] == "section"
    assert len(document["hits"]) == 3
    assert {(hit["score"], hit["section"]) for hit in document["hits"]} == {(0.0, "ferry")}
    dates = [hit["published_at"] for hit in document["hits"]]
    assert dates == sorted(dates, reverse=True)
    assert client.get(f"{strict}&fallback=none").json()["hits"] == []


def test_copies_are_counted_when_the_filters_leave_out_the_seed(client: TestClient) -> None:
    removed = client.get("/v1/articles/a0/related?source=Wire").json()["removed"]
    assert removed["seed_duplicates"] == 1


def test_the_widget_labels_only_what_fills_the_list(tmp_path: Path) -> None:
    other = {"section": "ferry", "body": "Nobody knows why turnips grow so well under an old railway viaduct."}
    index = index_of(tmp_path, [record(0), record(4), {**other, "id": "t", "title": "Turnips"}])
    with TestClient(create_app(Settings(index=index.root), clock=lambda: NOW)) as client:
        text = client.get("/widget/related/a0").text
    assert text.index("Ferry report 4") < text.index("Also in this section") < text.index("Turnips")


def test_an_empty_choice_in_the_form_filters_nothing(client: TestClient) -> None:
    assert client.get("/v1/search?q=ferry&section=&source=").json() | {"took_ms": 0} == client.get(
        "/v1/search?q=ferry"
    ).json() | {"took_ms": 0}
    assert 'class="hit"' in client.get("/?q=ferry&section=").text


def test_only_the_named_origins_may_read_from_their_pages(index: IndexFolder) -> None:
    settings = Settings(index=index.root, cors_origins=["https://news.example"])
    with TestClient(create_app(settings, clock=lambda: NOW)) as client:
        for origin, allowed in (("https://news.example", "https://news.example"), ("https://other.example", None)):
            answer = client.get("/v1/articles/a0/related", headers={"Origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed


def test_monitors_may_ask_for_heads_and_other_methods_are_told_what_is_allowed(client: TestClient) -> None:
    assert client.head("/healthz").status_code == 200
    assert client.head("/readyz").status_code == 200
    refused = client.delete("/v1/search")
    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET, HEAD, POST"
    assert client.get("/v1/articles/a0/takedown").headers["allow"] == "POST"
    assert client.post("/static/search.js").headers["allow"] == "GET, HEAD"


def test_the_fallback_keeps_to_the_sections_asked_for(client: TestClient) -> None:
    document = client.get("/v1/articles/a0/related?section=rate&min_score=1").json()
    assert document["fallback_used"] == "recent"
    assert {hit["section"] for hit in document["hits"]} == {"rate"}


def test_a_fragment_s_links_lead_to_the_service(tmp_path: Path) -> None:
    bare = {name: value for name, value in record(4).items() if name != "url"}
    with TestClient(
        create_app(Settings(index=index_of(tmp_path, [record(0), bare]).root), clock=lambda: NOW)
    ) as client:
        assert 'href="http://testserver/articles/a4"' in client.get("/widget/related/a0").text


def test_health_and_description(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["articles"] == 30
    described = [client.get("/openapi.json").json()["paths"] for _ in range(2)]
    assert described[0] == described[1]
    assert list(described[0]["/v1/search"]["get"]["responses"]["422"]["content"]) == ["application/problem+json"]
    assert client.get("/docs").status_code == 200


def test_pages_escape_what_they_show(client: TestClient) -> None:
    for path in ("/?q=dispatch+1+bank+rate", "/articles/a1", "/widget/related/a5?limit=20", "/articles/a5/related.rss"):
        page = client.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in client.get("/articles/a1").text
    assert "&lt;script&gt;" in client.get("/", params={"q": "<script>"}).text


def test_the_search_page_marks_words_links_pages_and_keeps_directions(client: TestClient) -> None:
    page = client.get("/?q=ferry+report&limit=3").text
    assert "<mark>ferry</mark>" in page
    assert 'rel="next"' in page
    assert 'dir="rtl"' in client.get("/?q=dispatch+7+cup+final&limit=100").text
    assert client.get("/?q=x&cursor=bad").status_code == 422


def test_the_article_page_and_the_widget_show_related_news(client: TestClient) -> None:
    for path in ("/articles/a0", "/widget/related/a0"):
        text = client.get(path).text
        assert "Related News" in text
        assert "ferry/" in text or "Ferry report" in text


def test_an_empty_index_answers_with_empty_lists_and_fills_by_itself(tmp_path: Path) -> None:
    folder = IndexFolder(tmp_path / "index")
    app = create_app(Settings(index=folder.root), clock=lambda: NOW)
    with TestClient(app) as client:
        assert client.get("/v1/search?q=ferry").json()["hits"] == []
        assert client.get("/readyz").json()["generation"] is None
        assert "The index is empty" in client.get("/").text
        assert client.get("/v1/articles/a0").status_code == 404
        jobs.ingest(folder, [str(write_jsonl(tmp_path / "a.jsonl", [record(0), record(4)]))])
        app.state.library.refresh()
        assert len(client.get("/v1/search?q=ferry").json()["hits"]) == 2


@pytest.mark.parametrize("error", [IndexBusy, IndexDamaged, ModelError, EngineUnavailable])
def test_an_operator_s_problem_is_a_503_that_tells_no_paths(
    index: IndexFolder, monkeypatch: pytest.MonkeyPatch, error: type[DatelineError]
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise error(f"{index.archive} cannot be used")

    monkeypatch.setattr(Archive, "shown_at", failing)
    with TestClient(create_app(Settings(index=index.root), clock=lambda: NOW)) as client:
        answer = client.get("/v1/search?q=ferry")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert str(index.root) not in answer.text


def test_an_engine_that_cannot_be_reached_says_when_to_ask_again(
    index: IndexFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise EngineUnavailable("Milvus cannot search at present", retry_after_s=7)

    monkeypatch.setattr(Archive, "shown_at", failing)
    with TestClient(create_app(Settings(index=index.root), clock=lambda: NOW)) as client:
        answer = client.get("/v1/search?q=ferry")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_an_engine_lacks_is_a_501_that_says_from_which_version_it_is_there(
    index: IndexFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise EngineLacks("Milvus 2.3.5 has no search for words (BM25); it is there from 2.5 on")

    monkeypatch.setattr(Archive, "shown_at", failing)
    with TestClient(create_app(Settings(index=index.root), clock=lambda: NOW)) as client:
        answer = client.get("/v1/search?q=ferry")
    assert answer.status_code == 501
    assert answer.headers["content-type"] == "application/problem+json"
    assert "from 2.5 on" in answer.json()["detail"]


def test_a_damaged_index_is_not_ready_and_tells_no_paths(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(0)])
    (index.generation(1) / "columns" / "seq.npy").write_bytes(b"")
    with TestClient(create_app(Settings(index=index.root))) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert str(tmp_path) not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {"q": "a\ud800b"},
        {"q": "-\ud800x section:\ud800"},
        {"q": "ferry", "section": ["\ud800"], "author": "\udfff"},
        {"q": '"unclosed (((OR OR -'},
        {"q": "\u0000 \u202e ☃ 🚢" * 50},
    ],
)
def test_anything_odd_in_a_body_is_searched(client: TestClient, body: dict[str, object]) -> None:
    answer = client.post("/v1/search", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ('{"q": "x", "limit": 0}', "limit: Input should be greater than or equal to 1; given 0"),
        ('{"q": "x", "recency": "7m"}', "recency is '7m'"),
        ("[]", "body: "),
        ("", "body: "),
    ],
)
def test_a_wrong_body_is_a_422_problem_that_names_the_value(client: TestClient, body: str, named: str) -> None:
    answer = client.post("/v1/search", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert named in answer.json()["detail"]
    assert "Value error" not in answer.json()["detail"]


def test_a_search_can_be_asked_in_a_body_as_in_an_address(client: TestClient) -> None:
    asked: dict[str, Any] = {"q": "ferry report", "facets": "section,date", "limit": 5, "explain": True}
    posted = client.post("/v1/search", json=asked | {"section": "ferry"}).json()
    got = client.get("/v1/search", params=asked | {"section": "ferry"}).json()
    assert posted | {"took_ms": 0} == got | {"took_ms": 0}
    assert set(posted["facets"]) == {"section", "date"}


def test_completions_come_with_their_kind(client: TestClient) -> None:
    answer = client.get("/v1/suggest?q=ferry%20rep&limit=3").json()
    assert answer["query"] == "ferry rep"
    assert {one["kind"] for one in answer["suggestions"]} <= {"title", "name"}
    assert len(answer["suggestions"]) == 3
    assert client.get("/v1/suggest?q=withheld").json()["suggestions"] == []


def test_the_page_passes_over_what_others_add_to_a_link(client: TestClient) -> None:
    answer = client.get("/?q=ferry&utm_source=letter&fbclid=1&source=Source%200")
    assert answer.status_code == 200
    assert "Source: Source 0" in answer.text
    assert "utm_source" not in answer.text
    assert '<input type="hidden" name="source" value="Source 0">' in answer.text
