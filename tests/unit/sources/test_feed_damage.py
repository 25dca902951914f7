from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import SourceError
from indexer.sources.feed import read_feed
from indexer.sources.items import Reading
from indexer.sources.opening import read_source
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject
from tests.support import NOW
from tests.unit.sources.test_feed import STORY, article, read, rss


def test_a_feed_that_breaks_off_rejects_its_last_item() -> None:
    first, last = read(rss("<title>A</title>", f"<title>B</title><description>{STORY}</description>")[:-80])
    assert isinstance(first, Found)
    assert isinstance(last, Reject)
    assert (last.place, "ends within this item" in last.reason) == ("item 2", True)


def test_a_feed_that_is_not_well_formed_is_read_all_the_same() -> None:
    found = article(rss("<title>Ports&nbsp;& ferries</title><itunes:author>x</itunes:author>"))
    assert found.title == "Ports & ferries"


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (rss("<title>Zürich</title>").replace("utf-8", "iso-8859-1").encode("latin-1"), "Zürich"),
        (rss("<title>Zürich</title>").replace(' encoding="utf-8"', "").encode("latin-1"), "Zürich"),
        (rss("<title>Zürich</title>").replace("utf-8", "utf-16").encode("utf-16"), "Zürich"),
        (rss("<title>کشتی‌ها</title>").encode("utf-8-sig"), "کشتی‌ها"),
    ],
)
def test_feeds_are_read_in_their_encoding(data: bytes, title: str) -> None:
    (found,) = read_source(SourceFile.in_memory("feed.xml", data), Reading(NOW))
    assert isinstance(found, Found)
    assert found.article.title == title


BILLION = (
    '<!DOCTYPE rss [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "utf-16-le"])
@pytest.mark.parametrize("doctype", [BILLION, '<!DOCTYPE rss [<!entity j SYSTEM "file:///etc/hostname">]>'])
def test_feeds_that_declare_entities_are_refused(doctype: str, encoding: str) -> None:
    data = f"{doctype}<rss version='2.0'><channel><item><title>&j;</title></item></channel></rss>".encode(encoding)
    with pytest.raises(SourceError, match="declares entities of its own"):
        list(read_feed(SourceFile.in_memory("feed.xml", data), Reading(NOW)))


@pytest.mark.parametrize(
    "text", ["", "news", "<html><body><p>news</p></body></html>", "<!-- <a>", "<rss" + "<" * 1_000_001]
)
def test_what_is_no_feed_is_a_source_error(text: str) -> None:
    with pytest.raises(SourceError):
        list(read_feed(SourceFile.in_memory("feed.xml", text.encode()), Reading(NOW)))


_PARTS = (
    *("<rss version='2.0'>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<channel>", "<item>", "</item>", "<entry>"),
    *(
        "</entry>",
        "<title>",
        "</title>",
        "<title type='xhtml'>",
        "<link/>",
        "<link href='http://['/>",
        "<guid>",
        "</guid>",
    ),
    *("<author>", "</author>", "a@b.example (A B)", "<category>", "</category>", "<content type='html'>", "</content>"),
    *(
        "<content mode='base64'>",
        "<pubDate>",
        "</pubDate>",
        "9999-12-31T23:59:59-14:00",
        "Mon, 99 Foo",
        "<description>",
    ),
    *(
        "</description>",
        "&lt;p&gt;",
        "&#xD800;",
        "&#1;",
        "&nbsp;",
        "&",
        "<",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?x",
        "é",
    ),
    *("<!DOCTYPE a>", "<source>", "</source>", "<media:content url='a'>", "<x:y>", "xml:base='http://['", "<image>"),
    *(
        "<textinput>",
        "<updated>",
        "</updated>",
        "</channel>",
        "</rss>",
        "</feed>",
        "Read more",
        "[...]",
        "<georss:point>1 x",
    ),
)


@given(
    st.binary(max_size=100) | st.lists(st.sampled_from(_PARTS), max_size=30).map(lambda parts: "".join(parts).encode())
)
def test_any_bytes_give_items_or_a_source_error(data: bytes) -> None:
    try:
        items = list(read_feed(SourceFile.in_memory("feed.xml", data), Reading(NOW)))
    except SourceError:
        return
    assert [item.place for item in items] == [f"item {number}" for number in range(1, len(items) + 1)]


def test_a_text_about_entities_is_no_declaration() -> None:
    found = article(
        f"<!-- <!ENTITY -->{rss('<title>T</title><description><![CDATA[<p>Write <!ENTITY a></p>]]></description>')}"
    )
    assert found.title == "T"


def test_an_element_that_cannot_be_read_costs_no_other_item() -> None:
    damaged = "<title>A</title><image><width><b>1</b></height></width></image>"
    items = read(rss(damaged.replace("</height>", ""), "<title>B</title>"))
    assert [one.article.title for one in items if isinstance(one, Found)] == ["A", "B"]
    assert [one.article.title for one in read(rss(damaged, "<title>B&#x110000;</title>")) if isinstance(one, Found)][
        -1
    ] == "B"


@pytest.mark.parametrize(
    "item",
    [
        "".join(f"<category>{number}</category>" for number in range(20_000)),
        f"<media:keywords>{','.join(map(str, range(20_000)))}</media:keywords>",
        f"<author>{('<![CDATA[' + 'a' * 1990 + ']]>') * 50}</author>",
    ],
    ids=["categories", "keywords", "an author"],
)
def test_what_an_item_repeats_takes_no_time_that_grows_with_its_square(item: str) -> None:
    began = time.process_time()
    found = article(rss(f"<title>T</title>{item}"))
    assert time.process_time() - began < 2
    assert len(found.tags) in (0, 100)


def test_a_feed_of_hundreds_of_namespaces_is_refused() -> None:
    spaces = " ".join(f"xmlns:n{number}='u:{number}'" for number in range(600))
    (reject,) = read(f"<rss {spaces}><channel><item><title>T</title></item></channel></rss>")
    assert isinstance(reject, Reject)
    assert "declares more than 500 XML namespaces" in reject.reason
