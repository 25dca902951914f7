from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.sources import open_source
from indexer.types import Article, DateOrigin, Found, Reject
from tests.support import NOW
from tests.unit.sources import invented_pages as pages

PUBLISHED = datetime(2026, 3, 10, 5, 15, tzinfo=UTC)

Read = Callable[..., Found | Reject]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def one(page: str | bytes) -> Found | Reject:
        path = tmp_path / "page.html"
        path.write_bytes(page if isinstance(page, bytes) else page.encode())
        (item,) = open_source(path, now=NOW)
        return item

    return one


def article(item: Found | Reject) -> Article:
    assert isinstance(item, Found), item
    return item.article


def reason(item: Found | Reject) -> str:
    assert isinstance(item, Reject), item
    return item.reason


@pytest.mark.parametrize("layout", pages.LAYOUTS)
def test_every_layout_gives_the_headline_and_exactly_the_paragraphs(read: Read, layout: str) -> None:
    found = article(read(pages.LAYOUTS[layout]))
    assert found.title == pages.TITLE
    assert found.body == pages.BODY


@pytest.mark.parametrize("layout", pages.LAYOUTS)
def test_related_list_never_enters_the_body(read: Read, layout: str) -> None:
    body = article(read(pages.LAYOUTS[layout])).body
    assert not [title for title in pages.RELATED if title in body]


@pytest.mark.parametrize(
    ("layout", "origin"),
    [
        ("json-ld", DateOrigin.JSON_LD),
        ("open graph", DateOrigin.META),
        ("tables", DateOrigin.PAGE),
        ("blog", DateOrigin.PAGE),
        ("printed date", DateOrigin.PAGE),
    ],
)
def test_the_date_keeps_its_time_of_day_and_says_where_it_was_read(read: Read, layout: str, origin: DateOrigin) -> None:
    found = article(read(pages.LAYOUTS[layout]))
    assert (found.published_at, found.published_from) == (PUBLISHED, origin)


def test_a_footer_year_is_no_date(read: Read) -> None:
    found = article(read(pages.PLAIN_DUMP))
    assert (found.published_at, found.published_from) == (None, DateOrigin.NONE)


def test_json_ld_fills_the_fields_and_names_only_persons(read: Read) -> None:
    found = article(read(pages.JSON_LD))
    assert found.url == "https://herald.example/ferry"
    assert found.authors == ("Halima Oduya",)
    assert (found.section, found.tags) == ("Harbour", ("ferries", "strikes"))
    assert (found.language, found.source) == ("en-GB", "The Strait Herald")
    assert (found.summary, found.image_url) == ("Nine days of strike end.", "https://herald.example/boat.jpg")
    assert found.updated_at == datetime(2026, 3, 10, 9, tzinfo=UTC)


def test_open_graph_fills_the_fields_without_json_ld(read: Read) -> None:
    found = article(read(pages.OPEN_GRAPH))
    assert found.url == "https://strait.example/news/7"
    assert found.authors == ("Halima Oduya", "Jon Stell")
    assert (found.section, found.tags, found.source) == ("Harbour", ("ferries", "strikes"), "Strait Online")


def test_a_newsroom_byline_stays_in_extra_and_names_nobody(read: Read) -> None:
    found = article(read(pages.PLAIN_DUMP))
    assert (found.authors, found.extra["byline"]) == ((), "By Staff, Agencies")


def test_the_place_of_a_correspondent_is_no_part_of_the_name(read: Read) -> None:
    assert article(read(pages.TABLES)).authors == ("Jon Stell",)


def test_a_page_is_partial_and_states_no_id(read: Read) -> None:
    item = read(pages.PLAIN_DUMP)
    assert isinstance(item, Found)
    assert (item.partial, item.stated_id, item.place) == (True, False, "page")


def test_a_page_without_a_url_has_an_id_from_its_text(read: Read) -> None:
    one, other = article(read(pages.PLAIN_DUMP)), article(read(pages.PLAIN_DUMP.replace("Comments", "Comment")))
    assert one.url is None
    assert one.id == other.id


def test_an_article_in_json_ld_beats_a_misleading_heading_of_the_site(read: Read) -> None:
    page = pages.JSON_LD.replace("<header>", "<header><h1>The Strait Herald</h1>")
    assert article(read(page)).title == pages.TITLE


def test_a_heading_of_the_site_is_no_headline(read: Read) -> None:
    page = pages.OPEN_GRAPH.replace(f"<h1>{pages.TITLE}</h1>", "<h1>Harbour</h1>")
    assert article(read(page)).title == pages.TITLE


def test_entities_in_json_ld_are_decoded(read: Read) -> None:
    page = pages.JSON_LD.replace(
        f'"headline": "{pages.TITLE}"', '"headline": "Crews&#8217; strike ends as board agrees to rota"'
    )
    assert article(read(page)).title == "Crews’ strike ends as board agrees to rota"


def test_a_future_date_gives_way_to_the_next_trust_level(read: Read) -> None:
    page = pages.OPEN_GRAPH.replace("2026-03-10T05:15:00Z", "2031-01-01T00:00:00Z").replace(
        "</h1>", '</h1><time datetime="2026-03-10T05:15:00Z">today</time>'
    )
    found = article(read(page))
    assert (found.published_at, found.published_from) == (PUBLISHED, DateOrigin.PAGE)


def test_the_day_in_the_url_is_the_last_resort(read: Read) -> None:
    page = pages.PLAIN_DUMP.replace("<head>", '<head><link rel="canonical" href="https://q.example/2026/03/10/ferry">')
    found = article(read(page))
    assert (found.published_at, found.published_from) == (datetime(2026, 3, 10, tzinfo=UTC), DateOrigin.URL)


def test_a_date_of_a_comment_is_not_the_article_s(read: Read) -> None:
    page = pages.PRINTED_DATE.replace(
        "</body>", '<div id="comments"><time datetime="2026-04-01T00:00:00Z"></time></div></body>'
    )
    assert article(read(page)).published_at == PUBLISHED


def test_an_author_of_a_comment_is_not_the_article_s(read: Read) -> None:
    page = pages.PLAIN_DUMP.replace(
        "<h3>Comments</h3>", '<h3>Comments</h3><div class="comment-author">Ola Brandt</div>'
    )
    assert article(read(page)).authors == ()


def test_a_page_inside_one_form_is_read(read: Read) -> None:
    page = pages.PLAIN_DUMP.replace("<body>", "<body><form>").replace("</body>", "</form></body>")
    assert article(read(page)).body == pages.BODY


def test_an_arabic_page_is_read_with_its_date_and_author(read: Read) -> None:
    found = article(read(pages.ARABIC))
    assert (found.title, found.body) == (pages.ARABIC_TITLE, "\n\n".join(pages.ARABIC_PARAGRAPHS))
    assert (found.language, found.authors) == ("ar", ("سلمى حداد",))
    assert found.published_at == datetime(2026, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("comments", "related"),
    [
        ("Commentaires", "À lire aussi"),
        ("Commentaires", "Articles liés"),
        ("Comentarios", "Noticias relacionadas"),
        ("نظرات", "اخبار مرتبط"),
        ("Popular", "Most read"),
        ("Tags", "Read more"),
    ],
)
def test_tails_are_cut_in_every_language(read: Read, comments: str, related: str) -> None:
    page = pages.PLAIN_DUMP.replace("Comments", comments).replace("Related News", related)
    assert article(read(page)).body == pages.BODY


def test_a_half_space_of_persian_survives(read: Read) -> None:
    paragraph = "کارکنان کشتی\u200cها روز سه\u200cشنبه پس از نه روز اعتصاب به کار بازگشتند و بندر دوباره باز شد."
    text = f"<p>{paragraph}</p><p>{paragraph[:-1]} و ماند.</p>"
    page = f"<html lang='fa'><body><h1>پایان اعتصاب</h1><div>{text}</div></body></html>"
    assert paragraph in article(read(page)).body


def test_a_latin_1_page_is_decoded_as_it_declares(read: Read) -> None:
    page = pages.PLAIN_DUMP.replace("“", "«").replace("”", "»").replace("Oduya", "Odéya")
    declared = page.replace("<head>", '<head><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">')
    assert "Halima Odéya" in article(read(declared.encode("latin-1"))).body


def test_a_latin_1_page_that_declares_nothing_is_guessed(read: Read) -> None:
    page = pages.PLAIN_DUMP.replace("“", "«").replace("”", "»").replace("Oduya", "Odéya")
    assert "Halima Odéya" in article(read(page.encode("latin-1"))).body


def test_an_index_page_is_no_article(read: Read) -> None:
    assert reason(read(pages.INDEX)).startswith("no article found: the page lists")


def test_an_error_page_is_no_article(read: Read) -> None:
    assert reason(read(pages.ERROR)).startswith("no article found")


def test_a_template_is_no_article(read: Read) -> None:
    assert "template" in reason(read(pages.PLAIN_DUMP.replace(pages.TITLE, "{{ a.title }}")))


@pytest.mark.parametrize("language", ["english, french", "{{ lang }}", "x-default"])
def test_a_language_that_is_no_tag_is_told_from_the_text(read: Read, language: str) -> None:
    page = pages.PLAIN_DUMP.replace("<html>", f'<html lang="{language}">')
    assert article(read(page)).language == "en"


def test_a_page_of_labels_is_no_article(read: Read) -> None:
    assert reason(read(f"<html><body><ul>{pages.MENU}</ul></body></html>")).startswith("no article found: 5 words")


def test_a_huge_page_is_rejected_with_its_size(read: Read) -> None:
    assert "has more than 20,971,520 bytes" in reason(read(b"<html>" + b" " * (20 << 20)))
