"""What a page's meta tags say of its article, where no JSON-LD does."""

from __future__ import annotations

import re
from html import unescape
from itertools import chain
from typing import Any

from lxml.html import HtmlElement

from indexer.sources.byline import is_person, read_byline
from indexer.sources.markup import letters

_AUTHOR_TAGS = (
    "author",
    "article:author",
    "parsely-author",
    "byl",
    "sailthru.author",
    "cxenseparse:author",
    "dc.creator",
    "dcterms.creator",
)
_AUTHOR_LABEL = re.compile(r"written by|verfasst von|écrit par|escrito por|por|scritto da|كتب بواسطة", re.IGNORECASE)

_META = {
    "title": ("og:title", "twitter:title", "parsely-title", "dc.title", "dcterms.title"),
    "published_at": (
        "article:published_time",
        "article:published",
        "datepublished",
        "date",
        "dc.date",
        "dc.date.issued",
        "dcterms.date",
        "dcterms.issued",
        "dcterms.created",
        "pubdate",
        "publishdate",
        "publish-date",
        "publish_date",
        "publication_date",
        "parsely-pub-date",
        "sailthru.date",
        "cxenseparse:recs:publishtime",
    ),
    "updated_at": ("article:modified_time", "og:updated_time", "datemodified"),
    "section": ("article:section",),
    "source": ("og:site_name",),
    "image_url": ("og:image",),
    "summary": ("og:description", "description", "twitter:description"),
    "url": ("og:url",),
}


def meta_fields(page: HtmlElement) -> dict[str, Any]:
    """The record fields that meta tags, the canonical link and the html element state."""
    metas: dict[str, list[str]] = {}
    for meta in page.iter("meta"):
        names = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        content = unescape((meta.get("content") or "").strip())
        for name in names.split() if content else ():
            metas.setdefault(name, []).append(content)
    fields: dict[str, Any] = {
        name: next((metas[key][0] for key in keys if key in metas), None) for name, keys in _META.items()
    }
    fields["tags"] = metas.get("article:tag", [])
    canonical = page.xpath("//link[@rel='canonical']/@href")
    fields["url"] = (str(canonical[0]).strip() if canonical else None) or fields["url"]
    fields["language"] = (
        page.get("lang") or page.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    ).strip() or None
    fields["authors"] = _authors(metas, fields["source"])
    return {name: value for name, value in fields.items() if value}


def _authors(metas: dict[str, list[str]], site: str | None) -> list[str]:
    """The persons of the first author tag that names any; the site's own name is none."""
    labelled = [
        metas[f"twitter:data{label[-1]}"] for label in ("twitter:label1", "twitter:label2") if _is_author(metas, label)
    ]
    for text in chain(*(metas.get(name, []) for name in _AUTHOR_TAGS), *labelled):
        byline = read_byline(text, marked=True)
        single = [text] if " " not in text and is_person(text, stated=True) else []
        names = [name for name in (byline.authors if byline else single) if letters(name) not in letters(site or "")]
        if names:
            return names
    return []


def _is_author(metas: dict[str, list[str]], label: str) -> bool:
    return f"twitter:data{label[-1]}" in metas and any(_AUTHOR_LABEL.match(text) for text in metas.get(label, []))


def is_stated_article(page: HtmlElement) -> bool:
    """Whether the page's head calls it an article."""
    return bool(page.xpath("boolean(//meta[@property='og:type' and contains(@content, 'article')])"))
