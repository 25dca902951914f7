"""Reading the text of HTML elements as a reader sees it."""

from __future__ import annotations

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


def block_lines(element: HtmlElement) -> list[str]:
    """The text of an element, one line per innermost block, cut also at empty lines made of two breaks."""
    lines = "".join(_pieces(element, between_blocks="\r\r")).replace("\n", " ").split("\r\r")
    return [line for text in lines if (line := normalise_line(text))]


def letters(text: str) -> str:
    """The letters and digits of a text, in lower case."""
    return "".join(character for character in text.casefold() if character.isalnum())


def has_blocks(element: HtmlElement) -> bool:
    """Whether an element holds paragraphs, lists or other blocks rather than only words."""
    return any(child.tag in _BLOCKS for child in element.iterdescendants() if isinstance(child.tag, str))


def link_share(element: HtmlElement) -> float:
    """The share of an element's characters that belong to links, 0 to 1."""
    size = len(element_text(element))
    return sum(len(element_text(link)) for link in element.iter("a")) / size if size else 0.0


def _pieces(element: HtmlElement, between_blocks: str = " ") -> list[str]:
    """Text in order; \\r stands for a line break, so that two of them end a paragraph."""
    pieces: list[str] = []
    _collect(element, between_blocks, pieces)
    return pieces


def _collect(element: HtmlElement, between_blocks: str, pieces: list[str]) -> None:
    if element.text:
        pieces.append(element.text.replace("\r", " "))
    for child in element:
        tag = child.tag
        if isinstance(tag, str) and tag not in _INVISIBLE:
            if tag == "br":
                pieces.append("\r")
            elif tag in _BLOCKS:
                pieces.append(between_blocks)
                _collect(child, between_blocks, pieces)
                pieces.append(between_blocks)
            else:
                _collect(child, between_blocks, pieces)
        tail = child.tail
        if tail and (tag != "br" or tail.strip()):
            pieces.append(tail.replace("\r", " "))
