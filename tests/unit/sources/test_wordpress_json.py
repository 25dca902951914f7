from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.sources.detection import SourceFormat
from indexer.sources.items import Reading
from indexer.sources.opening import read_source
from indexer.sources.source_file import SourceFile
from indexer.types import Found, PubStatus, Reject
from tests.support import NOW

POST: dict[str, Any] = {
    "id": 71,
    "date": "2026-03-10T07:15:00",
    "date_gmt": "2026-03-10T05:15:00",
    "modified_gmt": "2026-03-10T09:00:00",
    "status": "publish",
    "type": "post",
    "link": "https://strait.example/2026/03/ferry/",
    "title": {"rendered": "Ferry strike ends &#8211; for now"},
    "content": {
        "rendered": "<p>Ferry crews returned to work on Tuesday after nine days.</p>\n\n"
        '<figure class="wp-block-image"><img src="b.jpg"><figcaption>The quay</figcaption></figure>\n'
        "<p>The first boat left the quay at six [local time].</p>\n[newsletter_form id=3]",
        "protected": False,
    },
    "excerpt": {"rendered": "<p>Nine days of strike end [&hellip;]</p>\n", "protected": False},
    "author": 3,
    "categories": [4, 9],
    "tags": [17],
}
EMBEDDED = {
    "author": [{"id": 3, "name": "Halima Oduya"}],
    "wp:featuredmedia": [{"id": 8, "source_url": "https://strait.example/b.jpg"}],
    "wp:term": [
        [
            {"taxonomy": "category", "name": "Uncategorized", "slug": "uncategorized"},
            {"taxonomy": "category", "name": "Harbour &amp; Sea", "slug": "harbour"},
            {"taxonomy": "category", "name": "Work", "slug": "work"},
        ],
        [{"taxonomy": "post_tag", "name": "ferries", "slug": "ferries"}],
    ],
}
YOAST = {
    "author": "Jon Stell",
    "og_site_name": "Strait Online",
    "og_locale": "en_GB",
    "og_image": [{"url": "https://strait.example/og.jpg"}],
    "description": "What the strike was about.",
    "schema": {
        "@graph": [{"@type": "WebPage"}, {"@type": "Article", "articleSection": ["Harbour"], "keywords": ["quay"]}]
    },
}


def read(document: object) -> list[Found | Reject]:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return list(read_source(SourceFile.in_memory("posts.json", data), Reading(NOW), SourceFormat.WORDPRESS_JSON))


def found(**fields: Any) -> Found:
    (one,) = read([{**POST, **fields}])
    assert isinstance(one, Found), one
    return one


def test_an_embedded_post_is_an_article_with_all_its_fields() -> None:
    one = found(_embedded=EMBEDDED, lang="en", yoast_head_json=YOAST)
    article = one.article
    assert (one.place, one.partial, one.stated_id) == ("item 1", False, False)
    assert article.title == "Ferry strike ends – for now"
    assert article.body == (
        "Ferry crews returned to work on Tuesday after nine days.\n\nThe first boat left the quay at six [local time]."
    )
    assert article.url == "https://strait.example/2026/03/ferry/"
    assert article.published_at == datetime(2026, 3, 10, 5, 15, tzinfo=UTC)
    assert article.updated_at == datetime(2026, 3, 10, 9, tzinfo=UTC)
    assert article.authors == ("Halima Oduya",)
    assert (article.section, article.tags) == ("Harbour & Sea", ("Work", "ferries"))
    assert article.summary == "Nine days of strike end…"
    assert article.image_url == "https://strait.example/b.jpg"
    assert (article.source, article.language) == ("Strait Online", "en")
    assert article.extra == {"wp_post_id": 71}


def test_numbers_of_authors_and_categories_are_no_names_and_such_a_post_is_partial() -> None:
    one = found()
    assert one.partial
    assert (one.article.authors, one.article.section, one.article.tags) == ((), None, ())


def test_what_is_not_embedded_is_taken_from_the_seo_plugin() -> None:
    article = found(yoast_head_json=YOAST, excerpt={"rendered": ""}).article
    assert article.authors == ("Jon Stell",)
    assert (article.section, article.tags, article.language) == ("Harbour", ("quay",), "en-GB")
    assert article.image_url == "https://strait.example/og.jpg"
    assert article.summary == "What the strike was about."


@pytest.mark.parametrize(
    ("fields", "pubstatus"),
    [
        ({"content": {"rendered": "", "protected": True}}, PubStatus.WITHHELD),
        ({"status": "draft", "date_gmt": None}, PubStatus.WITHHELD),
        ({"status": "private"}, PubStatus.WITHHELD),
        ({"status": "trash"}, PubStatus.CANCELED),
        ({"status": "publish"}, PubStatus.USABLE),
    ],
)
def test_what_is_not_public_is_never_shown(fields: dict[str, Any], pubstatus: PubStatus) -> None:
    assert found(**fields).article.pubstatus is pubstatus


def test_a_future_post_is_held_back_until_its_date() -> None:
    article = found(status="future", date_gmt="2026-09-01T06:00:00").article
    assert (article.pubstatus, article.embargoed) == (PubStatus.USABLE, datetime(2026, 9, 1, 6, tzinfo=UTC))


def test_a_post_asked_for_without_its_content_has_its_excerpt_marked_as_such() -> None:
    (one,) = read([{name: value for name, value in POST.items() if name != "content"}])
    assert isinstance(one, Found)
    assert (one.article.body, one.article.extra["extent"]) == ("Nine days of strike end…", "summary")


def test_an_array_one_post_and_one_post_a_line_are_read_alike() -> None:
    post, other = json.dumps(POST).encode(), json.dumps({**POST, "id": 72, "link": "https://strait.example/b"}).encode()
    array = read(b"\xef\xbb\xbf[" + post + b",\n" + other + b"]")
    lines = read(post + b"\n\n" + other + b"\n")
    assert [one.article.extra["wp_post_id"] for one in array if isinstance(one, Found)] == [71, 72]
    assert [one.article for one in array if isinstance(one, Found)] == [
        one.article for one in lines if isinstance(one, Found)
    ]
    assert [one.place for one in (*array, *lines)] == ["item 1", "item 2", "line 1", "line 3"]
    (one,) = read(json.dumps(POST, indent=2).encode())
    assert isinstance(one, Found)


def test_pages_and_attachments_are_passed_over() -> None:
    items = read([{**POST, "type": "page"}, {**POST, "type": "attachment"}, {**POST, "type": "local_news"}])
    assert [one.place for one in items] == ["item 3"]
    (none,) = read([{**POST, "type": "page"}])
    assert none == Reject("posts.json", "file", "holds no post among its 1 items")


def test_what_is_no_post_is_rejected_at_its_place_and_the_rest_goes_on() -> None:
    number, empty, untitled, one = read([7, {"id": 1}, {**POST, "title": None, "content": None, "link": None}, POST])
    assert [(item.place, item.reason) for item in (number, empty, untitled) if isinstance(item, Reject)] == [
        ("item 1", "is no post; expected a JSON object with title or content"),
        ("item 2", "is no post; expected a JSON object with title or content"),
        ("item 3", "neither title nor body has text; at least one is required"),
    ]
    assert isinstance(one, Found)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b'[{"title": {"rendered": "x"}}, {"title"', "is not valid JSON at line 1, column"),
        (b"[" * 100_000, "is not valid JSON at line 1, column"),
        (
            b'{"code": "rest_forbidden", "message": "Sorry, you <b>may</b> not.", "data": {"status": 401}}',
            "is the answer 'rest_forbidden' (Sorry, you may not.), not posts; ask the site again",
        ),
    ],
)
def test_a_document_that_holds_no_posts_is_one_reject(document: bytes, reason: str) -> None:
    (one,) = read_source(SourceFile.in_memory("x.json", document), Reading(NOW), SourceFormat.WORDPRESS_JSON)
    assert isinstance(one, Reject)
    assert one.place == "file"
    assert one.reason.startswith(reason)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = [*POST, "_embedded", "yoast_head_json", "lang", "password", "jetpack_featured_media_url"]


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=5))
def test_a_post_with_fields_of_any_kind_is_read_or_rejected(fields: dict[str, Any]) -> None:
    assert len(read([{**POST, **fields}])) == 1


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["author", "wp:term", "wp:featuredmedia"]), st.sampled_from([*YOAST]), ANYTHING)
def test_embedded_fields_of_any_kind_are_read_or_rejected(embedded: str, yoast: str, value: Any) -> None:
    fields = {"_embedded": {**EMBEDDED, embedded: [value, [value]]}, "yoast_head_json": {**YOAST, yoast: value}}
    assert len(read([{**POST, **fields}])) == 1


WHOLE = json.dumps([{**POST, "_embedded": EMBEDDED}, POST]).encode()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(WHOLE)), st.integers(0, 60), st.binary(max_size=30))
def test_a_damaged_document_is_read_or_rejected(start: int, length: int, new: bytes) -> None:
    data = WHOLE[:start] + new + WHOLE[start + length :]
    items = list(read_source(SourceFile.in_memory("x", data), Reading(NOW), SourceFormat.WORDPRESS_JSON))
    assert items
    assert all(isinstance(one, (Found, Reject)) for one in items)
