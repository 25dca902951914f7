"""The client against a real service: a process of its own, asked over HTTP."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx2
import pytest

from search_api.app import create_app
from search_api.client import (
    AsyncDateline,
    Conflict,
    Dateline,
    Gone,
    Invalid,
    NotAllowed,
    NotFound,
    calls,
)
from search_api.client.bulk_lines import REQUEST_BYTES, REQUEST_LINES, requests
from search_api.clock import utc_now
from search_api.keys import Keys, Scope
from search_api.settings import Settings
from tests.faults.service import Service
from tests.support import NOW, ROOT, index_of, record

ARTICLES = 60


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("client")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        index = index_of(folder, map(record, range(ARTICLES)))
    with Service(index, folder / "serve.log", workers=1) as running:
        yield running


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    return Keys.of(service.index).add("client", Scope.ADMIN, now=utc_now())


@pytest.fixture
def dateline(service: Service, key: str) -> Iterator[Dateline]:
    with Dateline(address(service), key=key) as opened:
        yield opened


def address(service: Service) -> str:
    return f"http://127.0.0.1:{service.port}"


def until(condition: Callable[[], bool], limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_answer_holds_what_the_json_does(service: Service, dateline: Dateline) -> None:
    found = dateline.search("ferry report", limit=3, facets=["section", "source"], explain=True)
    told = service.ask("GET", "/v1/search?q=ferry+report&limit=3&facets=section,source&explain=true").json()
    assert [hit.id for hit in found.hits] == [hit["id"] for hit in told["hits"]]
    first, said = found.hits[0], told["hits"][0]
    assert first.score == said["score"]
    assert first.snippet.spans == tuple((start, end) for start, end in said["snippet"]["spans"])
    assert first.published_at == datetime.fromisoformat(said["published_at"])
    assert first.published_at.tzinfo is not None
    assert first.explain
    assert first.explain.bm25 == said["explain"]["bm25"]
    assert found.facets == told["facets"]
    assert found.total.value == told["total"]["value"]


def test_parameters_arrive_as_they_are_given(dateline: Dateline) -> None:
    start = datetime(2026, 1, 3, 2, tzinfo=timezone(timedelta(hours=2)))
    found = dateline.search(
        "report", from_=start, to="2026-01-10", section=("ferry", "quake"), source="Source 1", sort="oldest", limit=100
    ).hits
    assert found
    assert {hit.section for hit in found} == {"ferry", "quake"}
    assert {hit.source for hit in found} == {"Source 1"}
    times = [hit.published_at for hit in found if hit.published_at]
    assert times == sorted(times)
    assert times[0] >= start
    assert not dateline.search("report", as_of=datetime(2025, 1, 1, tzinfo=UTC)).hits
    with pytest.raises(ValueError, match="has no time zone"):
        dateline.search("report", as_of=datetime(2025, 1, 1))


def test_a_long_question_is_sent_as_a_body(dateline: Dateline) -> None:
    question = " ".join(["earthquake villages rescuers"] * 60)
    ids = [f"x{number}" for number in range(900)]
    assert calls.search(question, source=ids[:40], exclude_source=ids[:40], tag=ids[:40]).method == "POST"
    assert calls.search("earthquake").method == "GET"
    assert dateline.search(question, mode="keyword", limit=1).hits[0].section == "quake"
    long = dateline.search(question, mode="keyword", limit=1, exclude_source=ids[:50], as_of="2026-06-01T00:00:00Z")
    assert long.hits[0].section == "quake"


def test_all_hits_come_page_by_page_each_once(dateline: Dateline) -> None:
    pages = list(dateline.search_pages("report", limit=7, collapse="none", mode="keyword"))
    assert len(pages) == -(-ARTICLES // 7)
    assert pages[-1].next_cursor is None
    ids = [hit.id for hit in dateline.search_hits("report", limit=25, collapse="none", mode="keyword")]
    assert sorted(ids) == sorted(f"a{number}" for number in range(ARTICLES))
    assert ids == [hit.id for page in pages for hit in page.hits]


def test_pages_are_asked_for_when_they_are_wanted(dateline: Dateline) -> None:
    pages = dateline.search_pages("report", limit=7)
    assert len(next(pages).hits) == 7
    assert next(pages).next_cursor


def test_related_articles_of_an_article_an_address_and_a_draft(dateline: Dateline) -> None:
    by_id = dateline.related("a4", limit=5, exclude=["a8"])
    by_url = dateline.related_to_url("https://news.example/ferry/4", limit=5, exclude=["a8"])
    assert by_id == by_url
    assert by_id.seed == "a4"
    assert not {"a4", "a8"} & {hit.id for hit in by_id.hits}
    assert dateline.related_to_url("https://elsewhere.example/", fallback="none").hits == ()
    drafted = dateline.related_to_draft(title="Ferry rolls over", body="Lorries on its deck.", limit=3, mode="related")
    assert {hit.section for hit in drafted.hits} == {"ferry"}
    liked = dateline.related_to_draft(like=["a1"], unlike=["a0"], limit=3).hits
    assert {hit.section for hit in liked} == {"rate"}
    with pytest.raises(NotFound):
        dateline.related("nobody")
    with pytest.raises(Invalid, match="nothing is given to look from"):
        dateline.related_to_draft()


def test_an_article_is_written_corrected_and_deleted(dateline: Dateline) -> None:
    article = {
        "title": "Lighthouse sold",
        "body": "An old lighthouse.",
        "published_at": datetime(2026, 2, 1, tzinfo=UTC),
    }
    made = dateline.put("w1", article | {"desk": "coast"})
    assert (made.status, made.version) == ("created", 1)
    assert dateline.put("w1", article | {"desk": "coast"}).status == "unchanged"
    corrected = article | {"correction": "The price was wrong.", "updated_at": "2026-02-02T00:00:00Z"}
    assert dateline.put("w1", corrected, if_match=1).version == 2
    with pytest.raises(Conflict) as raised:
        dateline.put("w1", article | {"title": "Another"}, version=1)
    assert raised.value.status == 409
    with pytest.raises(Conflict):
        dateline.put("w1", article | {"title": "Another"}, if_none_match="*")
    stored = dateline.article("w1")
    assert (stored.version, stored.correction) == (2, "The price was wrong.")
    assert stored.published_at == article["published_at"]
    assert dateline.article("w1", version=1).extra == {"desk": "coast"}
    assert [one.version for one in dateline.versions("w1").versions] == [2, 1]
    assert dateline.delete("w1").status == "deleted"
    with pytest.raises(NotFound):
        dateline.article("w1")
    with pytest.raises(NotFound):
        dateline.delete("never-there")


@pytest.mark.parametrize("article_id", ["a b", "50%", "ü&=+", "..", "名前", "a:b@c", "x\\y"])
def test_any_id_that_an_article_can_have_is_one_address(dateline: Dateline, article_id: str) -> None:
    assert dateline.put(article_id, {"title": f"Of {article_id}"}).id == article_id
    assert dateline.article(article_id).id == article_id
    dateline.delete(article_id)


def test_an_empty_id_is_refused_here(dateline: Dateline) -> None:
    with pytest.raises(ValueError, match="article_id is empty"):
        dateline.delete("")


def test_many_articles_are_written_with_a_result_for_each(dateline: Dateline) -> None:
    articles: list[dict[str, Any]] = [record(1000 + number) for number in range(70)]
    articles[3] = {"id": "no-text"}
    articles[5] |= {"published_at": "yesterday"}
    articles[69] = {"id": "a1001", "deleted": True}
    results = list(dateline.bulk(articles))
    assert [result.line for result in results] == list(range(1, 71))
    assert [result.line for result in results if not result.is_stored] == [4, 6]
    assert "neither title nor body" in str(results[3].problem)
    assert (results[0].id, results[0].status, results[0].version) == ("a1000", "created", 1)
    assert results[69].status == "deleted"
    assert {result.status for result in dateline.bulk(articles[6:60])} == {"unchanged"}
    assert list(dateline.bulk([])) == []


def test_more_than_one_request_s_worth_is_numbered_through(dateline: Dateline) -> None:
    articles = ({"id": f"b{number}", "title": f"Note {number}"} for number in range(REQUEST_LINES + 5))
    lines = [result.line for result in dateline.bulk(articles) if result.status == "created"]
    assert lines == list(range(1, REQUEST_LINES + 6))


def test_articles_are_read_as_they_are_sent() -> None:
    taken = []

    def articles() -> Iterator[dict[str, object]]:
        for number in range(10 * REQUEST_LINES):
            taken.append(number)
            yield {"title": "Note", "body": "x" * (200 if number < 5 * REQUEST_LINES else 20_000)}

    sizes = []
    for lines in requests(articles()):
        assert len(taken) <= lines.before + lines.count + 1
        assert lines.count <= REQUEST_LINES
        sizes.append(len(lines.content))
    assert len(taken) == 10 * REQUEST_LINES
    assert REQUEST_BYTES * 0.9 < max(sizes) <= REQUEST_BYTES


def test_an_article_larger_than_a_request_is_sent_alone() -> None:
    made = list(requests([{"title": "a"}, {"body": "x" * REQUEST_BYTES}, {"title": "b"}]))
    assert [(lines.before, lines.count) for lines in made] == [(0, 1), (1, 1), (2, 1)]


@pytest.mark.parametrize("value", [float("nan"), object(), b"bytes", datetime(2026, 1, 1)])
def test_an_article_that_json_cannot_hold_is_named(dateline: Dateline, value: object) -> None:
    with pytest.raises(ValueError, match=r"article 2 \(id 'odd'\) cannot be sent"):
        list(dateline.bulk([{"title": "Even"}, {"id": "odd", "title": "Odd", "rating": value}]))


def test_half_a_character_does_not_stop_a_search_or_a_write(dateline: Dateline) -> None:
    assert dateline.search("ferry \ud83d").query
    assert dateline.put("half", {"title": "Half \ud83d a character"}).status == "created"
    dateline.delete("half")


def test_a_takedown_leaves_a_receipt(dateline: Dateline) -> None:
    dateline.put("t1", {"title": "Named in error", "body": "A person who asked to be forgotten."})
    receipt = dateline.takedown("t1", "request of 1 March")
    assert (receipt.article_id, receipt.versions, receipt.traces) == ("t1", 1, ())
    assert receipt.taken_down_at.tzinfo is not None
    with pytest.raises(Gone):
        dateline.put("t1", {"title": "Named in error", "body": "A person who asked to be forgotten."})


def test_stories_and_suggestions(dateline: Dateline) -> None:
    moving = dateline.stories(window="9999y", limit=3, section="ferry").stories
    assert moving
    page = dateline.story(moving[0].id, limit=1)
    assert (page.id, len(page.timeline)) == (moving[0].id, 1)
    assert dateline.suggest("fer", limit=2).suggestions
    with pytest.raises(NotFound):
        dateline.story("nobody")


def test_a_generation_is_built_activated_and_gone_back_to(dateline: Dateline) -> None:
    before = dateline.ready()
    dateline.put("g1", {"title": "A change"})
    assert dateline.build().building
    until(lambda: len(dateline.generations().generations) > 1 and not dateline.generations().building)
    until(lambda: dateline.ready().generation != before.generation)
    assert before.generation
    assert dateline.activate(before.generation).generation == before.generation
    with pytest.raises(NotFound):
        dateline.activate(4711)


def test_writes_need_a_key_and_reads_none(service: Service) -> None:
    with Dateline(address(service)) as dateline:
        assert dateline.search("ferry", limit=1).hits
        with pytest.raises(NotAllowed, match="401 A key is needed") as raised:
            dateline.put("k1", {"title": "No key"})
    assert raised.value.status == 401
    with Dateline(address(service), key="dl_wrong") as dateline, pytest.raises(NotAllowed):
        list(dateline.bulk(record(number) for number in range(2000, 2100)))


def test_what_is_asked_wrongly_is_told_parameter_by_parameter(dateline: Dateline) -> None:
    with pytest.raises(Invalid) as raised:
        dateline.search("ferry", limit=500, recency="often")
    assert {one["parameter"] for one in raised.value.errors} == {"limit", "recency"}
    assert "limit" in str(raised.value)


def test_the_same_is_awaited(service: Service, key: str) -> None:
    async def articles() -> AsyncIterator[dict[str, object]]:
        for number in range(3000, 3003):
            yield record(number)

    async def ask() -> None:
        async with AsyncDateline(address(service), key=key) as dateline:
            pages = [page async for page in dateline.search_pages("report", limit=40, collapse="none", section="cup")]
            ids = [hit.id async for hit in dateline.search_hits("report", limit=9, collapse="none", mode="keyword")]
            assert len(ids) == len(set(ids)) >= ARTICLES
            assert not pages[0].hits
            three = await asyncio.gather(*(dateline.related(f"a{number}", limit=2) for number in range(3)))
            assert [one.seed for one in three] == ["a0", "a1", "a2"]
            assert [result.line async for result in dateline.bulk(articles())] == [1, 2, 3]
            assert [result.status async for result in dateline.bulk([record(3000)])] == ["unchanged"]
            with pytest.raises(NotFound):
                await dateline.article("nobody")

    asyncio.run(ask())


def test_the_app_is_asked_without_a_network(tmp_path: Path) -> None:
    app = create_app(Settings(index=index_of(tmp_path, map(record, range(8))).root), clock=lambda: NOW)

    async def ask() -> tuple[int, int]:
        transport = httpx2.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            AsyncDateline("http://dateline.test", transport=transport) as dateline,
        ):
            return len((await dateline.search("report", collapse="none")).hits), (await dateline.ready()).articles

    assert asyncio.run(ask()) == (8, 8)


def first_block(page: str, before: str) -> str:
    """The first Python code of a page's part, as it stands there."""
    text = (ROOT / page).read_text(encoding="utf-8").partition(before)[2]
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize(("page", "part"), [("docs/client.md", "# "), ("README.md", "## From Python")])
def test_the_five_lines_of_the_docs_run(service: Service, key: str, page: str, part: str) -> None:
    lines = first_block(page, part)
    assert len(lines.splitlines()) <= 5
    code = lines.replace("http://127.0.0.1:8000", address(service)).replace("why did oil prices fall", "ferry report")
    assert address(service) in code
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "DATELINE_KEY": key, "PYTHONPATH": str(ROOT)},
    )
    assert re.fullmatch(
        r"(2026-\d\d-\d\d \d\d:\d\d:\d\d\+00:00 Ferry report \d+ from \w+ https://\S+\n){5}", done.stdout
    )
