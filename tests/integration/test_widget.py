"""The related-news block as other sites get it: script, style, fragment, feed, keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from fastapi.testclient import TestClient
from lxml import html as lxml_html

from indexer.layout import IndexFolder
from search_api.app import create_app
from search_api.keys import Keys, Scope
from search_api.routes.misses import MISS_CACHE_CONTROL
from search_api.settings import Settings
from search_api.web.widget.files import widget_files
from search_api.web.widget.words import WORDS
from tests.support import NOW, index_of, record

HOSTILE = "<img src=x onerror=alert(1)> \u202egpj.exe\u202c \"'&"
NEWS = "https://news.example"


def parsed(text: str) -> Any:
    return lxml_html.fromstring(text)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        records = [record(number) for number in range(20)]
        records[4] |= {"title": HOSTILE, "source": HOSTILE, "url": None, "id": "a4"}
        records[8] |= {"image_url": "https://img.example/8.jpg"}
        records[12] |= {"image_url": "data:text/html,<script>alert(1)</script>"}
        records[16] |= {"embargoed": (NOW + timedelta(hours=1)).isoformat()}
        copies = [
            {**records[8], "id": f"copy{n}", "url": f"https://wire.example/{n}", "source": f"Wire {n}"}
            for n in range(3)
        ]
        arabic = [
            {
                **record(40 + n),
                "id": f"ar{n}",
                "language": "ar",
                "title": f"عنوان {n}",
                "body": "غرقت العبارة في المضيق قبل الفجر.",
            }
            for n in range(2)
        ]
        return index_of(tmp_path_factory.mktemp("widget"), [*records, *copies, *arabic])


@pytest.fixture(scope="module")
def client(index: IndexFolder) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(index=index.root), clock=lambda: NOW), raise_server_exceptions=False) as client:
        yield client


def test_the_script_and_the_style_are_small_public_and_not_sent_twice(client: TestClient) -> None:
    for path, kind in (("/widget.js", "text/javascript"), ("/widget.css", "text/css")):
        answer = client.get(path, headers={"Origin": NEWS})
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < 8_000
        again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_pages_and_scripts_are_sent_compressed_and_fragments_as_they_are(client: TestClient) -> None:
    for path in ("/?q=ferry", "/static/search.js", "/v1/search?q=ferry", "/articles/a0"):
        answer = client.get(path)
        assert answer.headers["content-encoding"] == "gzip", path
        assert "Accept-Encoding" in answer.headers["vary"], path
        assert client.get(path, headers={"Accept-Encoding": "identity"}).content == answer.content or "q=" in path
    tag = client.get("/widget.js").headers["etag"]
    assert "Accept-Encoding" in client.get("/widget.js", headers={"If-None-Match": tag}).headers["vary"]
    assert "content-encoding" not in client.get("/widget/related/a0?limit=20&min_score=0").headers


def test_the_script_makes_no_markup_of_text_and_needs_no_inline_code() -> None:
    script = widget_files().script
    for sink in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "document.cookie",
        "localStorage",
    ):
        assert sink not in script
    assert script.isascii()
    assert "__STYLE__" not in script
    assert ".dateline-related" in script


def test_the_fragment_has_the_markup_that_the_script_makes() -> None:
    script = widget_files().script
    template = (Path(__file__).parents[2] / "search_api/web/templates/related.html").read_text(encoding="utf-8")
    made = set(re.findall(r'made\(\s*"\w+",\s*"(\w+)"', script))
    assert made == set(re.findall(r'part="(\w+)"', template))
    assert made == set(re.findall(r'class="dateline-(\w+)"', template))


def test_a_fragment_takes_what_the_element_takes(client: TestClient) -> None:
    asked = "/widget/related/a0?limit=2&heading=More&layout=cards&mode=related&window=1y&section=ferry&pages=/news/"
    block = parsed(client.get(asked).text)
    assert block.get("data-layout") == "cards"
    assert block.findtext(".//h2") == "More"
    links = block.xpath(".//a/@href")
    assert len(links) == 2
    assert all(link.startswith("/news/") for link in links)
    assert "<h2" not in client.get("/widget/related/a0?heading=").text
    assert 'aria-label="Related News"' in client.get("/widget/related/a0?heading=").text


@pytest.mark.parametrize(
    "pages", ["javascript:alert(1)//", "//evil.example/", "/\\evil.example/", "news/", "data:text/html,"]
)
def test_links_of_a_fragment_lead_to_pages_only(client: TestClient, pages: str) -> None:
    assert client.get("/widget/related/a0", params={"pages": pages}).status_code == 422


def test_a_page_is_known_by_its_address_too(client: TestClient) -> None:
    by_id = client.get("/widget/related/a0").text
    assert client.get("/widget/related", params={"url": "https://news.example/ferry/0"}).text == by_id
    unknown = client.get("/widget/related", params={"url": "https://news.example/none"})
    assert 'class="dateline-fallback"' in unknown.text


def test_what_is_shown_is_escaped_and_links_lead_to_web_pages(client: TestClient) -> None:
    text = client.get("/widget/related/a0?limit=20&min_score=0").text
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text
    assert "\u202e" not in text
    assert "data:text" not in text
    block = parsed(text)
    assert block.xpath(".//img/@src") == ["https://img.example/8.jpg"]
    assert "http://testserver/articles/a4" in block.xpath(".//a/@href")
    assert not [link for link in block.xpath(".//a/@href") if not link.startswith("http")]


def test_copies_are_counted_and_hidden_articles_are_not_there(client: TestClient) -> None:
    text = client.get("/widget/related/a0?limit=20&min_score=0").text
    assert "and 3 more sources" in text
    assert "Ferry report 16" not in text


def test_the_block_speaks_the_language_of_the_page(client: TestClient) -> None:
    block = parsed(client.get("/widget/related/ar0").text)
    assert (block.get("lang"), block.get("dir")) == ("ar", "rtl")
    assert block.findtext(".//h2") == WORDS["ar"].heading
    first = block.find(".//li")
    assert (first.get("lang"), first.get("dir")) == ("ar", "rtl")
    assert parsed(client.get("/widget/related/ar0?lang=de-AT").text).findtext(".//h2") == WORDS["de"].heading
    assert parsed(client.get("/widget/related/ar0?lang=xx").text).get("lang") == "en"
    assert parsed(client.get("/widget/related/a0?lang=de_AT").text).get("lang") == "de"
    dates = [time.text for time in parsed(client.get("/widget/related/a0?lang=de").text).iter("time")]
    assert any("Januar 2026" in date for date in dates)


def test_what_cannot_be_shown_is_a_comment_that_says_why(client: TestClient) -> None:
    for path, status in (
        ("/widget/related/none", 404),
        ("/widget/related/a16", 404),
        ("/widget/related/a0?colour=-->red", 422),
    ):
        answer = client.get(path)
        assert answer.status_code == status
        assert re.fullmatch(r"<!-- [^<>]*? -->", answer.text)
        assert answer.headers["content-type"].startswith("text/html")


def test_a_miss_is_kept_for_a_moment_where_pages_ask_and_nowhere_else(client: TestClient) -> None:
    for path in ("/widget/related/none", "/v1/articles/none/related", "/articles/none/related.rss"):
        assert client.get(path).headers["cache-control"] == MISS_CACHE_CONTROL
    assert "cache-control" not in client.get("/v1/articles/none").headers
    assert "stale-if-error" in client.get("/widget/related/a0").headers["cache-control"]


def test_a_fragment_not_changed_is_not_sent_again(client: TestClient) -> None:
    answer = client.get("/widget/related/a0")
    again = client.get("/widget/related/a0", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_feed_is_one(client: TestClient) -> None:
    answer = client.get("/articles/a0/related.rss?limit=4")
    assert answer.headers["content-type"].startswith("application/rss+xml")
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert feed.feed.title == "Related News: Ferry report 0 from Mwanza"
    assert len(feed.entries) == 4
    by_id = {entry.id: entry for entry in feed.entries}
    listed = client.get("/v1/articles/a0/related?limit=4").json()["hits"]
    assert list(by_id) == [hit["id"] for hit in listed]
    assert by_id["a8"].published_parsed[:3] == (2026, 1, 3)
    assert by_id["a8"].media_content[0]["url"] == "https://img.example/8.jpg"
    hostile = client.get("/articles/a8/related.rss?limit=20&min_score=0").content
    assert not feedparser.parse(hostile).bozo
    assert b"<img" not in hostile


@pytest.fixture
def keys(index: IndexFolder) -> Iterator[Keys]:
    keys = Keys.of(index)
    yield keys
    for key in keys.all():
        keys.revoke(key.name)


def test_a_widget_key_lets_the_pages_of_its_origins_read_related_articles(client: TestClient, keys: Keys) -> None:
    key = keys.add("site", Scope.WIDGET, now=NOW, origins=[NEWS])
    for path in ("/v1/articles/a0/related", "/v1/related?url=https://news.example/ferry/0", "/widget/related/a0"):
        asked = f"{path}{'&' if '?' in path else '?'}key={key}&limit=2"
        answer = client.get(asked, headers={"Origin": NEWS})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == NEWS
        assert "Origin" in answer.headers["vary"]
        assert client.get(asked, headers={"Referer": f"{NEWS}/story?x=1"}).status_code == 200
        for elsewhere in (
            {"Origin": "https://other.example"},
            {"Origin": "https://news.example.evil"},
            {"Origin": "null"},
            {},
        ):
            refused = client.get(asked, headers=elsewhere)
            assert refused.status_code == 403
            assert "access-control-allow-origin" not in refused.headers


def test_a_widget_key_opens_nothing_else(client: TestClient, keys: Keys) -> None:
    key = keys.add("site", Scope.WIDGET, now=NOW, origins=[NEWS])
    page = {"Origin": NEWS}
    assert client.get(f"/v1/search?q=ferry&key={key}", headers=page).status_code == 422
    assert "access-control-allow-origin" not in client.get("/v1/search?q=ferry", headers=page).headers
    assert "access-control-allow-origin" not in client.get("/v1/articles/a0/related", headers=page).headers
    bearer = {"Authorization": f"Bearer {key}"}
    assert client.put("/v1/articles/new", json={"title": "x"}, headers=bearer).status_code == 403


def test_keys_that_are_unknown_revoked_or_not_for_pages_are_refused(client: TestClient, keys: Keys) -> None:
    gone, write = keys.add("gone", Scope.WIDGET, now=NOW, origins=[NEWS]), keys.add("cms", Scope.WRITE, now=NOW)
    keys.revoke("gone")
    for key, status in (("", 401), ("dl_nothing", 401), (gone, 401), (write, 403)):
        answer = client.get("/v1/articles/a0/related", params={"key": key}, headers={"Origin": NEWS})
        assert answer.status_code == status
        assert "access-control-allow-origin" not in answer.headers


def test_a_refusal_is_a_comment_in_a_fragment_and_kept_by_no_cache(client: TestClient, keys: Keys) -> None:
    keys.add("site", Scope.WIDGET, now=NOW, origins=[NEWS])
    for path, kind in (("/widget/related/a0", "text/html"), ("/v1/articles/a0/related", "application/problem+json")):
        answer = client.get(path, params={"key": "dl_wrong"}, headers={"Origin": NEWS})
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["cache-control"] == "no-store"
        assert "Origin" in answer.headers["vary"]
        assert answer.text.startswith("<!--" if kind == "text/html" else "{")


def test_keys_that_cannot_be_read_let_nobody_in_and_break_nothing(client: TestClient, keys: Keys) -> None:
    key = keys.add("site", Scope.WIDGET, now=NOW, origins=[NEWS])
    kept = keys.path.read_text(encoding="utf-8")
    keys.path.write_text("{", encoding="utf-8")
    try:
        answer = client.get("/v1/articles/a0/related", params={"key": key}, headers={"Origin": NEWS})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert client.get("/v1/articles/a0/related").status_code == 200
    finally:
        keys.path.write_text(kept, encoding="utf-8")


def test_links_lead_to_where_readers_reach_the_service(index: IndexFolder) -> None:
    settings = Settings.model_validate({"index": index.root, "public_url": "https://search.example/news"})
    with TestClient(create_app(settings, clock=lambda: NOW)) as client:
        assert 'href="https://search.example/news/articles/a4"' in client.get("/widget/related/a0?limit=20").text
        feed = client.get("/articles/a0/related.rss?limit=20").text
        assert 'href="https://search.example/news/articles/a0/related.rss?limit=20"' in feed
        assert "testserver" not in feed


def test_heads_are_those_of_the_whole_answer(client: TestClient) -> None:
    for path in (
        "/widget.js",
        "/widget/related/a0",
        "/articles/a0/related.rss",
        "/v1/articles/a0/related",
        "/",
        "/v1/articles/a0",
    ):
        head, whole = client.head(path), client.get(path)
        assert head.content == b""
        assert (head.status_code, head.headers["content-length"]) == (200, whole.headers["content-length"])
        assert head.headers.get("etag") == whole.headers.get("etag")
    assert client.head("/v1/articles/none").status_code == 404


def test_a_newsroom_is_shown_where_it_is_asked_for_only(index: IndexFolder, client: TestClient) -> None:
    assert client.get("/demo/").status_code == 404
    assert "/demo/" not in client.get("/").text
    with TestClient(create_app(Settings(index=index.root, demo=["a1", "a16", "none"]), clock=lambda: NOW)) as newsroom:
        front = newsroom.get("/demo/")
        assert re.findall(r'href="/demo/(\w+)"', front.text) == ["a1"]
        page = newsroom.get("/demo/a1")
        assert "require-trusted-types-for 'script'" in page.headers["content-security-policy"]
        assert f'integrity="{widget_files().integrity}"' in page.text
        assert '<dateline-related article="a1"' in page.text
        for part in ("<nav", "<h1>", 'class="byline"', "Comments", "dateline-related"):
            assert part in page.text
        assert newsroom.get("/demo/a16").status_code == 404
