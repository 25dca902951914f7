"""The search, article and story pages, as a reader without script gets them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi.testclient import TestClient
from lxml import html

from indexer.layout import IndexFolder
from search_api import jobs
from search_api.app import create_app
from search_api.settings import Settings
from tests.support import NOW, index_of, put_in_stories, record, write_jsonl

PAGE = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> IndexFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        folder = tmp_path_factory.mktemp("pages")
        records = [record(number) for number in range(40)]
        records[3] |= {"published_at": (NOW - timedelta(days=2)).isoformat()}
        records[7] |= {"published_at": (NOW - timedelta(days=1)).isoformat(), "language": "fa"}
        index = index_of(folder, records)
        later = records[3] | {"title": "Cup final report, corrected", "correction": "The score was 2-1."}
        jobs.ingest(
            index,
            [str(write_jsonl(folder / "later.jsonl", [later | {"updated_at": (NOW - timedelta(days=1)).isoformat()}]))],
        )
        put_in_stories(index, {"a3": "cup", "a7": "cup", "a11": "cup"})
        return index


@pytest.fixture(scope="module")
def client(index: IndexFolder) -> Iterator[TestClient]:
    app = create_app(Settings(index=index.root), clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False, headers=PAGE) as client:
        yield client


def read(client: TestClient, address: str, status: int = 200) -> Any:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    return html.fromstring(answer.text)


def asked(link: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(link).query))


def test_every_page_forbids_code_and_style_of_others(client: TestClient) -> None:
    for address in ("/", "/?q=ferry", "/articles/a0", "/stories/cup", "/articles/none", "/?limit=abc"):
        answer = client.get(address)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        for tag in ("<style", "style=", "<script>", " onclick", " onload"):
            assert tag not in answer.text


def test_before_a_question_the_page_shows_what_moves_and_the_sections(client: TestClient) -> None:
    page = read(client, "/")
    assert page.xpath("//h2/text()") == ["Stories of the last seven days"]
    assert page.xpath("//main//h3/a/@href")[0] == "/stories/cup"
    sections = page.xpath("//nav[@class='sections']/a/@href")
    assert asked(sections[0]) == {"section": "ferry"}
    assert read(client, sections[0]).xpath("//li[@class='hit']")


def test_filters_are_chips_that_go_away_one_by_one_or_all(client: TestClient) -> None:
    page = read(client, "/?q=report&section=ferry&source=Source%200&from=2026-01-01&utm_source=x")
    chips = {
        text.strip(): link
        for link, text in zip(
            page.xpath("//ul[@class='chips']//a/@href"), page.xpath("//ul[@class='chips']//a//bdi/text()"), strict=False
        )
    }
    assert set(chips) == {"Section: ferry", "Source: Source 0", "From: 1 January 2026"}
    assert asked(chips["Section: ferry"]) == {"q": "report", "source": "Source 0", "from": "2026-01-01"}
    assert asked(page.xpath("//a[@class='all']/@href")[0]) == {"q": "report"}


def test_a_date_read_from_the_question_is_a_chip_too(client: TestClient) -> None:
    page = read(client, "/?q=report+in+January+2026")
    (chip,) = page.xpath("//ul[@class='chips']//a")
    assert "“in January 2026”: published from 1 January 2026 to 31 January 2026" in chip.text_content()
    assert asked(chip.get("href"))["dates"] == "off"


def test_facets_and_bars_narrow_and_say_how_many_are_left(client: TestClient) -> None:
    page = read(client, "/?q=report&limit=5")
    links = page.xpath("//ul[@class='facet']/li[a/bdi='ferry']")[0]
    left = read(client, links.find("a").get("href"))
    total = "".join(left.xpath("//p[@class='count']/text()")).strip()
    assert total == f"{links.findtext('span')} articles"
    bars = page.xpath("//ol[@class='histogram']//a")
    counted = sum(int(bar.get("title").rpartition(": ")[2]) for bar in bars)
    assert "".join(page.xpath("//p[@class='count']/text()")).strip() == f"{counted} articles"
    best = max(bars, key=lambda bar: int(bar.get("title").rpartition(": ")[2]))
    narrowed = read(client, best.get("href"))
    said = "".join(narrowed.xpath("//p[@class='count']/text()")).strip()
    assert said.partition(" ")[0] == best.get("title").rpartition(": ")[2]


def test_pages_follow_by_real_links_and_nothing_comes_twice(client: TestClient) -> None:
    seen: list[str] = []
    address = "/?q=report&limit=15"
    while address:
        page = read(client, address)
        seen += page.xpath("//li[@class='hit']//h2/a/@href")
        address = next(iter(page.xpath("//p[@class='more']/a/@href")), "")
    assert len(seen) == len(set(seen)) == 40


def test_order_and_folding_are_links_and_the_chosen_one_is_marked(client: TestClient) -> None:
    page = read(client, "/?q=cup+final&sort=newest&collapse=story")
    assert page.xpath("//div[@class='bar']//a[@aria-current]/text()") == ["Newest", "One of each story"]
    (oldest,) = page.xpath("//div[@class='bar']//a[text()='Oldest']/@href")
    assert asked(oldest) == {"q": "cup final", "sort": "oldest", "collapse": "story"}
    stories = page.xpath("//li[@class='hit']//a[contains(., 'Story of 3 articles')]/@href")
    assert stories == ["/stories/cup"]


def test_why_a_result_is_there_is_told_with_the_figures_of_explain(client: TestClient) -> None:
    page = read(client, "/?q=ferry+strait")
    told = page.xpath("//details[@class='why']")[0].text_content()
    hit = client.get("/v1/search?q=ferry+strait&explain=true").json()["hits"][0]
    assert f"{hit['explain']['dense']:.2f}" in told
    assert f"{hit['explain']['lexical']:.2f}" in told
    assert f"{hit['score']:.2f}" in told


def test_nothing_found_says_what_to_do(client: TestClient) -> None:
    page = read(client, "/?q=-report+section:ferry&section=ferry")
    assert "Nothing found" in page.text_content()
    assert page.xpath("//main//a[text()='Search without the filters']/@href") == ["/?q=-report+section%3Aferry"]
    page = read(client, "/?q=ferry&from=2026-02-01&to=2026-01-01")
    assert "The dates are the wrong way round" in page.text_content()


def test_without_a_question_filters_list_all_that_they_let_through(client: TestClient) -> None:
    page = read(client, "/?section=ferry&utm_source=x")
    assert "10 articles" in page.text_content()
    dates = page.xpath("//li[@class='hit']//time/@datetime")
    assert dates == sorted(dates, reverse=True)
    assert page.xpath("//div[@class='bar']//a[@aria-current]/text()")[0] == "Newest"
    assert page.xpath("//div[@class='bar']//a[text()='Best first']") == []
    assert page.xpath("//ul[@class='chips']//bdi/text()") == ["Section: ferry"]
    assert page.xpath("//form[@id='search']/input[@type='hidden']/@value") == ["ferry"]
    assert not read(client, "/?q=&section=").xpath("//form[@id='search']/input[@type='hidden']")


def test_filters_taken_away_leave_the_order_and_the_question(client: TestClient) -> None:
    page = read(client, "/?q=report+in+January+2026&section=ferry&sort=newest&collapse=none&limit=5")
    assert asked(page.xpath("//a[@class='all']/@href")[0]) == {
        "q": "report in January 2026",
        "sort": "newest",
        "collapse": "none",
        "limit": "5",
        "dates": "off",
    }
    page = read(client, "/?q=report+in+January+2026&dates=off")
    form = page.xpath("//form[@class='dates']//input[@type='hidden']")
    assert {one.get("name"): one.get("value") for one in form} == {"q": "report in January 2026", "dates": "off"}
    assert page.xpath("//ul[@class='chips']//bdi/text()") == ["Dates in the question: off"]


def test_a_filter_that_cannot_be_is_left_by_a_link(client: TestClient) -> None:
    page = read(client, "/?q=ferry&from=soon&section=ferry", 422)
    chip = page.xpath("//ul[@class='chips']//a[contains(., 'From: soon')]/@href")[0]
    assert asked(chip) == {"q": "ferry", "section": "ferry"}
    page = read(client, "/?q=ferry&cursor=bad", 422)
    again = page.xpath("//main//a[text()='Search again from the first page']/@href")[0]
    assert asked(again) == {"q": "ferry"}
    assert 'value="ferry"' in client.get("/?q=ferry&limit=abc").text


def test_the_end_of_the_calendar_is_a_day_like_others(client: TestClient) -> None:
    assert read(client, "/?q=ferry&to=9999-12-31").xpath("//li[@class='hit']")
    assert client.get("/v1/search?q=ferry&as_of=9999-12-31").status_code == 200


def test_links_of_others_and_empty_choices_lead_to_the_page_all_the_same(client: TestClient) -> None:
    for address in ("/articles/a3?utm_source=x&version=", "/stories/cup?fbclid=1&offset=", "/?q=ferry&limit=&sort="):
        read(client, address)


def test_a_page_after_the_last_of_a_story_leads_back(client: TestClient) -> None:
    page = read(client, "/stories/cup?offset=500&limit=2")
    (back,) = page.xpath("//a[@rel='prev']/@href")
    assert asked(back) == {"offset": "1", "limit": "2"}


def test_languages_are_counted_as_their_filter_lets_through(tmp_path: Path) -> None:
    tags = ["en", "en-GB", "en-US", "fr"]
    index = index_of(tmp_path, [record(number) | {"language": tags[number % 4]} for number in range(12)])
    with TestClient(create_app(Settings(index=index.root), clock=lambda: NOW), headers=PAGE) as client:
        page = read(client, "/?q=report")
        (english,) = page.xpath("//ul[@class='facet']/li[a/bdi='English']")
        assert english.findtext("span") == "9"
        assert "9 articles" in read(client, english.find("a").get("href")).text_content()


def test_a_copy_is_marked_in_its_story_s_timeline(tmp_path: Path) -> None:
    copy = record(0) | {
        "id": "copy",
        "url": "https://wire.example/0",
        "source": "Wire",
        "published_at": NOW.isoformat(),
    }
    index = index_of(tmp_path, [record(0), record(4), copy])
    put_in_stories(index, {"a0": "s", "a4": "s", "copy": "s"})
    with TestClient(create_app(Settings(index=index.root), clock=lambda: NOW), headers=PAGE) as client:
        here = read(client, "/articles/copy").xpath("//section[h2='Timeline of the story']//li[@class='here']")
        assert len(here) == 1
        assert here[0].xpath(".//a/@href") == ["/articles/a0"]


def test_an_article_shows_its_story_and_its_versions_with_corrections(client: TestClient) -> None:
    page = read(client, "/articles/a3")
    assert page.findtext(".//h1") == "Cup final report, corrected"
    timeline = page.xpath("//section[h2='Timeline of the story']//li")
    assert len(timeline) == 3
    assert [item.get("class") for item in timeline].count("here") == 1
    versions = page.xpath("//section[h2='Versions']//li")
    assert "The score was 2-1." in versions[0].text_content()
    changed = read(client, versions[0].xpath(".//a/@href")[0])
    pieces = [
        (piece.tag, piece.text) for piece in changed.xpath("//section[@class='changes']//*[self::del or self::ins]")
    ]
    assert pieces == [("del", "Final report 3 from Mwanza"), ("ins", "Cup final report, corrected")]
    earlier = read(client, versions[1].xpath(".//a/@href")[0])
    assert earlier.findtext(".//h1") == "Final report 3 from Mwanza"
    assert "This is version 1" in earlier.text_content()
    read(client, "/articles/a3?version=9", 404)


def test_a_story_is_told_page_by_page(client: TestClient) -> None:
    first = read(client, "/stories/cup?limit=2")
    (later,) = first.xpath("//a[@rel='next']/@href")
    assert asked(later) == {"offset": "2", "limit": "2"}
    rest = read(client, f"/stories/cup{later}")
    shown = [*first.xpath("//ol[@class='timeline']//h2/a/@href"), *rest.xpath("//ol[@class='timeline']//h2/a/@href")]
    assert sorted(shown) == ["/articles/a11", "/articles/a3", "/articles/a7"]


def test_a_reader_who_comes_upon_a_problem_gets_a_page(client: TestClient) -> None:
    for address, status, said in (
        ("/articles/none", 404, "No such article"),
        ("/nowhere", 404, "Not Found"),
        ("/?limit=abc", 422, "limit"),
        ("/?q=x&cursor=bad", 422, "cursor"),
        ("/?q=x&from=soon", 422, "from is"),
    ):
        assert said in read(client, address, status).text_content()
    assert client.get("/v1/articles/none").headers["content-type"] == "application/problem+json"


def test_what_was_asked_is_shown_as_text(client: TestClient) -> None:
    hostile = '"><script>alert(1)</script>\u202e'
    for address in ({"q": hostile}, {"q": "report", "section": hostile}, {"q": hostile, "from": hostile}):
        text = client.get("/", params=address).text
        assert "<script>alert" not in text
