from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import SourceError
from indexer.sources.feed_list import MAX_LIST_BYTES, FeedAddress, read_feed_list

OPML = """<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0"><head><title>Desk</title></head><body>
<outline text="Papers"><outline text="Sport">
<outline type="rss" text="Häfen &amp; Schiffe" xmlUrl="https://ports.example/rss?a=1&amp;b=2"/>
</outline></outline>
<outline type="rss" text="Harbour" xmlUrl="https://harbour.example/feed"/>
</body></opml>"""


def test_opml_gives_each_feed_with_its_title_and_the_outline_around_it() -> None:
    assert read_feed_list(OPML.encode(), "feeds.opml") == [
        FeedAddress("https://ports.example/rss?a=1&b=2", "Häfen & Schiffe", "Sport"),
        FeedAddress("https://harbour.example/feed", "Harbour"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_opml_in_another_encoding_is_read(encoding: str) -> None:
    assert read_feed_list(OPML.encode(encoding), "feeds.opml")[0].title == "Häfen & Schiffe"


def test_plain_text_gives_one_feed_a_line_each_once() -> None:
    text = b"# the desk\n\nhttps://a.example/feed  # daily\r\n http://b.example/#rss\nhttps://a.example/feed\n"
    assert read_feed_list(text, "feeds.txt") == [
        FeedAddress("https://a.example/feed"),
        FeedAddress("http://b.example/#rss"),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"https://a.example/\nharbour news\n", "feeds, line 2, is 'harbour news'; expected an http"),
        (b"https://a.example/ b", "feeds, line 1, is 'https://a.example/ b'; expected one address without spaces"),
        (b"# nothing\n", "feeds lists no feeds"),
        (b"", "feeds lists no feeds"),
        (b'<opml version="2.0"><body><outline text="a"/></body></opml>', "feeds lists no feeds"),
        (
            b'<opml><body><outline text="A" xmlUrl="ftp://a.example/"/></body></opml>',
            "outline 'A', is 'ftp://a.example/'",
        ),
        (b'<!DOCTYPE opml [<!ENTITY a "b">]><opml/>', "declares entities of its own"),
        ('<!DOCTYPE opml [<!ENTITY a "b">]><opml/>'.encode("utf-16"), "declares entities of its own"),
        (b"#" * (MAX_LIST_BYTES + 1), "has more than 1,048,576 bytes"),
    ],
)
def test_what_is_no_list_of_feeds_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as error:
        read_feed_list(data, "feeds")
    assert reason in str(error.value)


_PARTS = (
    "<opml> <outline @ text='a'@ xmlUrl='http://a.example/'@ /> > </outline> <x:y> </x:y> <rdf:RDF> <ModulePrefs & é @ "
    "<foaf:Agent@xmlns:foaf='http://xmlns.com/foaf/0.1/'> <rss:channel@rdf:about='http://b.example/'> category='/a/b,c' "
    "type='include'@url='http://c.example/'"
)


@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from(_PARTS.split(" ")), max_size=30).map(
        lambda parts: f"<opml>{''.join(parts)}".replace("@", " ").encode()
    )
)
def test_any_bytes_give_feeds_or_a_source_error(data: bytes) -> None:
    try:
        feeds = read_feed_list(data, "list")
    except SourceError:
        return
    assert all(feed.address.lower().startswith("http") for feed in feeds)
