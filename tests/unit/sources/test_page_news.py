"""What news pages have and other pages have not: each with a page invented for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from indexer.sources import open_source
from indexer.types import Article, DateOrigin, Found
from tests.support import NOW
from tests.unit.sources.invented_pages import BODY, LINKS, MENU, PARAGRAPHS, RELATED, TEXT, TITLE

Read = Callable[[str], Article]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def one(page: str) -> Article:
        path = tmp_path / "page.html"
        path.write_text(page, encoding="utf-8")
        (item,) = open_source(path, now=NOW)
        assert isinstance(item, Found), item
        return item.article

    return one


def page(text: str = TEXT, head: str = "", above: str = "", language: str = "en") -> str:
    """A page with a headline, something between it and the text, and the text."""
    return (
        f'<html lang="{language}"><head><title>{TITLE}</title>{head}</head><body><nav><ul>{MENU}</ul></nav>'
        f"<article><h1>{TITLE}</h1>{above}<div class='text'>{text}</div></article></body></html>"
    )


def json_ld(value: dict[str, Any], wrapped: str = "{}") -> str:
    return f'<script type="application/ld+json">{wrapped.replace("{}", json.dumps(value))}</script>'


def test_agencies_of_a_byline_and_of_a_dateline_are_noted_and_are_no_persons(read: Read) -> None:
    found = read(
        page(f"<p>PORT SELWYN, March 10 (Reuters) - {PARAGRAPHS[0]}</p>", above="<p>By AFP and Halima Oduya</p>")
    )
    assert found.authors == ("Halima Oduya",)
    assert (found.extra["byline"], found.extra["agencies"]) == ("By AFP and Halima Oduya", ["AFP", "Reuters"])


def test_a_dateline_stays_in_the_text(read: Read) -> None:
    text = f"PORT SELWYN, March 10 (Reuters) - {PARAGRAPHS[0]}"
    assert read(page(f"<p>{text}</p><p>{PARAGRAPHS[1]}</p>")).body == f"{text}\n\n{PARAGRAPHS[1]}"


def test_staff_and_agencies_name_neither_a_person_nor_an_agency(read: Read) -> None:
    found = read(page(above="<p>By Staff, Agencies</p>"))
    assert (found.authors, found.extra) == ((), {"byline": "By Staff, Agencies"})


def test_a_byline_that_closes_the_text_is_the_byline(read: Read) -> None:
    found = read(page(f"{TEXT}<p><em>By Halima Oduya</em></p>"))
    assert (found.body, found.authors) == (BODY, ("Halima Oduya",))


@pytest.mark.parametrize(
    "caption",
    [
        "<figure><img><figcaption>The eastern quay on Monday, seen from the roof of the customs house.</figcaption></figure>",
        '<div class="wp-caption"><p class="wp-caption-text">The eastern quay on Monday, seen from the customs house.</p></div>',
        "<p>Photo: Jon Stell / Quayside</p>",
    ],
)
def test_captions_and_credits_are_no_text(read: Read, caption: str) -> None:
    text = f"<p>{PARAGRAPHS[0]}</p>{caption}" + "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS[1:])
    assert read(page(text)).body == BODY


def test_a_pull_quote_that_repeats_the_text_is_dropped_once(read: Read) -> None:
    quote = f'<blockquote class="pull-quote"><p>{PARAGRAPHS[2]}</p></blockquote>'
    text = f"<p>{PARAGRAPHS[0]}</p>{quote}" + "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS[1:])
    assert read(page(text)).body == BODY


def test_a_quotation_that_stands_nowhere_else_stays(read: Read) -> None:
    quote = "“The tide does not sign agreements, and neither shall I,” wrote the oldest of the pilots."
    body = read(
        page(f'{TEXT}<blockquote class="pull-quote"><p>{quote}</p></blockquote><p>{PARAGRAPHS[0][:-1]} again.</p>')
    ).body
    assert quote in body


@pytest.mark.parametrize(
    "box",
    [
        '<div class="newsletter-signup"><h4>The tide table</h4><p>Get the news of the harbour in your inbox every day.</p></div>',
        "<p>Sign up for our morning newsletter</p>",
        "<p>Share on Telegram</p>",
        '<div class="share-tools"><a href="#">Share</a> <a href="#">Copy link</a></div>',
        '<aside><h3>Popular stories</h3><ol><li><a href="/1">Why the night boat is always late</a></li></ol></aside>',
        '<div class="most-popular"><h3>Trending</h3><p><a href="/1">Why the night boat is always late.</a></p></div>',
        '<div style="display: none"><p>This text is for machines and no reader of the page will ever see it anywhere.</p></div>',
        "<p>Follow us on Telegram</p>",
        "<p>ADVERTISEMENT</p>",
    ],
)
def test_boxes_within_a_text_are_left_out(read: Read, box: str) -> None:
    text = f"<p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p>{box}<p>{PARAGRAPHS[2]}</p><p>{PARAGRAPHS[3]}</p>"
    assert read(page(text)).body == BODY


@pytest.mark.parametrize(
    "heading", ["Weitere Themen", "Notas relacionadas", "مقالات ذات صلة", "آخرین اخبار", "関連記事", "По теме"]
)
def test_a_list_under_such_a_heading_never_enters_the_body(read: Read, heading: str) -> None:
    assert read(page(f"{TEXT}<h3>{heading}</h3><ul>{LINKS}</ul>")).body == BODY


def test_columnists_praised_above_the_headline_did_not_write_the_article(read: Read) -> None:
    praised = '<div class="author">Ola Brandt</div><div class="author">Jon Stell</div>'
    found = read(page(above='<div class="byline">Halima Oduya</div>').replace("<article>", f"{praised}<article>"))
    assert found.authors == ("Halima Oduya",)


def test_a_paper_that_calls_itself_a_person_gives_way_to_the_author_shown(read: Read) -> None:
    node = {"@type": "NewsArticle", "headline": TITLE, "author": {"@type": "Person", "name": "Quayside"}}
    assert read(page(head=json_ld(node), above='<a rel="author">Halima Oduya</a>')).authors == ("Halima Oduya",)


def test_an_author_of_one_word_is_one_where_the_page_says_so(read: Read) -> None:
    node = {"@type": "NewsArticle", "headline": TITLE, "author": {"@type": "Person", "name": "Aureliana"}}
    assert read(page(head=json_ld(node))).authors == ("Aureliana",)


def test_a_headline_without_its_kicker(read: Read) -> None:
    head = f'<meta property="og:title" content="{TITLE}">'
    assert read(page(head=head).replace("<h1>", "<h1><span>Harbour</span> ")).title == TITLE


def test_a_standfirst_above_the_text_is_kept(read: Read) -> None:
    standfirst = "Nine days of strike end with fewer night crossings and a second engineer"
    assert read(page(above=f'<p class="standfirst">{standfirst}</p>')).body == f"{standfirst}\n\n{BODY}"


def test_entries_of_a_live_blog_follow_each_other_without_their_times(read: Read) -> None:
    entries = [
        {
            "@type": "BlogPosting",
            "headline": "Talks resume",
            "articleBody": PARAGRAPHS[0],
            "datePublished": "2026-03-10T07:15Z",
        },
        {
            "@type": "BlogPosting",
            "headline": "Board agrees",
            "articleBody": f"<p>{PARAGRAPHS[1]}</p><p>{PARAGRAPHS[2]}</p>",
        },
    ]
    node = {
        "@type": "LiveBlogPosting",
        "headline": TITLE,
        "liveBlogUpdate": entries,
        "datePublished": "2026-03-10T05:15:00Z",
    }
    found = read(page("<p>Updates load as they come in; please wait a moment.</p>", json_ld(node)))
    assert found.body.split("\n\n") == ["Talks resume", PARAGRAPHS[0], "Board agrees", PARAGRAPHS[1], PARAGRAPHS[2]]
    assert found.published_at == datetime(2026, 3, 10, 5, 15, tzinfo=UTC)


def test_times_shown_between_live_entries_are_no_text(read: Read) -> None:
    text = "".join(
        f"<p>{hour}:35 GMT</p><p>{paragraph}</p>" for hour, paragraph in zip(range(9, 13), PARAGRAPHS, strict=True)
    )
    assert read(page(text)).body == BODY


def test_json_ld_gives_the_text_that_the_page_loads_later(read: Read) -> None:
    node = {"@type": "NewsArticle", "headline": TITLE, "articleBody": TEXT}
    assert read(page("<p>Loading the story. This takes a moment on slow lines.</p>", json_ld(node))).body == BODY


def test_a_teaser_in_json_ld_does_not_replace_the_text(read: Read) -> None:
    node = {
        "@type": "NewsArticle",
        "headline": TITLE,
        "articleBody": f"{PARAGRAPHS[0]} {'More to come soon. ' * 12}...",
    }
    assert read(page(head=json_ld(node))).body == BODY


def test_a_text_in_json_ld_that_the_page_shows_keeps_the_paragraphs_of_the_page(read: Read) -> None:
    node = {"@type": "NewsArticle", "headline": TITLE, "articleBody": BODY.replace("\n\n", " ")}
    assert read(page(head=json_ld(node))).body == BODY


@pytest.mark.parametrize("wrapped", ["<![CDATA[ {} ]]>", "//<![CDATA[\n{}\n//]]>", "<!-- {} -->", "{};"])
def test_json_ld_is_read_out_of_what_old_templates_wrap_it_in(read: Read, wrapped: str) -> None:
    node = {"@type": "NewsArticle", "headline": TITLE, "datePublished": "2026-03-10T05:15:00Z"}
    assert read(page(head=json_ld(node, wrapped))).published_from is DateOrigin.JSON_LD


def test_an_author_that_json_ld_only_refers_to_is_looked_up(read: Read) -> None:
    graph = [
        {"@type": "NewsArticle", "headline": TITLE, "author": {"@id": "#halima"}},
        {"@type": "Person", "@id": "#halima", "name": "Halima Oduya"},
    ]
    assert read(page(head=json_ld({"@graph": graph}))).authors == ("Halima Oduya",)


def test_an_agency_as_author_in_json_ld_is_the_byline(read: Read) -> None:
    node = {
        "@type": "NewsArticle",
        "headline": TITLE,
        "author": {"@type": "Organization", "name": "Xinhua News Agency"},
    }
    found = read(page(head=json_ld(node)))
    assert (found.authors, found.extra) == ((), {"byline": "Xinhua News Agency", "agencies": ["Xinhua"]})


def test_a_paywall_leaves_the_teaser_marked_as_a_summary(read: Read) -> None:
    node = {"@type": "NewsArticle", "headline": TITLE, "isAccessibleForFree": False}
    found = read(page(f"<p>{PARAGRAPHS[0]}</p><p>Subscribe to continue reading</p>", json_ld(node)))
    assert (found.body, found.extra["extent"]) == (PARAGRAPHS[0], "summary")


def test_an_amp_page_is_its_article_under_the_canonical_address(read: Read) -> None:
    amp = page(
        f"{TEXT}<amp-embed><p>The ten strangest ferries of the world, and what became of their captains.</p></amp-embed>",
        '<link rel="canonical" href="https://herald.example/ferry">',
    ).replace("<html", "<html amp")
    found = read(amp.replace("<nav>", f"<amp-sidebar><ul>{MENU}</ul></amp-sidebar><nav>"))
    assert (found.url, found.body) == ("https://herald.example/ferry", BODY)


def test_a_persian_page_keeps_its_half_spaces_and_its_day(read: Read) -> None:
    title = "کشتی\u200cها پس از نه روز به راه افتادند"
    text = "کارکنان کشتی\u200cها روز سه\u200cشنبه پس از نه روز اعتصاب به کار بازگشتند و بندر دوباره باز شد."
    found = read(
        f'<html lang="fa"><head><title>{title}</title></head><body><h1>{title}</h1>'
        f"<span>سه\u200cشنبه ۱۹ اسفند ۱۴۰۴ - ۰۹:۳۵</span>"
        f"<div><p>{text}</p><p>{text[:-1]} و ماند.</p></div><h4>اخبار مرتبط</h4><ul>{LINKS}</ul></body></html>"
    )
    assert (found.title, found.body) == (title, f"{text}\n\n{text[:-1]} و ماند.")
    assert found.published_at == datetime(2026, 3, 10, 9, 35, tzinfo=UTC)


def test_a_japanese_page_keeps_its_text_and_not_its_related_list(read: Read) -> None:
    title = "渡し船の乗組員、九日間のストライキを終える"
    text = (
        "港湾委員会が新しい勤務表に同意したため、渡し船の乗組員は火曜日に仕事に戻った。"
        "九日間のストライキで、海峡の両岸に多くのトラックが足止めされていた。"
    )
    found = read(
        f'<html lang="ja"><head><title>{title}</title></head><body><h1>{title}</h1><p>2026年3月10日 14:15</p>'
        f"<div><p>{text}</p><p>{text}木曜日には平常の運航に戻る。</p></div><h3>関連記事</h3><ul>{LINKS}</ul></body></html>"
    )
    assert (found.title, found.body) == (title, f"{text}\n\n{text}木曜日には平常の運航に戻る。")
    assert found.published_at == datetime(2026, 3, 10, 14, 15, tzinfo=UTC)


def test_a_page_that_only_says_when_it_was_updated_has_that_day(read: Read) -> None:
    found = read(page(f"{TEXT}<p class='note'>Last updated on 10 March 2026</p>") + "<footer>© 2019</footer>")
    assert (found.published_at, found.published_from) == (datetime(2026, 3, 10, tzinfo=UTC), DateOrigin.UPDATE)


def test_a_visible_date_beats_that_of_an_update(read: Read) -> None:
    found = read(page(above="<p>Updated: 11-03-2026</p><p>10-03-2026 | 05:15</p>"))
    assert found.published_at == datetime(2026, 3, 10, 5, 15, tzinfo=UTC)


@pytest.mark.parametrize("shown", ["10.03.26", "10 | 03 | 2026", "Posted by Jon Stell on 10 March 2026 in Harbour"])
def test_shorter_ways_to_print_a_day(read: Read, shown: str) -> None:
    assert read(page(above=f"<div>{shown}</div>")).published_at == datetime(2026, 3, 10, tzinfo=UTC)


def test_a_section_of_a_page_builder_belongs_to_the_text(read: Read) -> None:
    parts = "".join(f'<div class="row"><div class="column"><p>{paragraph}</p></div></div>' for paragraph in PARAGRAPHS)
    assert read(page(parts)).body == BODY


def test_the_section_is_the_first_step_of_the_trail_after_the_home_page(read: Read) -> None:
    trail = (
        f'<nav aria-label="Breadcrumb"><a href="/">Home</a> <a href="/h">Harbour</a> <a href="/h/7">{TITLE}</a></nav>'
    )
    assert read(page().replace("<article>", f"{trail}<article>")).section == "Harbour"


def test_related_titles_are_in_no_body(read: Read) -> None:
    body = read(page(f"{TEXT}<h2>Don't miss</h2><ul>{LINKS}</ul>")).body
    assert not [title for title in RELATED if title in body]
