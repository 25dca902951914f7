from __future__ import annotations

from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest

from indexer.sources.items import Reading
from indexer.sources.opening import read_source
from indexer.sources.source_file import SourceFile
from indexer.types import Article, Found, Reject
from tests.support import NOW

STORY = " ".join(["The ferry came back to the harbour on Monday with lorries on its deck."] * 6)
RSS = (
    '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><channel><title>Harbour Post</title>'
    "<link>https://harbour.example/</link><language>en-gb</language><copyright>CC BY 4.0</copyright>"
)


def read(text: str, address: str | None = None) -> list[Found | Reject]:
    return list(read_source(SourceFile.in_memory("feed.xml", text.encode(), address), Reading(NOW)))


def rss(*items: str) -> str:
    return f"{RSS}{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>"


def atom(entry: str, head: str = "") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour Post</title>{head}<entry>{entry}</entry></feed>'


def article(text: str, address: str | None = None) -> Article:
    (found,) = read(text, address)
    assert isinstance(found, Found), found
    assert (found.place, found.partial) == ("item 1", True)
    return found.article


def content(html: str, description: str = "") -> Article:
    body = f"<content:encoded>{escape(html)}</content:encoded>" if html else ""
    return article(rss(f"<title>Ferry returns</title><description>{escape(description)}</description>{body}"))


def test_an_rss_item_is_an_article_with_every_field() -> None:
    found = article(
        rss(
            "<title>Ferry &amp;amp; lorries &lt;i&gt;return&lt;/i&gt;</title><link>/ferry?utm_source=rss</link>"
            "<guid isPermaLink='false'>f-1</guid><pubDate>Sun, 01 Mar 2026 09:30:00 +0100</pubDate>"
            "<dc:creator>By Mina Okoye and Jon Berg</dc:creator><category>Ports</category><category>Ships</category>"
            "<media:content url='/clip.mp4' medium='video'/><media:content url='/f.jpg' type='image/jpeg'/>"
            f"<description>The ferry is back.</description><content:encoded>&lt;p&gt;{STORY}&lt;/p&gt;</content:encoded>"
        )
    )
    assert (found.title, found.body, found.summary) == ("Ferry & lorries return", STORY, "The ferry is back.")
    assert found.url == "https://harbour.example/ferry"
    assert found.published_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    assert (found.authors, found.tags) == (("Mina Okoye", "Jon Berg"), ("Ports", "Ships"))
    assert (found.source, found.language, found.license) == ("Harbour Post", "en-GB", "CC BY 4.0")
    assert found.image_url == "https://harbour.example/f.jpg"
    assert found.extra == {"guid": "f-1", "byline": "By Mina Okoye and Jon Berg"}


def test_an_atom_entry_is_an_article_with_every_field() -> None:
    found = article(
        atom(
            "<id>tag:harbour.example,2026:1</id><title>1 &lt; 2</title><published>2026-03-01T09:30:00+01:00</published>"
            "<updated>2026-03-01T10:00:00Z</updated><category term='ports' label='Ports'/><rights>CC0</rights>"
            "<link rel='enclosure' type='image/png' href='f.png'/><link href='ferry'/><summary>It is back.</summary>"
            f"<content type='xhtml' xml:lang='en'><div xmlns='http://www.w3.org/1999/xhtml'><p>{STORY}</p></div></content>",
            "<author><name>Mina Okoye</name></author>",
        ),
        "https://harbour.example/news/feed",
    )
    assert (found.title, found.body, found.summary, found.language) == ("1 < 2", STORY, "It is back.", "en")
    assert (found.url, found.image_url) == ("https://harbour.example/news/ferry", "https://harbour.example/news/f.png")
    assert found.published_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert (found.authors, found.tags, found.license) == (("Mina Okoye",), ("Ports",), "CC0")
    assert found.extra == {"guid": "tag:harbour.example,2026:1"}


def test_an_rss_1_item_is_dated_by_dublin_core() -> None:
    found = article(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Harbour Post</title></channel>'
        "<item><title>Ferry returns</title><link>https://harbour.example/f</link><dc:date>2026-03-01T09:00Z</dc:date></item>"
        "</rdf:RDF>"
    )
    assert (found.url, found.source, found.updated_at) == ("https://harbour.example/f", "Harbour Post", None)
    assert found.published_at == datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_an_atom_entry_without_a_publication_date_is_dated_by_its_update() -> None:
    found = article(atom("<title>T</title><updated>2026-03-01T10:00:00Z</updated>"))
    assert found.published_at == found.updated_at == datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("author", "authors", "byline"),
    [
        ("<author>mina@harbour.example (Mina Okoye)</author>", ("Mina Okoye",), None),
        ("<dc:creator>By Staff, Agencies</dc:creator>", (), "By Staff, Agencies"),
        ("<dc:creator>Mina Okoye</dc:creator><dc:creator>Jon Berg</dc:creator>", ("Mina Okoye", "Jon Berg"), None),
        ("<dc:creator>Hines, P. J.</dc:creator>", ("P. J. Hines",), "Hines, P. J."),
        ("<author>desk@harbour.example</author>", (), None),
    ],
)
def test_only_persons_are_authors_and_the_rest_stays_as_the_byline(
    author: str, authors: tuple[str, ...], byline: str | None
) -> None:
    found = article(rss(f"<title>T</title>{author}"))
    assert (found.authors, found.extra.get("byline")) == (authors, byline)


@pytest.mark.parametrize(
    ("links", "url"),
    [
        (
            "<link>https://count.example/1</link><feedburner:origLink>https://a.example/1</feedburner:origLink>",
            "https://a.example/1",
        ),
        ("<guid>https://a.example/2</guid>", "https://a.example/2"),
        ("<guid>ab-12</guid>", None),
        ("<link>javascript:alert(1)</link>", None),
    ],
)
def test_the_address_is_the_page_itself(links: str, url: str | None) -> None:
    assert article(rss(f"<title>T</title>{links}")).url == url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("<rss><channel><link>/news/</link><item><title>T</title><link>1</link></item></channel></rss>", "/news/1"),
        (atom("<title>T</title><link href='1'/>", "<link href='/blog/'/>"), "/blog/1"),
        (atom("<title>T</title><link href='1' xml:base='/base/'/>", "<link href='/blog/'/>"), "/base/1"),
    ],
)
def test_relative_links_are_relative_to_the_feeds_site(text: str, url: str) -> None:
    found = article(text, "https://harbour.example/feeds/all.xml")
    assert found.url == f"https://harbour.example{url}"


def test_the_section_is_that_of_prism() -> None:
    prism = "<prism:section xmlns:prism='http://prismstandard.org/namespaces/1.2/basic/'>World</prism:section>"
    assert article(rss(f"<title>T</title><dc:subject>Ports</dc:subject>{prism}")).section == "World"


def test_the_widest_picture_is_the_image() -> None:
    pictures = [("content medium='image'", 140), ("thumbnail", 460), ("content medium='image'", 300)]
    media = "".join(f"<media:{name} url='/{width}.jpg' width='{width}'/>" for name, width in pictures)
    assert article(rss(f"<title>T</title>{media}")).image_url == "https://harbour.example/460.jpg"


def test_an_item_of_another_paper_names_it() -> None:
    found = article(rss("<title>T</title><source url='https://bay.example/feed'>Bay Times</source>"))
    assert found.source == "Bay Times"


def test_a_feed_that_only_has_summaries_marks_its_articles() -> None:
    found = content("", "<p>The ferry is back. <a href='/f'>Continue reading...</a></p>")
    assert (found.body, found.summary, found.extra) == ("The ferry is back.",) * 2 + ({"extent": "summary"},)


def test_a_feed_that_only_has_headlines_marks_its_articles() -> None:
    for description in ("", "Ferry returns", "<a href='/f'>Ferry returns</a> <a href='/c'>12 comments</a>"):
        found = content("", description)
        assert (found.body, found.summary, found.extra) == ("", None, {"extent": "headline"})


@pytest.mark.parametrize(
    ("html", "extent"),
    [
        (f"<p>{STORY}</p>", None),
        ("<p>The ferry is back at the quay.</p><p>It sails on Monday at nine.</p>", None),
        ("<p>The ferry is back at the quay.</p>", "summary"),
        (f"<p>{STORY} It also […]</p>", "summary"),
        (f"<p>{STORY} It also...</p>", "summary"),
        (f"<p>{STORY}</p><p><a href='/f'>Read more »</a></p>", "summary"),
        (
            f"<p>{STORY}</p><p>The post <a href='/f'>Ferry returns</a> appeared first on <a href='/'>Harbour</a>.</p>",
            None,
        ),
        ("<p>" + "渡轮星期一带着卡车回到港口。" * 12 + "</p>", None),
    ],
)
def test_content_is_whole_when_it_is_long_enough_and_not_cut(html: str, extent: str | None) -> None:
    found = content(html, "The ferry is back.")
    assert found.extra.get("extent") == extent
    assert not found.body.endswith(("…", "...", "]", "»", "Harbour."))


def test_a_long_description_in_paragraphs_is_a_whole_article_where_there_is_no_content() -> None:
    found = content("", f"<p>{STORY}</p><p>{STORY}</p>")
    assert (found.body, found.summary, found.extra) == (f"{STORY}\n\n{STORY}", None, {})
    assert content("", f"<p>{STORY}</p><p>{STORY}...</p>").extra == {"extent": "summary"}


def test_an_item_without_title_and_text_is_rejected_and_the_others_go_on() -> None:
    first, reject, last = read(rss("<title>A</title>", "<link>https://a.example/</link>", "<title>B</title>"))
    assert isinstance(first, Found)
    assert isinstance(last, Found)
    assert isinstance(reject, Reject)
    assert (reject.place, reject.reason) == ("item 2", "neither title nor body has text; at least one is required")
