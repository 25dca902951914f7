"""Text out of a piece of HTML, such as the content of a feed's item: paragraphs, without boxes and credits."""

from __future__ import annotations

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from indexer.articles import normalise_line
from indexer.sources.markup import block_lines, element_text
from indexer.sources.page_lines import article_lines
from indexer.sources.page_pruning import without_boxes, without_details


def fragment_line(html: str) -> str:
    """A piece of HTML (or plain text) on one line: for headlines and summaries."""
    root = _parsed(html)
    return normalise_line(html) if root is None else element_text(root)


def fragment_body(html: str, title: str = "") -> str:
    """The paragraphs of a piece of HTML, as `Article.body` wants them; plain text keeps its lines."""
    root = _parsed(html)
    if root is None:
        return "\n\n".join(article_lines(html.splitlines(), title))
    return "\n\n".join(article_lines(block_lines(without_details(without_boxes(root))), title))


def _parsed(html: str) -> HtmlElement | None:
    """The piece as a document; None for text without markup."""
    if "<" not in html and "&" not in html:
        return None
    try:
        return document_fromstring(html.encode("utf-8", errors="replace"), parser=HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError):
        return None
