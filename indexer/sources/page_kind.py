"""Pages that are no article: lists of articles, error pages, log-ins."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

from indexer.sources.markup import element_text, link_share
from indexer.sources.page_furniture import is_prose, word_count

MIN_WORDS = 20
"""Less running text than this is no article."""

_ERROR_TITLE = re.compile(
    r"\b(?:404|403|500|not found|access denied|forbidden|error|log ?in|sign ?in|anmelden|connexion|iniciar sesión|"
    r"introuvable|no encontrada|just a moment)\b|غير موجودة|تسجيل الدخول|یافت نشد",
    re.IGNORECASE,
)
_ERROR_MAX_WORDS = 80
_INDEX_HEADINGS = 5


def no_article_reason(page: HtmlElement, title: str, paragraphs: list[str], *, stated: bool) -> str | None:
    """Why a page is no article; None when it is one. A page `stated` to be an article is only checked for text."""
    words = word_count(" ".join(paragraphs))
    sentences = sum(map(is_prose, paragraphs))
    if words < MIN_WORDS or (words < _ERROR_MAX_WORDS and not sentences):
        return (
            f"no article found: {words} words of running text in {sentences} paragraphs, expected {MIN_WORDS} or more"
        )
    if "{{" in title or "{%" in title:
        return f"no article found: {title!r} is the headline of a template, not of a page"
    if stated:
        return None
    if words < _ERROR_MAX_WORDS and _ERROR_TITLE.search(title):
        return f"no article found: {title!r} heads an error or log-in page"
    headings = _linked_headings(page, paragraphs)
    if headings >= max(_INDEX_HEADINGS, sentences - 1):
        return f"no article found: the page lists {headings} articles; save the page of each"
    return None


def _linked_headings(page: HtmlElement, paragraphs: list[str]) -> int:
    """How many headings among the paragraphs are links to other pages."""
    texts = set(paragraphs)
    shown = [p for p in page.iter("p", "div") if element_text(p) in texts]
    if len(shown) < 2:
        return 0
    between = set(shown[0].xpath("following::*")) & set(shown[-1].xpath("preceding::*"))
    return sum(element.tag in ("h2", "h3", "h4") and link_share(element) > 0.8 for element in between)
