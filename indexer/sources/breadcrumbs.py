"""The section of an article, from the trail of links above it ("Home / World / ...")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from lxml.html import HtmlElement

from indexer.sources.markup import element_text, letters

_MARK = re.compile(r"bread-?crumbs?", re.IGNORECASE)
_MAX_CHARS = 40
_MAX_LINKS = 8
_HOME = frozenset(
    letters(name)
    for name in (
        "Home",
        "Homepage",
        "Start",
        "Startseite",
        "Accueil",
        "Inicio",
        "Portada",
        "Início",
        "News",
        "Главная",
        "Anasayfa",
        "الرئيسية",
        "خانه",
        "صفحه نخست",
        "صفحه اصلی",
        "首页",
        "ホーム",
        "トップ",
    )
)


def breadcrumb_section(page: HtmlElement, title: str, site: str) -> str | None:
    """The first step of the page's trail that is neither its home page nor the article itself."""
    for element in page.iter("nav", "ol", "ul", "div", "p"):
        if any(_MARK.search(element.get(name) or "") for name in ("class", "id", "aria-label", "typeof", "itemtype")):
            steps = (element_text(link) for link in islice(element.iter("a"), _MAX_LINKS))
            if section := _section(steps, title, site):
                return section
    return None


def _section(steps: Iterable[str], title: str, site: str) -> str | None:
    unwanted = _HOME | {letters(title), letters(site)}
    return next((step for step in steps if 1 < len(step) <= _MAX_CHARS and letters(step) not in unwanted), None)
