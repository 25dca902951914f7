"""Reading the text of HTML elements as a reader sees it."""

from __future__ import annotations

from collections.abc import Iterator

from lxml.html import HtmlElement

from indexer.articles import normalise_line

_INVISIBLE = frozenset({"script", "style", "noscript", "template"})
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)


def element_text(element: HtmlElement) -> str:
    """All text of an element on one line; a line break or a block separates words."""
    return normalise_line("".join(_pieces(element)))


def element_lines(element: HtmlElement) -> list[str]:
    """The text of an element, one line per paragraph: cut at empty lines made of two breaks, not at single breaks."""
    lines = "".join(_pieces(element)).replace("\n", " ").split("\r\r")
    return [line for text in lines if (line := normalise_line(text))]


def has_blocks(element: HtmlElement) -> bool:
    """Whether an element holds paragraphs, lists or other blocks rather than only words."""
    return any(child.tag in _BLOCKS for child in element.iterdescendants() if isinstance(child.tag, str))


def link_share(element: HtmlElement) -> float:
    """The share of an element's characters that belong to links, 0 to 1."""
    size = len(element_text(element))
    return sum(len(element_text(link)) for link in element.iter("a")) / size if size else 0.0


def _pieces(element: HtmlElement) -> Iterator[str]:
    """Text in order; \\r stands for a line break, so that two of them end a paragraph."""
    yield (element.text or "").replace("\r", " ")
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _INVISIBLE:
            if child.tag == "br":
                yield "\r"
            elif child.tag in _BLOCKS:
                yield " "
                yield from _pieces(child)
                yield " "
            else:
                yield from _pieces(child)
        tail = (child.tail or "").replace("\r", " ")
        yield tail if tail.strip() or not (isinstance(child.tag, str) and child.tag == "br") else ""
