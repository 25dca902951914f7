from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from indexer.articles import article_from_record, is_visible, normalise_body, normalise_line, parse_time
from indexer.errors import ArticleError
from indexer.records import content_hash, record_from_article, stored_article
from indexer.types import Article, DateOrigin, PubStatus
from indexer.urls import canonical_url, url_key
from tests.support import NOW


def made(**fields: Any) -> Article:
    return article_from_record({"title": "A headline", **fields}, now=NOW)[0]


def test_white_space_and_control_characters_are_normalised() -> None:
    assert normalise_line("  Two\u00a0 words\u0007\u202e \n") == "Two words"


def test_the_persian_half_space_survives() -> None:
    assert normalise_line("می\u200cرود") == "می\u200cرود"


def test_decomposed_letters_are_composed() -> None:
    assert normalise_line("Cafe\u0301") == "Café"


def test_single_line_breaks_are_wrapping_where_paragraphs_are_marked() -> None:
    assert normalise_body("one\ntwo\n\nthree ") == "one two\n\nthree"


def test_each_line_is_a_paragraph_where_none_is_marked() -> None:
    assert normalise_body("one\r\ntwo\r\n") == "one\n\ntwo"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("HTTP://News.Example:80/a?utm_source=x&id=7#top", "http://news.example/a?id=7"),
        ("https://news.example/a?fbclid=1", "https://news.example/a"),
        ("https://news.example/news?id=7&eid=9&page=2", "https://news.example/news?id=7&eid=9&page=2"),
        ("https://news.example/a b", "https://news.example/a%20b"),
        ("https://news.example", "https://news.example/"),
    ],
)
def test_canonical_url_drops_only_what_does_not_tell_articles_apart(given: str, expected: str) -> None:
    assert canonical_url(given) == expected


def test_canonical_url_is_stable() -> None:
    once = canonical_url("https://münchen.example/ä?q=%20ü&utm_medium=m")
    assert canonical_url(once) == once


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/relative", "https://", "http://[::1", "mailto:a@b.example"])
def test_what_is_no_web_address_is_refused_by_name(url: str) -> None:
    with pytest.raises(ArticleError, match="url"):
        canonical_url(url)


def test_one_page_has_one_key_under_http_and_https() -> None:
    assert url_key("http://news.example/a/") == url_key("https://news.example/a")


def test_the_id_follows_from_the_url_and_not_from_the_text() -> None:
    first, stated = article_from_record({"title": "One", "url": "https://n.example/a?utm_source=x"}, now=NOW)
    second, _ = article_from_record({"title": "Two", "url": "http://n.example/a"}, now=NOW)
    assert first.id == second.id
    assert not stated


def test_without_url_the_id_follows_from_the_text() -> None:
    assert made(body="x").id != made(body="y").id


@pytest.mark.parametrize(
    "text",
    ["2026-03-01T12:30:00+03:00", "2026-03-01T09:30:00Z", "Sun, 01 Mar 2026 09:30:00 GMT", "2026-03-01 09:30:00"],
)
def test_times_become_utc(text: str) -> None:
    assert parse_time(text, "published_at") == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", 17, "0001-01-01T00:00:00+14:00"])
def test_a_wrong_time_is_refused_with_its_value(value: Any) -> None:
    with pytest.raises(ArticleError, match="published_at"):
        parse_time(value, "published_at")


def test_a_future_date_is_refused_with_the_way_out() -> None:
    with pytest.raises(ArticleError, match=r"in the future; correct it, or set embargoed"):
        made(published_at="2031-01-01")


def test_a_future_date_under_embargo_is_taken() -> None:
    article = made(published_at="2026-07-01", embargoed="2026-07-01")
    assert not is_visible(article, NOW)
    assert is_visible(article, NOW + timedelta(days=31))


def test_withheld_articles_are_not_visible() -> None:
    assert not is_visible(made(pubstatus="withheld"), NOW)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"title": "", "body": " "}, "title"),
        ({"title": 5}, "title"),
        ({"authors": [1]}, "authors"),
        ({"pubstatus": "gone"}, "pubstatus"),
        ({"language": "not a tag"}, "language"),
        ({"id": "a/b"}, "id"),
        ({"id": True}, "id"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ArticleError, match=named):
        made(**fields)


def test_unknown_fields_are_kept() -> None:
    assert made(desk="foreign", extra={"a": 1}).extra == {"desk": "foreign", "a": 1}


def test_language_is_identified_when_not_given() -> None:
    assert made(body="El gobierno anunció el lunes nuevas medidas para la costa y los pescadores.").language == "es"
    assert made(language="pt_br").language == "pt-BR"


def test_an_article_survives_the_round_trip_through_its_record() -> None:
    article = made(
        body="Text.",
        url="https://n.example/a",
        published_at="2026-03-01T09:30:00Z",
        authors=["A B"],
        tags=["x", "y"],
        embargoed="2026-03-02",
        pubstatus="withheld",
        desk="foreign",
    )
    assert stored_article(json.dumps(record_from_article(article))) == article
    assert article.published_from is DateOrigin.RECORD
    assert article.pubstatus is PubStatus.WITHHELD


def test_the_content_hash_sees_every_field_but_where_the_date_was_read() -> None:
    assert content_hash(made(body="x")) != content_hash(made(body="x", section="Sport"))
    page, _ = article_from_record(
        {"title": "A headline", "published_at": "2026-01-01"}, now=NOW, published_from=DateOrigin.META
    )
    assert content_hash(page) == content_hash(made(published_at="2026-01-01"))
