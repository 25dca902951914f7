from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from indexer.layout import IndexFolder
from search_api import errors, jobs
from search_api.app import create_app
from search_api.clock import utc_now
from search_api.keys import Keys, Scope
from search_api.logs import Seldom, line_formatter
from search_api.settings import LogFormat, Settings
from tests.support import index_of, record, taken_up


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return index_of(tmp_path, [record(number) for number in range(40)])


@pytest.fixture
def client(index: IndexFolder) -> Iterator[TestClient]:
    with served(index) as client:
        yield client


@contextmanager
def served(index: IndexFolder, **settings: Any) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(index=index.root, **settings)), raise_server_exceptions=False) as client:
        yield client


def unfollowed(client: TestClient) -> Any:
    """The service behind a test's client, which looks at its index no more: what a test says of the index stays."""
    service: Any = client.app
    service.state.follower.close()
    return service


@contextmanager
def logged() -> Iterator[list[dict[str, Any]]]:
    """What the packages log within, as the JSON form has it."""
    stream, found = io.StringIO(), list[dict[str, Any]]()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(line_formatter(LogFormat.JSON))
    logger = logging.getLogger("search_api")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        found += map(json.loads, stream.getvalue().splitlines())


def value(client: TestClient, name: str, **labels: str) -> float:
    """One figure of /metrics; 0 where it was never counted."""
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return 0.0


# Metrics -------------------------------------------------------------------------------------------------------------


def test_requests_are_counted_by_template_and_never_by_path(client: TestClient) -> None:
    asked: dict[tuple[str, str, str], Callable[[], Any]] = {
        ("GET", "/v1/articles/{article_id}", "404"): lambda: client.get("/v1/articles/secret-id"),
        ("HEAD", "/v1/articles/{article_id}/related", "200"): lambda: client.head("/v1/articles/a1/related"),
        ("GET", "/v1/search", "422"): lambda: client.get("/v1/search?colour=red"),
        ("GET", "/static", "200"): lambda: client.get("/static/search.js"),
        ("GET", "/docs", "200"): lambda: client.get("/docs"),
        ("GET", "unmatched", "404"): lambda: client.get("/secret/address"),
        ("other", "/v1/search", "405"): lambda: client.request("BREW", "/v1/search"),
    }
    for (method, route, status), ask in asked.items():
        labels = {"method": method, "route": route, "status": status}
        before = value(client, "dateline_requests_total", **labels)
        times = value(client, "dateline_request_seconds_count", route=route)
        assert str(ask().status_code) == status
        assert value(client, "dateline_requests_total", **labels) == before + 1, labels
        assert value(client, "dateline_request_seconds_count", route=route) == times + 1
    text = client.get("/metrics").text
    assert "secret" not in text
    assert "BREW" not in text


def test_stages_of_searches_and_related_lists_are_timed(client: TestClient) -> None:
    def counts() -> dict[str, float]:
        stages = ("read", "filter", "encode", "lexical", "dense", "fuse", "snippet", "facets")
        return {stage: value(client, "dateline_stage_seconds_count", stage=stage) for stage in stages}

    before = counts()
    client.get("/v1/search?q=ferry")
    searched = counts()
    assert {stage for stage in searched if searched[stage] == before[stage] + 1} == set(before)
    client.get("/v1/articles/a1/related")
    related = counts()
    assert {stage for stage in related if related[stage] > searched[stage]} == {
        "filter",
        "lexical",
        "dense",
        "fuse",
        "snippet",
    }


def test_answers_that_found_nothing_and_lists_that_were_filled_are_counted(client: TestClient) -> None:
    names = ("dateline_searches_total", "dateline_searches_without_results_total")
    before = [value(client, name, mode="keyword") for name in names]
    assert client.get("/v1/search?q=ferry&mode=keyword").json()["hits"]
    assert client.get("/?q=xylophone&mode=keyword").status_code == 200
    assert [value(client, name, mode="keyword") for name in names] == [before[0] + 2, before[1] + 1]

    filled = {"mode": "latest", "fallback": "section"}
    was = value(client, "dateline_related_lists_total", **filled)
    answer = client.get("/v1/articles/a1/related?mode=latest&min_score=1&fallback=section").json()
    assert answer["fallback_used"] == "section"
    assert value(client, "dateline_related_lists_total", **filled) == was + 1


def test_writes_are_counted_by_what_became_of_them(index: IndexFolder, client: TestClient) -> None:
    key = Keys.of(index).add("desk", Scope.WRITE, now=utc_now())
    client.headers["Authorization"] = f"Bearer {key}"
    outcomes = ("created", "updated", "unchanged", "deleted", "conflict", "rejected")

    def counts() -> list[float]:
        return [value(client, "dateline_articles_written_total", outcome=outcome) for outcome in outcomes]

    before = counts()
    changes = value(client, "dateline_archive_changes_total")
    article = {"title": "Tunnel opens", "body": "The tunnel under the bay opened."}
    client.put("/v1/articles/t1", json=article)
    client.put("/v1/articles/t1", json=article)
    client.put("/v1/articles/t1", json=article | {"title": "Tunnel closes"})
    client.put("/v1/articles/t1?version=0", json=article)
    client.put("/v1/articles/t2", json={"title": "x", "published_at": "yesterday"})
    lines = [json.dumps(article | {"id": "t3"}), "no json", json.dumps({"id": "t3", "deleted": True})]
    client.post("/v1/articles:bulk", content="\n".join(lines), headers={"Content-Type": "application/x-ndjson"})
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [2, 1, 1, 1, 1, 2]
    assert value(client, "dateline_archive_changes_total") == changes + 4
    taken_up(client)
    assert value(client, "dateline_tail_articles") == 2
    assert value(client, "dateline_taken_up_change") == changes + 4


def test_the_state_of_the_index_is_told(index: IndexFolder, client: TestClient) -> None:
    assert value(client, "dateline_generation") == 1
    assert value(client, "dateline_generation_articles") == 40
    assert value(client, "dateline_index_damaged") == 0
    service = unfollowed(client)
    service.state.library.note_trouble(OSError("the disk is gone"))
    assert value(client, "dateline_workers_stale") == 1
    for file in index.generation(1).glob("columns/*.npy"):
        file.write_bytes(b"damaged")
        break
    with pytest.raises(Exception, match="generation 1"):
        service.state.library.refresh()
    assert value(client, "dateline_index_damaged") == 1
    assert client.get("/v1/stats").json()["state"] == "damaged"


def test_metrics_and_stats_answer_where_there_is_no_index(tmp_path: Path) -> None:
    with served(IndexFolder(tmp_path / "none")) as client:
        assert value(client, "dateline_generation") == 0
        stats = client.get("/v1/stats").json()
    assert (stats["state"], stats["generation"], stats["tail"], stats["archive"]) == ("empty", None, None, None)


def test_scrapers_get_the_form_that_they_ask_for(client: TestClient) -> None:
    assert client.get("/metrics").headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    asked = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert asked.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert asked.text.endswith("# EOF\n")


# Stats ---------------------------------------------------------------------------------------------------------------


def test_stats_are_those_of_the_status_command(index: IndexFolder, client: TestClient) -> None:
    key = Keys.of(index).add("desk", Scope.WRITE, now=utc_now())
    article = {"title": "Tunnel opens", "body": "The tunnel under the bay opened."}
    for _ in range(2):
        client.put("/v1/articles/t1", json=article, headers={"Authorization": f"Bearer {key}"})
        taken_up(client)
        stats, status = client.get("/v1/stats").json(), jobs.status(index)
        for name in ("articles", "change", "bytes"):
            assert stats["archive"][name] == status["archive"][name], name
        for name in ("number", "built_at", "change", "articles", "chunks", "bytes"):
            assert stats["generation"][name] == status["generation"][name], name
        assert stats["generation"]["model"] == status["model"]["name"]
        assert stats["generation"]["model_fingerprint"] == status["model"]["fingerprint"]
        assert stats["tail"]["changes"] == status["changes_since_generation"]
        assert stats["tail"]["articles"] == 1
        article["title"] = "Tunnel closes"


def test_stats_tell_of_requests_and_stages(client: TestClient) -> None:
    before = client.get("/v1/stats").json()["requests"].get("/v1/search", {"count": 0, "refused": 0})
    client.get("/v1/search?q=ferry")
    client.get("/v1/search?colour=red")
    stats = client.get("/v1/stats").json()
    search = stats["requests"]["/v1/search"]
    assert (search["count"], search["refused"]) == (before["count"] + 2, before["refused"] + 1)
    assert 0 < search["p50_ms"] <= search["p95_ms"]
    assert 0 < stats["stages"]["dense"]["p50_ms"] <= stats["stages"]["dense"]["p95_ms"]
    assert (stats["workers"], stats["state"], stats["building"]) == (1, "ready", False)
    assert 0 < stats["uptime_s"] < 300


# Ids and logs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["r-1", "a" * 128, "Root=1-5759e988:bd862e3f/x+y="])
def test_a_sane_request_id_is_kept(client: TestClient, sent: str) -> None:
    answer = client.get("/v1/articles/nope", headers={"X-Request-ID": sent})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "a" * 129, "a b", 'x"y', "x\x7f", "é", "a;b", "<script>"])
def test_any_other_is_replaced(client: TestClient, sent: str) -> None:
    answer = client.get("/v1/articles/nope", headers=[(b"X-Request-ID", sent.encode())])
    made = answer.headers["x-request-id"]
    assert len(made) == 32
    assert answer.json()["request_id"] == made
    assert client.get("/healthz").headers["x-request-id"] != made


def test_each_request_has_one_line_with_what_an_operator_looks_for(index: IndexFolder, client: TestClient) -> None:
    key = Keys.of(index).add("desk", Scope.WRITE, now=utc_now())
    with logged() as lines:
        client.get("/v1/search?q=a+private+question", headers={"X-Request-ID": "r-1"})
        client.delete("/v1/articles/a3", headers={"Authorization": f"Bearer {key}"})
        client.get("/nothing%0Ahere")
        client.get("/readyz")
    search, deleted, missed, ready = [line for line in lines if line["logger"] == "search_api.requests"]
    assert (search["level"], search["request_id"], search["method"], search["status"]) == ("info", "r-1", "GET", 200)
    assert (search["route"], search["path"]) == ("/v1/search", "/v1/search")
    assert search["duration_ms"] >= sum(search["stages_ms"].values()) > 0
    assert (deleted["key"], deleted["route"], deleted["status"]) == ("desk", "/v1/articles/{article_id}", 200)
    assert (missed["route"], missed["path"], missed["status"]) == ("unmatched", "/nothing\nhere", 404)
    assert (ready["level"], ready["route"]) == ("debug", "/readyz")
    told = json.dumps(lines)
    for kept_back in ("private", "testclient", key):
        assert kept_back not in told


def test_queries_and_addresses_are_logged_where_the_settings_say_so(index: IndexFolder) -> None:
    with served(index, log_queries=True, log_addresses=True) as client, logged() as lines:
        client.get("/v1/search?q=ferry")
        client.post("/v1/search", json={"q": "a ferry"})
    told = [line for line in lines if line["logger"] == "search_api.requests"]
    assert [(line["query"], line["address"]) for line in told] == [("ferry", "testclient"), ("a ferry", "testclient")]


def test_a_widget_key_is_told_by_name_alone(index: IndexFolder, client: TestClient) -> None:
    key = Keys.of(index).add("site", Scope.WIDGET, now=utc_now(), origins=("https://news.example",))
    with logged() as lines:
        answer = client.get(f"/v1/articles/a1/related?key={key}", headers={"Origin": "https://news.example"})
    assert answer.status_code == 200
    (line,) = [line for line in lines if line["logger"] == "search_api.requests"]
    assert (line["key"], line["route"]) == ("site", "/v1/articles/{article_id}/related")
    assert key not in json.dumps(lines)


def test_what_a_handler_logs_has_the_request_s_id_and_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "_complaints", Seldom())
    index = index_of(tmp_path, [record(number) for number in range(4)])
    with served(index) as client:
        service = unfollowed(client)
        service.state.library._is_suspect = True
        with logged() as lines:
            for number in range(5):
                answer = client.get("/v1/search?q=ferry", headers={"X-Request-ID": f"r-{number}"})
                assert (answer.status_code, answer.json()["request_id"]) == (503, f"r-{number}")
    (complaint,) = [line for line in lines if line["logger"] == "search_api.errors"]
    assert (complaint["level"], complaint["request_id"]) == ("error", "r-0")
    requests = [line for line in lines if line["logger"] == "search_api.requests"]
    assert [(line["level"], line["status"]) for line in requests] == [("warning", 503)] * 5


def broken() -> None:
    raise RuntimeError("a secret\nof the machine")


def test_an_unforeseen_error_is_logged_once_counted_and_answered_with_its_id(index: IndexFolder) -> None:
    with served(index) as client:
        service: Any = client.app
        service.add_api_route("/broken", broken)
        labels = {"method": "GET", "route": "/broken", "status": "500"}
        before = value(client, "dateline_requests_total", **labels)
        with logged() as lines:
            answer = client.get("/broken", headers={"X-Request-ID": "r-9"})
        page = client.get("/broken", headers={"X-Request-ID": "r-10", "Accept": "text/html"})
        assert value(client, "dateline_requests_total", **labels) == before + 2
    assert (answer.status_code, answer.json()["request_id"], answer.headers["x-request-id"]) == (500, "r-9", "r-9")
    assert (page.status_code, page.headers["x-request-id"]) == (500, "r-10")
    assert page.headers["content-type"].startswith("text/html")
    assert "secret" not in answer.text + page.text
    (error,) = [line for line in lines if line["level"] == "error"]
    assert (error["event"], error["request_id"]) == ("unforeseen error", "r-9")
    assert "a secret" in error["exception"]


def test_server_timing_is_there_where_it_is_asked_for(index: IndexFolder, client: TestClient) -> None:
    assert "server-timing" not in client.get("/v1/search?q=ferry").headers
    with served(index, server_timing=True) as timed:
        assert "dense;dur=" in timed.get("/v1/search?q=ferry").headers["server-timing"]
        assert "dense;dur=" in timed.get("/v1/articles/a1/related").headers["server-timing"]
        assert "server-timing" not in timed.get("/healthz").headers
