"""What WordPress says of a post, in its exports and in its REST API alike, as fields of an article. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from indexer.articles import parse_time
from indexer.errors import ArticleError
from indexer.sources.byline import is_person
from indexer.types import PubStatus

_ARTICLE_TYPE = re.compile(r"news(?!letter)|article|stor(?:y|ies)(?![a-z])", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_NO_YEAR = "-0001"
_NO_SECTION = "uncategorized"


def is_article_type(post_type: str) -> bool:
    """Whether posts of a type are articles: posts, and a site's own types that are named after news, articles or stories."""
    return post_type in ("", "post") or _ARTICLE_TYPE.search(post_type) is not None


def publishing(status: str, published_at: datetime | None, *, password: bool = False) -> dict[str, Any]:
    """Who may see a post: published ones all, future ones all from their date on, others nobody."""
    if status == "trash":
        return {"pubstatus": PubStatus.CANCELED, "wp_status": status}
    if not password and status in ("", "publish"):
        return {"pubstatus": PubStatus.USABLE}
    if not password and status == "future" and published_at:
        return {"pubstatus": PubStatus.USABLE, "embargoed": published_at, "wp_status": status}
    return {"pubstatus": PubStatus.WITHHELD, "wp_status": status or None}


def post_time(*texts: str) -> datetime | None:
    """The first of the texts that is a date, in UTC; WordPress writes 0000-00-00 or 30 Nov -0001 for none."""
    for text in texts:
        if _NO_YEAR in text:
            continue
        try:
            moment = parse_time(text.strip(), "date")
        except ArticleError:
            continue
        if moment:
            return moment
    return None


def credited(names: Iterable[str]) -> dict[str, Any]:
    """The persons among the names as authors, and the names as they stand as the byline where some are no person's."""
    stated = list(dict.fromkeys(name for name in names if name))
    authors = [name for name in stated if is_person(name)]
    return {"authors": authors, "byline": ", ".join(stated) if len(authors) < len(stated) else None}


def classification(categories: Iterable[tuple[str, str]], tags: Iterable[str]) -> dict[str, Any]:
    """Section and tags from (name, slug) of the categories and the names of the tags: the first category is the section."""
    names = [name for name, slug in categories if name and slug.lower() != _NO_SECTION]
    return {"section": names[0] if names else None, "tags": [*names[1:], *tags]}


def stated_language(*texts: str) -> str | None:
    """The first of the texts that is a language tag."""
    return next((text.strip() for text in texts if _LANGUAGE.fullmatch(text.strip())), None)
