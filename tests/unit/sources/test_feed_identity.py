from __future__ import annotations

from datetime import UTC, datetime

import pytest

from indexer.types import Found
from tests.unit.sources.test_feed import article, read, rss


def test_only_a_uri_is_an_id_as_it_stands() -> None:
    assert (
        article(rss("<title>T</title><guid isPermaLink='false'>tag:a.example,2026:1</guid>")).id
        == "tag:a.example,2026:1"
    )
    plain = "<title>T</title><guid isPermaLink='false'>1</guid>"
    one, other = article(rss(plain), "https://a.example/feed"), article(rss(plain), "https://b.example/feed")
    assert (len(one.id), one.id != other.id) == (20, True)
    assert article(rss(plain.replace("T<", "T, corrected<")), "https://a.example/feed").id == one.id


def test_items_that_share_their_link_are_told_apart_by_their_guids() -> None:
    link = "<link>https://harbour.example/show?utm_source={}</link>"
    guids = ("urn:show:1", "https://cdn.example/2", "3", "", "4", "4")
    items = [
        f"<title>Part {n}</title>{link.format(n)}<guid isPermaLink='false'>{guid}</guid>"
        for n, guid in enumerate(guids)
    ]
    found = [one for one in read(rss(*items, "<title>Own</title><link>/own</link>")) if isinstance(one, Found)]
    articles = [one.article for one in found]
    assert [one.stated_id for one in found] == [True] * 3 + [False] * 4
    assert articles[0].id == "urn:show:1"
    assert len({one.id for one in articles}) == 7
    assert [one.url for one in articles] == [None] * 6 + ["https://harbour.example/own"]
    assert articles[2].extra["shared_url"] == "https://harbour.example/show?utm_source=2"


def test_an_item_listed_twice_is_still_identified_by_its_link() -> None:
    item = "<title>T</title><link>https://a.example/1</link><guid isPermaLink='false'>1</guid>"
    urls = [one.article.url for one in read(rss(item, item.replace("T<", "T, corrected<"))) if isinstance(one, Found)]
    assert urls == ["https://a.example/1"] * 2


@pytest.mark.parametrize("date", ["soon", "0000-00-00", "Thu, 01 Jan 0001 00:00:00 GMT", ""])
def test_a_date_that_is_none_is_left_out(date: str) -> None:
    assert article(rss(f"<title>T</title><pubDate>{date}</pubDate>")).published_at is None


def test_a_date_written_for_people_is_read() -> None:
    assert article(rss("<title>T</title><pubDate>1 March 2026 09:30</pubDate>")).published_at == datetime(
        2026, 3, 1, 9, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Sun, 01 Mar 2026 09:30:00 CET", "2026-03-01T08:30:00+00:00"),
        ("Sun, 01 Mar 2026 09:30:00 AEDT", "2026-02-28T22:30:00+00:00"),
        ("Sun, 01 Mar 2026 09:30:00 EDT", "2026-03-01T13:30:00+00:00"),
        ("2026-03-01 09:30:00 JST", "2026-03-01T00:30:00+00:00"),
        ("Sun Mar 1 09:30:00 CEST 2026", "2026-03-01T07:30:00+00:00"),
        ("Sun, 01 Mar 2026 09:30:00 UTC", "2026-03-01T09:30:00+00:00"),
        ("Sun, 01 Mar 2026 9:30 PM EST", "2026-03-02T02:30:00+00:00"),
        ("Sun, 01 Mar 2026 09:30:00 +0530 (IST)", "2026-03-01T04:00:00+00:00"),
        ("Sun, 01 Mar 2026 09:30:00 IST", "2026-03-01T00:00:00+00:00"),
    ],
)
def test_the_name_of_a_zone_is_read_and_an_ambiguous_one_leaves_the_day(date: str, moment: str) -> None:
    published_at = article(rss(f"<title>T</title><pubDate>{date}</pubDate>")).published_at
    assert published_at
    assert published_at.isoformat() == moment


def test_a_date_that_cannot_be_read_is_kept_as_text() -> None:
    assert article(rss("<title>T</title><pubDate>in  spring</pubDate>")).extra["date_text"] == "in spring"
