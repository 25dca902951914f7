"""The running text of an NITF body, and the pictures in it."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from indexer.articles import normalise_line
from indexer.sources.safe_xml import children, element_line, local_name, text_pieces

_LEFT_OUT = frozenset(
    [
        "media",
        "hedline",
        "byline",
        "distributor",
        "dateline",
        "copyrite",
        "abstract",
        "block.end",
        "datasource",
        "rights",
    ]
)
_NOTES_LEFT_OUT = frozenset({"editorsnote", "cpyrt"})
_BLOCKS = frozenset(
    [
        "p",
        "hl2",
        "block",
        "bq",
        "ol",
        "ul",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "nitf-table",
        "pre",
        "note",
        "fn",
        "media",
        "body.content",
    ]
)


def nitf_paragraphs(element: etree._Element) -> Iterator[str]:
    """The paragraphs of a block of NITF, one line each: a table's rows, a list's entries; media and credits left out."""
    name = local_name(element)
    if name in _LEFT_OUT or (name == "note" and element.get("noteclass") in _NOTES_LEFT_OUT):
        return
    if name == "tr":
        cells = [" ".join(nitf_paragraphs(cell)) for cell in children(element, "td", "th")]
        yield from filter(None, [" | ".join(filter(None, cells))])
    elif name == "pre":
        yield from filter(None, map(normalise_line, "".join(text_pieces(element)).splitlines()))
    elif name in ("table", "tbody", "thead", "tfoot") or any(local_name(child) in _BLOCKS for child in element):
        yield from _parts(element)
    else:
        yield from filter(None, [element_line(element, without=_LEFT_OUT)])


def nitf_images(nitf: etree._Element) -> list[str]:
    """The addresses of the document's pictures, in order."""
    return [
        source
        for media in nitf.iter("{*}media")
        if media.get("media-type", "image") == "image"
        for reference in children(media, "media-reference")
        if (source := reference.get("source") or "")
    ]


def _parts(element: etree._Element) -> Iterator[str]:
    """Each block's paragraphs, and what stands loose between blocks as paragraphs of its own."""
    loose = [element.text or ""]
    for child in element:
        name = local_name(child)
        if name in _BLOCKS or name in _LEFT_OUT or name in ("tr", "tbody", "thead", "tfoot", "caption", "hr"):
            yield from filter(None, [normalise_line("".join(loose))])
            yield from nitf_paragraphs(child)
            loose = []
        else:
            loose.extend(text_pieces(child, _LEFT_OUT))
        loose.append(child.tail or "")
    yield from filter(None, [normalise_line("".join(loose))])
