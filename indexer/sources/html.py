"""A saved HTML page: one article."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from indexer.errors import ArticleError
from indexer.sources.decoding import MAX_PAGE_BYTES, decode_page
from indexer.sources.items import WHOLE_FILE, Reading, article_item
from indexer.sources.page_kind import no_article_reason
from indexer.sources.page_record import page_record
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject


def read_html(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """The one article of the page, or why there is none."""
    yield page_item(file.read(MAX_PAGE_BYTES), file.name, "page", how, address=file.address)


def page_item(data: bytes, source: str, place: str, how: Reading, *, address: str | None = None) -> Found | Reject:
    """The article of a page's bytes, or why there is none; `address` is the page's URL where it states none itself."""
    item = _page_item(data, source, place, how, address)
    if isinstance(item, Found) or (place in WHOLE_FILE and address is None):
        return item
    return replace(item, content=data, ending=".html")


def _page_item(data: bytes, source: str, place: str, how: Reading, address: str | None) -> Found | Reject:
    try:
        page = parsed_page(data)
        record, origin = page_record(page, how.now, address)
        paragraphs = record["body"].split("\n\n")
        if reason := no_article_reason(page, record["title"], paragraphs, stated=record.pop("is_article", False)):
            return Reject(source, place, reason)
    except ArticleError as error:
        return Reject(source, place, str(error))
    return article_item(record, source, place, how, partial=True, published_from=origin)


def parsed_page(data: bytes) -> HtmlElement:
    """The document of a page's bytes; raises ArticleError where they are none."""
    text = decode_page(data)
    try:
        return document_fromstring(text.encode("utf-8", errors="replace"), parser=HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError) as error:
        raise ArticleError(f"no article found: the page cannot be parsed as HTML ({error})") from None
