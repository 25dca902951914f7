"""Which format a file has, told by its content; the name only decides where that is unclear."""

from __future__ import annotations

import re
from enum import StrEnum

SAMPLE_BYTES = 1 << 16

JSONL_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})
TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".tab"})

_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|title|meta|link|script|div|p|h1)\b", re.IGNORECASE)
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SIGNATURES = (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")

_XML_ROOT = re.compile(rb"<(?![?!])(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_XML_PROLOG = re.compile(rb"(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE(?:\s+[^\[>]*)(?:\[.*?\]\s*)?>)*", re.DOTALL)
_WORDPRESS_EXPORT = re.compile(rb"""wordpress\.org/export/|<wp:wxr_version""")
_JSON_FEED = re.compile(rb"""^\s*\{.*?"version"\s*:\s*"https?:\\?/\\?/jsonfeed\.org""", re.DOTALL)
_WORDPRESS_POST = re.compile(rb""""(?:title|content)"\s*:\s*\{\s*"(?:raw|rendered)"\s*:""")
_NINJS = re.compile(
    rb""""(?:body_x?html|body_text|headlines|bodies|description_text|versioncreated|versionCreated|contentCreated|"""
    rb"""copyrightholder|copyrightHolder)"\s*:"""
)
_HOLDER = re.compile(
    rb'\{\s*(?:"[^"\\]*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[-+.\w]+)\s*,\s*)*'
    rb'"(?:articles|items|results|data|docs|records|posts|stories|documents)"\s*:\s*\[\s*\{'
)
"""How an object begins that holds a list of records."""

_COLUMN_NAMES = frozenset(
    ["id", "url", "link", "title", "headline", "body", "text", "content", "date", "published_at", "author", "section"]
)


class SourceFormat(StrEnum):
    """How a file holds its articles."""

    JSONL = "jsonl"
    JSON = "json"
    HTML = "html"
    PAGE_TEXT = "page-text"
    CSV = "csv"
    PARQUET = "parquet"
    FEED = "feed"
    JSON_FEED = "json-feed"
    SITEMAP = "sitemap"
    NEWSML_G2 = "newsml-g2"
    NITF = "nitf"
    NINJS = "ninjs"
    WORDPRESS_EXPORT = "wordpress-export"
    WORDPRESS_JSON = "wordpress-json"
    WARC = "warc"


_BY_ROOT = {
    "rss": SourceFormat.FEED,
    "rdf": SourceFormat.FEED,
    "feed": SourceFormat.FEED,
    "urlset": SourceFormat.SITEMAP,
    "sitemapindex": SourceFormat.SITEMAP,
    "newsitem": SourceFormat.NEWSML_G2,
    "newsmessage": SourceFormat.NEWSML_G2,
    "packageitem": SourceFormat.NEWSML_G2,
    "conceptitem": SourceFormat.NEWSML_G2,
    "knowledgeitem": SourceFormat.NEWSML_G2,
    "planningitem": SourceFormat.NEWSML_G2,
    "catalogitem": SourceFormat.NEWSML_G2,
    "nitf": SourceFormat.NITF,
}
"""The format that a name of an XML document's first element (in lower case) means."""


def detect_format(sample: bytes, suffix: str = "") -> SourceFormat | None:
    """What the first SAMPLE_BYTES of a file look like, decompressed; None for binary data.

    `suffix` is the ending of its name, such as `.csv`, without that of a compression.
    """
    if sample.startswith(b"PAR1"):
        return SourceFormat.PARQUET
    if sample.startswith(b"WARC/"):
        return SourceFormat.WARC
    if sample.startswith(_UTF16_MARKS):
        return _of_text(sample[2:].replace(b"\0", b""), suffix)
    if _is_binary(sample):
        return None
    return _of_text(sample.removeprefix(b"\xef\xbb\xbf"), suffix)


def _of_text(sample: bytes, suffix: str) -> SourceFormat:
    text = sample.lstrip()
    if text.startswith(b"<"):
        if found := _of_xml(text):
            return found
        if _HTML.search(text):
            return SourceFormat.HTML
    if text.startswith((b"{", b"[")) and suffix not in (".html", ".htm", ".xhtml"):
        return _of_json(text, suffix)
    if suffix in JSONL_SUFFIXES:
        return SourceFormat.JSONL
    if suffix in TABLE_SUFFIXES or _is_table(text):
        return SourceFormat.CSV
    return SourceFormat.HTML if _HTML.search(text) else SourceFormat.PAGE_TEXT


def _of_xml(text: bytes) -> SourceFormat | None:
    """By the name of the first element; None for HTML and for an unknown one."""
    prolog = _XML_PROLOG.match(text)
    root = _XML_ROOT.match(text, prolog.end() if prolog else 0)
    found = _BY_ROOT.get(root[1].decode("ascii", errors="replace").lower()) if root else None
    return SourceFormat.WORDPRESS_EXPORT if found is SourceFormat.FEED and _WORDPRESS_EXPORT.search(text) else found


def _of_json(text: bytes, suffix: str) -> SourceFormat:
    """By the names that a format's objects have; an array or a document of several lines is JSON, else lines."""
    if _JSON_FEED.match(text):
        return SourceFormat.JSON_FEED
    if _WORDPRESS_POST.search(text):
        return SourceFormat.WORDPRESS_JSON
    if _NINJS.search(text):
        return SourceFormat.NINJS
    if text.startswith(b"[") or _HOLDER.match(text):
        return SourceFormat.JSON
    first = text.split(b"\n", 1)[0].rstrip()
    whole_first_line = first.startswith(b"{") and first.endswith(b"}") and len(first) > 2
    return SourceFormat.JSON if suffix == ".json" and not whole_first_line else SourceFormat.JSONL


def _is_table(text: bytes) -> bool:
    """Whether the first line names two or more columns of a table of articles."""
    header = text.split(b"\n", 1)[0].decode("utf-8", errors="replace").strip().lower()
    return any(
        len(_COLUMN_NAMES.intersection(cell.strip(" \"'") for cell in header.split(delimiter))) >= 2
        for delimiter in ",;\t|"
    )


def _is_binary(sample: bytes) -> bool:
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in sample)
    return sample.startswith(_SIGNATURES) or b"\0" in sample or controls > len(sample) // 100
