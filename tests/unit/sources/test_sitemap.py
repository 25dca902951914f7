from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import SourceError
from indexer.sources.items import Reading
from indexer.sources.opening import read_source
from indexer.sources.sitemap import SitemapPage, read_sitemap, sitemap_pages
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject
from tests.support import NOW

HEAD = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">'
)
NEWS = """<url><loc>https://harbour.example/ferry</loc><lastmod>2026-03-01T11:00:00Z</lastmod>
<n:news><n:publication><n:name>Harbour Post</n:name><n:language>en</n:language></n:publication>
<n:publication_date>2026-03-01T09:30+01:00</n:publication_date><n:title>Ferry &amp; lorries return</n:title>
<n:keywords>ports, ferries</n:keywords></n:news>
<image:image><image:loc>https://harbour.example/f.jpg</image:loc></image:image></url>"""
PLAIN = "<url><loc>https://harbour.example/about</loc><lastmod>2026-01-01</lastmod></url>"


def read(text: str) -> list[Found | Reject]:
    return list(read_source(SourceFile.in_memory("sitemap.xml", text.encode()), Reading(NOW)))


def test_an_entry_with_a_headline_is_an_article_of_a_headline() -> None:
    (found,) = read(f"{HEAD}{NEWS}</urlset>")
    assert isinstance(found, Found)
    assert found.partial
    article = found.article
    assert (article.title, article.body, article.extra) == ("Ferry & lorries return", "", {"extent": "headline"})
    assert (article.url, article.source, article.language) == ("https://harbour.example/ferry", "Harbour Post", "en")
    assert article.published_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    assert article.updated_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert (article.tags, article.image_url) == (("ports", "ferries"), "https://harbour.example/f.jpg")


def test_entries_without_a_headline_or_an_address_are_rejected_and_the_others_go_on() -> None:
    first, second, third = read(f"{HEAD}{PLAIN}<url><loc>about us</loc></url>{NEWS}</urlset>")
    assert isinstance(first, Reject)
    assert isinstance(second, Reject)
    assert (first.place, second.place, third.place) == ("entry 1", "entry 2", "entry 3")
    assert "only lists the address https://harbour.example/about, without news:title" in first.reason
    assert "its loc is 'about us'; expected the absolute address of a page" in second.reason


def test_each_sitemap_of_an_index_is_rejected_by_its_address() -> None:
    (reject,) = read("<sitemapindex><sitemap><loc>https://harbour.example/news.xml</loc></sitemap></sitemapindex>")
    assert isinstance(reject, Reject)
    assert reject.place == "sitemap 1"
    assert "only lists the sitemap 'https://harbour.example/news.xml'" in reject.reason


def test_the_pages_of_a_sitemap_are_listed_for_fetching() -> None:
    assert sitemap_pages(f"{HEAD}{NEWS}{PLAIN}<url/></urlset>".encode()) == [
        SitemapPage("entry 1", "https://harbour.example/ferry", "2026-03-01T11:00:00Z", "Ferry & lorries return"),
        SitemapPage("entry 2", "https://harbour.example/about", "2026-01-01"),
    ]


@pytest.mark.parametrize(
    "text", ["", "<urlset>", "<rss/>", '<!DOCTYPE a [<!ENTITY b "c">]><urlset>&b;</urlset>', "<urlset>" + "<a>" * 300]
)
def test_what_is_no_sitemap_is_a_source_error(text: str) -> None:
    with pytest.raises(SourceError):
        sitemap_pages(text.encode())


_PARTS = st.sampled_from(
    (
        *("<url>", "</url>", "<loc>", "</loc>", "<news>", "</news>", "<title>", "</title>", "<lastmod/>", "<!-- -->"),
        *("<publication_date>", "</publication_date>", "https://a.example/", "Title", "2026-13-45", "0001-01-01"),
        *("&amp;", "&x;", "http://[", "é"),
    )
)


@given(st.binary(max_size=100) | st.lists(_PARTS, max_size=25).map(lambda p: f"<urlset>{''.join(p)}</urlset>".encode()))
def test_any_bytes_give_items_or_a_source_error(data: bytes) -> None:
    try:
        for item in read_sitemap(SourceFile.in_memory("sitemap.xml", data), Reading(NOW)):
            assert item.place.startswith("entry ")
    except SourceError:
        pass
