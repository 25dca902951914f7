"""What is withdrawn is seen nowhere once that is acknowledged; what was under an embargo comes by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.layout import IndexFolder
from search_api import generation_jobs
from search_api.app import create_app
from search_api.clock import utc_now
from search_api.keys import Keys, Scope
from search_api.settings import Settings
from tests.support import index_of, record, taken_up

FIRST = {
    "id": "first",
    "url": "https://paper.example/quenby",
    "title": "Quenby Ollivander opens the ferry line",
    "body": "Quenby Ollivander opened the new ferry line across the strait on Monday morning.",
    "published_at": "2026-03-01T00:00:00Z",
    "source": "The Quenby Gazette",
    "section": "quenbyland",
    "authors": ["Quenby Underhaugh"],
    "tags": ["quenbygate"],
}
COMPANION = FIRST | {
    "id": "companion",
    "url": "https://paper.example/line",
    "title": "New ferry line across the strait carries thousands",
    "body": "The new ferry line across the strait carried thousands of people on its first morning, the company said.",
    "source": "Other Paper",
    "section": "ferry",
    "authors": [],
    "tags": [],
    "published_at": "2026-03-02T00:00:00Z",
}

ANSWERS = (
    "/v1/search?q=ollivander+ferry&limit=50&facets=source,section",
    "/v1/search?q=section:quenbyland&facets=source,section,date",
    "/v1/search?q=ferry&mode=semantic&limit=50",
    "/v1/search?q=ferry&mode=keyword&sort=newest&limit=50&facets=section",
    "/v1/search?q=ferry&as_of=2026-03-05&limit=50&facets=section",
    "/v1/suggest?q=quen",
    "/v1/suggest?q=oll",
    "/v1/articles/companion/related?limit=50",
    "/v1/articles/companion/related?limit=50&mode=same_story",
    "/v1/articles/a1/related?limit=50&fallback=recent",
    "/v1/related?url=https://paper.example/unknown&limit=50",
    "/v1/stories?window=52w&as_of=2026-03-20",
    "/widget/related/companion?limit=20",
    "/widget/related?url=https://paper.example/unknown",
    "/articles/companion/related.rss?limit=20",
    "/articles/companion",
    "/?language=en&limit=50",
    "/",
    "/?q=ollivander",
)


@pytest.fixture(params=["tail", "generation"])
def client(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[TestClient]:
    index = index_of(tmp_path, [record(number) for number in range(16)])
    with served(index) as client:
        for article in (FIRST, COMPANION):
            put(client, article)
        if request.param == "generation":
            generation_jobs.reindex(index)
        taken_up(client)
        yield client


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now


def served(index: IndexFolder, clock: Clock | None = None) -> TestClient:
    key = Keys.of(index).add("desk", Scope.WRITE, now=utc_now())
    app = create_app(Settings(index=index.root), clock=clock or utc_now)
    app.state.follower.start = lambda *_, **__: (
        app.state.library.refresh()
    )  # what comes later only when the test says so
    return TestClient(app, headers={"Authorization": f"Bearer {key}"})


def put(client: TestClient, article: dict[str, Any]) -> None:
    answer = client.put(f"/v1/articles/{article['id']}", json=article)
    assert answer.status_code in (200, 201), answer.text


def tellers(client: TestClient) -> list[str]:
    """The answers that tell of the first article."""
    told = []
    for path in ANSWERS:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        text = answer.text
        if answer.headers["content-type"] == "application/json":
            text = json.dumps(
                {name: value for name, value in answer.json().items() if name not in ("query", "understood")}
            )
        if "quenby" in text.lower():
            told.append(path)
    return told


@pytest.mark.parametrize(
    "change",
    [
        {"pubstatus": "withheld"},
        {"pubstatus": "canceled"},
        {"embargoed": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
    ],
)
def test_a_withdrawal_counts_before_any_process_has_taken_it_up(client: TestClient, change: dict[str, str]) -> None:
    assert len(tellers(client)) > 6
    put(client, FIRST | change)
    assert tellers(client) == []
    assert client.get("/v1/articles/first").status_code == 404
    taken_up(client)
    assert tellers(client) == []
    put(client, FIRST)
    taken_up(client)
    assert len(tellers(client)) > 6


def test_a_deletion_counts_before_any_process_has_taken_it_up(client: TestClient) -> None:
    assert client.delete("/v1/articles/first").status_code == 200
    of_the_past = "/v1/search?q=ferry&as_of=2026-03-05&limit=50&facets=section"
    assert set(tellers(client)) <= {of_the_past, "/v1/stories?window=52w&as_of=2026-03-20"}
    taken_up(client)
    assert set(tellers(client)) <= {of_the_past, "/v1/stories?window=52w&as_of=2026-03-20"}


def test_an_embargoed_article_appears_by_itself_when_the_embargo_ends(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(number) for number in range(8)])
    clock = Clock()
    with served(index, clock) as client:
        put(client, COMPANION)
        put(client, FIRST | {"embargoed": (clock.now + timedelta(hours=1)).isoformat()})
        taken_up(client)
        assert tellers(client) == []
        clock.now += timedelta(hours=2)
        assert len(tellers(client)) > 6
