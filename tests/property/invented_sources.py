"""One small invented document of each format, whole: what fuzzing begins from."""

from __future__ import annotations

import io

import pyarrow
from pyarrow.parquet import write_table

from indexer.sources import SourceFormat
from tests.unit.sources.invented_pages import JSON_LD

BODY = "Crews of the harbour ferries walked out on Monday, and the port of the island was closed until the evening."


def _parquet() -> bytes:
    held = io.BytesIO()
    write_table(pyarrow.table({"title": ["Ferry strike", "Trams"], "text": [BODY, None], "tags": [["sea"], []]}), held)
    return held.getvalue()


def _warc() -> bytes:
    page = f"<html><head><title>Ferry strike</title></head><body><h1>Ferry strike</h1><p>{BODY}</p><p>{BODY}</p></body></html>"
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page.encode()
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://paper.example/strike\r\n"
        "WARC-Record-ID: <urn:uuid:7b0d1c6e-0000-4000-8000-000000000001>\r\nWARC-Date: 2026-03-01T09:30:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
    )
    return (head.encode() + answer + b"\r\n\r\n") * 2


DOCUMENTS: dict[SourceFormat, bytes] = {
    SourceFormat.JSONL: f'{{"id": "a", "title": "Ferry strike", "body": "{BODY}", "published_at": "2026-03-01"}}\n'.encode() * 2,
    SourceFormat.JSON: f'{{"articles": [{{"headline": "Ferry strike", "text": "{BODY}", "date": "2026-03-01"}}, 7]}}'.encode(),
    SourceFormat.HTML: JSON_LD.encode(),
    SourceFormat.PAGE_TEXT: (
        f"- World\n- Sport\n\nFerry strike\nBy Staff, Agencies\n18-10-2026 | 09:35\n{BODY}\n\n{BODY}\n\nRelated News\n"
    ).encode(),
    SourceFormat.CSV: f'title;text;date\nFerry strike;"{BODY}\n""No boats"", said the port.";2026-03-01\nTrams;;\n'.encode(),
    SourceFormat.PARQUET: _parquet(),
    SourceFormat.FEED: f"""<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Paper</title><link>https://paper.example/</link><item><title>Ferry &amp; strike</title><link>/strike</link>
<pubDate>Sun, 01 Mar 2026 09:30:00 GMT</pubDate><description>&lt;p&gt;{BODY}&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>{BODY}</p><p>{BODY}</p>]]></content:encoded></item></channel></rss>""".encode(),
    SourceFormat.JSON_FEED: f"""{{"version": "https://jsonfeed.org/version/1.1", "title": "Paper", "items": [{{"id": "1",
"url": "https://paper.example/strike", "title": "Ferry strike", "content_html": "<p>{BODY}</p>",
"date_published": "2026-03-01T09:30:00Z", "authors": [{{"name": "Ada Lund"}}]}}]}}""".encode(),
    SourceFormat.SITEMAP: b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://paper.example/strike</loc><news:news>
<news:publication><news:name>Paper</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2026-03-01</news:publication_date><news:title>Ferry strike</news:title></news:news></url></urlset>""",
    SourceFormat.NEWSML_G2: f"""<?xml version="1.0"?>
<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:newsml:paper.example:1" version="2"
standard="NewsML-G2"><itemMeta>
<itemClass qcode="ninat:text"/><versionCreated>2026-03-01T09:30:00Z</versionCreated>
<pubStatus qcode="stat:usable"/></itemMeta><contentMeta><headline>Ferry strike</headline></contentMeta><contentSet>
<inlineXML contenttype="application/nitf+xml"><nitf xmlns="http://iptc.org/std/NITF/2006-10-18/"><body><body.content>
<p>{BODY}</p></body.content></body></nitf></inlineXML></contentSet></newsItem>""".encode(),
    SourceFormat.NITF: f"""<?xml version="1.0"?><nitf><head><title>Ferry strike</title><docdata><doc-id id-string="7"/>
<date.issue norm="20260301T093000Z"/></docdata></head><body><body.head><hedline><hl1>Ferry strike</hl1></hedline>
<byline>By <person>Ada Lund</person></byline></body.head>
<body.content><p>{BODY}</p></body.content></body></nitf>""".encode(),
    SourceFormat.NINJS: f"""{{"uri": "https://paper.example/strike", "type": "text", "versioncreated": "2026-03-01T09:30:00Z",
"headline": "Ferry strike", "byline": "Ada Lund", "body_xhtml": "<p>{BODY}</p>",
"subject": [{{"name": "transport"}}]}}""".encode(),
    SourceFormat.WORDPRESS_EXPORT: f"""<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Paper</title>
<wp:wxr_version>1.2</wp:wxr_version><item><title>Ferry strike</title><link>https://paper.example/strike</link><dc:creator>ada</dc:creator>
<content:encoded><![CDATA[{BODY}

[caption id="1"]A port[/caption]{BODY}]]></content:encoded><wp:post_id>7</wp:post_id>
<wp:post_date_gmt>2026-03-01 09:30:00</wp:post_date_gmt>
<wp:status>publish</wp:status><wp:post_type>post</wp:post_type></item></channel></rss>""".encode(),
    SourceFormat.WORDPRESS_JSON: f"""[{{"id": 7, "date_gmt": "2026-03-01T09:30:00", "status": "publish", "type": "post",
"link": "https://paper.example/strike", "title": {{"rendered": "Ferry strike"}}, "content": {{"rendered": "<p>{BODY}</p>",
"protected": false}}, "excerpt": {{"rendered": "<p>Ferry [&hellip;]</p>"}}}}]""".encode(),
    SourceFormat.WARC: _warc(),
}  # fmt: skip
