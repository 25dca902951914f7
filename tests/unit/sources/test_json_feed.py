from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import SourceError
from indexer.sources.items import Reading
from indexer.sources.json_feed import read_json_feed
from indexer.sources.opening import read_source
from indexer.sources.source_file import SourceFile
from indexer.types import Article, Found, Reject
from tests.support import NOW

STORY = " ".join(["The ferry came back to the harbour on Monday with lorries on its deck."] * 6)


def read(*items: Any, **feed: Any) -> list[Found | Reject]:
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "Harbour Post", "items": list(items), **feed}
    return list(read_source(SourceFile.in_memory("feed.json", json.dumps(document).encode()), Reading(NOW)))


def article(item: dict[str, Any], **feed: Any) -> Article:
    (found,) = read(item, **feed)
    assert isinstance(found, Found)
    assert found.partial
    return found.article


def test_an_item_with_its_text_is_an_article() -> None:
    found = article(
        {
            "id": "77",
            "url": "https://harbour.example/ferry",
            "title": "Ferry returns",
            "content_html": f"<p>{STORY}</p>",
            "summary": "The ferry is back.",
            "image": "/ferry.jpg",
            "date_published": "2026-03-01T09:30:00+01:00",
            "date_modified": "2026-03-01T10:00:00+01:00",
            "authors": [{"name": "Mina Okoye"}, {"name": "Staff"}],
            "tags": ["ports", 3],
            "language": "en-GB",
        },
        feed_url="https://harbour.example/feed.json",
    )
    assert (found.title, found.body, found.summary) == ("Ferry returns", STORY, "The ferry is back.")
    assert found.url == "https://harbour.example/ferry"
    assert found.published_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert (found.authors, found.tags, found.language) == (("Mina Okoye",), ("ports",), "en-GB")
    assert (found.source, found.image_url) == ("Harbour Post", "https://harbour.example/ferry.jpg")
    assert found.extra == {"guid": "77", "byline": "Mina Okoye, Staff"}


def test_version_1_has_one_author_and_ids_that_may_be_numbers() -> None:
    found = article({"id": 12, "title": "Ferry returns", "author": {"name": "Mina Okoye"}})
    assert (found.extra["guid"], found.authors, found.extra["extent"]) == ("12", ("Mina Okoye",), "headline")


def test_plain_text_is_not_read_as_html() -> None:
    assert (
        article({"id": "1", "title": "1 < 2 & <b>", "content_text": "Rates < 2% & > 1%."}).body == "Rates < 2% & > 1%."
    )


def test_the_page_on_another_site_is_not_the_items_own() -> None:
    found = article({"id": "1", "title": "T", "external_url": "https://other.example/a"})
    assert (found.url, found.extra["external_url"]) == (None, "https://other.example/a")


def test_a_plain_id_does_not_collide_with_that_of_another_feed() -> None:
    one = article({"id": "1", "title": "T"}, feed_url="https://a.example/feed.json")
    other = article({"id": "1", "title": "T"}, feed_url="https://b.example/feed.json")
    assert len({one.id, other.id}) == 2


def test_items_that_are_no_articles_are_rejected_and_the_others_go_on() -> None:
    assert [
        item.reason if isinstance(item, Reject) else item.place for item in read("x", {"id": "1"}, {"title": "T"})
    ] == [
        "is no JSON object; expected one with title, content_html or content_text",
        "neither title nor body has text; at least one is required",
        "item 3",
    ]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"items": 1}', b"{", b"\xff", b"[" * 5000])
def test_what_is_no_json_feed_is_a_source_error(data: bytes) -> None:
    with pytest.raises(SourceError):
        list(read_json_feed(SourceFile.in_memory("feed.json", data), Reading(NOW)))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_NAMES = (
    *("id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image"),
    *("date_published", "date_modified", "author", "authors", "tags", "language", "attachments"),
)


@given(st.lists(st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=6) | _VALUES, max_size=4), _VALUES)
def test_any_values_give_an_article_or_a_reject_an_item(items: list[Any], title: Any) -> None:
    data = json.dumps({"version": "https://jsonfeed.org/version/1", "title": title, "items": items}).encode()
    try:
        read_items = list(read_json_feed(SourceFile.in_memory("feed.json", data), Reading(NOW)))
    except SourceError:
        return
    assert [item.place for item in read_items] == [f"item {number}" for number in range(1, len(items) + 1)]
