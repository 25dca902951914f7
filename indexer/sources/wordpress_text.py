"""The text of WordPress posts: paragraphs as WordPress makes them, without shortcodes. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left

from indexer.sources.fragments import fragment_body, fragment_line

_TAG = re.compile(r"\[(\[?)(/?)([a-z][a-z0-9_-]*)((?:[\s=/][^\[\]]{0,2000})?)\](\]?)")
"""A shortcode's opening or closing tag; doubled brackets show one as text."""

_ATTRIBUTE = re.compile(r"""(?:^|\s)[\w-]+=(?:"|'|\S)""")
_WITH_CONTENT = frozenset(
    {"caption", "wp_caption", "gallery", "embed", "audio", "video", "playlist", "iframe", "googlemap", "script"}
)
"""Those that hold a picture, a player or an address, none of them the article's text."""

_EMPTY_LINES = re.compile(r"\n\s*\n")
_BLOCK = re.compile(
    r"</?(?:p|div|h[1-6]|ul|ol|li|dl|dt|dd|blockquote|table|thead|tbody|tfoot|tr|td|th|caption|pre|figure|figcaption|section"
    r"|article|aside|header|footer|nav|form|hr|details|summary|script|style|iframe|object)\b",
    re.IGNORECASE,
)
_MORE = re.compile(r"\s*\[(?:…|\.\.\.)\]\s*$")


def post_body(html: str, title: str = "") -> str:
    """The paragraphs of a post's content."""
    return fragment_body(f"<div>{with_paragraphs(without_shortcodes(html))}</div>", title)


def post_summary(html: str) -> str:
    """A post's excerpt on one line; the mark that WordPress sets where it cut the text is an ellipsis."""
    return _MORE.sub("…", fragment_line(without_shortcodes(html)))


def with_paragraphs(html: str) -> str:
    """The content with a mark of HTML wherever an empty line ends a paragraph, as the editor's text has none of its own."""
    parts = _EMPTY_LINES.split(html.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(f"{part}<br><br>" if _BLOCK.search(part) else f"<p>{part}</p>" for part in parts)


def without_shortcodes(text: str) -> str:
    """The text without shortcodes; other words in square brackets stay.

    A shortcode is one of a few known names, or has attributes, or is closed later on. Known ones go with what they hold; of
    others, which plugins give their meaning, only the tags go.
    """
    tags = list(_TAG.finditer(text))
    closings: dict[str, list[int]] = {}
    for place, tag in enumerate(tags):
        if tag[2]:
            closings.setdefault(tag[3], []).append(place)
    kept: list[str] = []
    done = place = 0
    while place < len(tags):
        tag, closed_by = tags[place], _closing(closings, tags[place][3], place)
        last = closed_by if closed_by is not None and tag[3] in _WITH_CONTENT and not tag[2] else place
        if tag[1] and tag[5]:
            kept += [text[done : tag.start()], tag[0][1:-1]]
            done = tag.end()
        elif _is_shortcode(tag, closed=closed_by is not None):
            kept += [text[done : tag.start() + len(tag[1])], " " if tag[3] in _WITH_CONTENT else ""]
            done = tags[last].end() - len(tags[last][5])
            place = last
        place += 1
    return "".join([*kept, text[done:]])


def _closing(closings: dict[str, list[int]], name: str, place: int) -> int | None:
    """The place of the next closing tag of a name."""
    places = closings.get(name, [])
    found = bisect_left(places, place + 1)
    return places[found] if found < len(places) else None


def _is_shortcode(tag: re.Match[str], *, closed: bool) -> bool:
    return bool(tag[2] or closed or tag[3] in _WITH_CONTENT or _ATTRIBUTE.search(tag[4]))
