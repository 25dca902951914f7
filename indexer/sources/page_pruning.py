"""Taking off a page what surrounds its article: menus, boxes, captions, comments, related lists."""

from __future__ import annotations

import copy
import re
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement

from indexer.sources.markup import element_text, letters, link_share
from indexer.sources.page_furniture import is_prose, is_tail_heading, sentences_after_box, word_count

_NO_TEXT = frozenset(["script", "style", "noscript", "template", "svg", "iframe", "select"])
_DROPPED_TAGS = _NO_TEXT | frozenset(["nav", "footer", "aside", "form", "figure", "figcaption", "button", "dialog"])
_AMP_TAGS = frozenset(
    {f"amp-{name}" for name in ("ad", "embed", "sidebar", "carousel", "consent", "lightbox", "list", "social-share")}
)
_KEPT_TAGS = frozenset({"html", "body", "head", "article", "main", "h1"})
_BOX_MARK = re.compile(
    r"(?:^|[\s_-])(?:comments?|disqus|respond|related|recommend\w*|newsletter|advert\w*|sponsor\w*|breadcrumbs?|navbar|"
    r"cookie|popular|most-?(?:read|viewed|popular)|trending|read-?(?:also|next)|see-?also|galler(?:y|ies)|slideshow|carousel|"
    r"modal|lightbox|sr-only|screen-?reader-text|visually-?hidden)(?:$|[\s_-])",
    re.IGNORECASE,
)
"""Names of boxes beside or after an article."""

_DETAIL_MARK = re.compile(
    r"(?:^|[\s_-])(?:shar(?:e|ing)|social|subscri(?:be|ption)|promo|menu|sidebar|tags|footer|byline|author|caption|"
    r"read-?more)(?:$|[\s_-])",
    re.IGNORECASE,
)
"""Names of details around an article, and now and then of an element that holds one."""

_HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_COMMENTS = re.compile(r"^(?:comments?|disqus|respond)\b|-comments?$", re.IGNORECASE)
_PULL_QUOTE = re.compile(
    r"(?:^|[\s_-])(?:pull-?quote|quote-?(?:pull|box|highlight)|highlight-?quote)s?(?:$|[\s_-])", re.IGNORECASE
)
_GALLERY = re.compile(r"(?:^|[\s_-])(?:galler(?:y|ies)|slideshow|carousel)(?:$|[\s_-])", re.IGNORECASE)

_HEADINGS = ("h2", "h3", "h4", "h5", "h6", "strong", "b", "p", "div", "span", "li", "dt", "legend", "summary")
_HEADING_MAX_CHARS = 60
_SHARE_OF_PAGE = 0.5
"""A marked element that holds more than this share of the page's words is the article, whatever its class says."""

_ARTICLE_PARAGRAPHS = 3

_RUN_MIN_CHARS = 60


def without_boxes(page: HtmlElement) -> HtmlElement:
    """A copy of the page without the boxes beside its article and without what follows it."""
    tree = copy.deepcopy(page)
    _drop(tree, _DROPPED_TAGS | _AMP_TAGS, _BOX_MARK)
    _drop_pull_quotes(tree)
    _cut_tails(tree)
    return tree


def without_details(page: HtmlElement) -> HtmlElement:
    """A copy of the page without share buttons, tag lists, captions and the like."""
    tree = copy.deepcopy(page)
    _drop(tree, frozenset(), _DETAIL_MARK)
    return tree


def _drop(tree: HtmlElement, tags: frozenset[str], mark: re.Pattern[str]) -> None:
    total = max(1, word_count(element_text(tree)))
    begun = _after_prose(tree)
    for element in list(tree.iter()):
        if not isinstance(element.tag, str) or element.tag in _KEPT_TAGS or element.getparent() is None:
            continue
        marked = mark.search(f"{element.get('class') or ''} {element.get('id') or ''}") or _is_hidden(element)
        if not marked and element.tag not in tags:
            continue
        small = word_count(element_text(element)) < total * _SHARE_OF_PAGE
        aside = element in begun and (_COMMENTS.search(_name(element)) or _is_gallery(element, tree))
        if small or element.tag in _NO_TEXT or aside:
            element.drop_tree()


def _drop_pull_quotes(tree: HtmlElement) -> None:
    """Remove each pull quote whose words stand in the text as well."""
    quotes = [element for element in tree.iter() if isinstance(element.tag, str) and _is_pull_quote(element)]
    whole = letters(element_text(tree)) if quotes else ""
    for quote in quotes:
        said = letters(element_text(quote))
        if quote.getparent() is not None and said and whole.count(said) > 1:
            quote.drop_tree()


def _is_pull_quote(element: HtmlElement) -> bool:
    return _PULL_QUOTE.search(element.get("class") or "") is not None


def _is_gallery(element: HtmlElement, tree: HtmlElement) -> bool:
    """Whether an element is a series of pictures beside an article that has paragraphs of its own."""
    if not _GALLERY.search(element.get("class") or ""):
        return False
    outside = (p for p in tree.iter("p") if element not in p.iterancestors() and _is_paragraph(p))
    return len(list(islice(outside, _ARTICLE_PARAGRAPHS))) == _ARTICLE_PARAGRAPHS


def _is_hidden(element: HtmlElement) -> bool:
    style = element.get("style")
    return bool(style and _HIDDEN.search(style)) or "hidden" in element.attrib or element.get("aria-hidden") == "true"


def _name(element: HtmlElement) -> str:
    return element.get("id") or element.get("class") or ""


def _cut_tails(tree: HtmlElement) -> None:
    """Remove each heading such as "Related News" and what belongs to it, once the article has begun."""
    begun = _after_prose(tree)
    for element in list(tree.iter(*_HEADINGS)):
        if element.getparent() is None or len(element.text_content()) > 4 * _HEADING_MAX_CHARS:
            continue
        text = element_text(element)
        if len(text) <= _HEADING_MAX_CHARS and is_tail_heading(text) and element in begun:
            _cut_from(element)


def _cut_from(heading: HtmlElement) -> None:
    """Remove a heading and its later siblings; where it only heads a box in the text, up to the next paragraph."""
    text = element_text(heading)
    box_only = not is_tail_heading(text, certain=True) and _goes_on(heading, sentences_after_box(text))
    for element in [element for element in heading.itersiblings() if isinstance(element.tag, str)]:
        if box_only and _is_paragraph(element):
            break
        if box_only or not _holds_article(element):
            element.drop_tree()
    heading.drop_tree()


def _goes_on(heading: HtmlElement, paragraphs: int) -> bool:
    """Whether at least so many paragraphs follow among the heading's siblings."""
    following = (element for element in heading.itersiblings() if isinstance(element.tag, str))
    return len(list(islice(filter(_is_paragraph, following), paragraphs))) == paragraphs


def _after_prose(tree: HtmlElement) -> set[HtmlElement]:
    """The elements that come after some running text."""
    found: set[HtmlElement] = set()
    begun = False
    for event, element in etree.iterwalk(tree, events=("start", "end", "comment")):
        if begun and event == "start":
            found.add(element)
        begun = begun or _is_run(element.text if event == "start" else element.tail)
    return found


def _is_run(text: str | None) -> bool:
    return text is not None and len(text) > _RUN_MIN_CHARS and is_prose(" ".join(text.split()))


def _is_paragraph(element: HtmlElement) -> bool:
    return element.tag in ("p", "blockquote") and is_prose(element_text(element)) and link_share(element) < 0.5


def _holds_article(element: HtmlElement) -> bool:
    """Whether an element after a heading holds the article after all: more running text than all that stands before."""
    if element.tag in ("ul", "ol", "p") or link_share(element) >= 0.2:
        return False
    inside = [p for p in element.iter("p") if _is_paragraph(p)]
    before = [p for p in element.xpath("preceding::p") if _is_paragraph(p)]
    return len(inside) >= _ARTICLE_PARAGRAPHS and _words(inside) > _words(before)


def _words(paragraphs: list[HtmlElement]) -> int:
    return sum(word_count(element_text(paragraph)) for paragraph in paragraphs)
