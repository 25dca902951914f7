"""What feeds of every kind say of an item, as fields of an article. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from indexer.articles import normalise_line
from indexer.sources.byline import is_person, read_byline
from indexer.sources.feed_dates import feed_time
from indexer.sources.feed_identity import FeedFrame, FeedItem, first_address, identity_fields
from indexer.sources.feed_text import extent_fields
from indexer.sources.items import Reading, article_item
from indexer.sources.wordpress_post import stated_language
from indexer.types import Found, Reject

_DATE_TEXT_CHARS = 100
_NAME_CHARS = 500
_FAMILY_FIRST = re.compile(r"^([^\W\d_]+), ((?:[^\W\d_]\. ?)+)$")
"""As journals print names: "Hines, P. J."."""


def feed_item(item: FeedItem, source: str, place: str, how: Reading, frame: FeedFrame) -> Found | Reject:
    """The item's article, or why it is none."""
    title = item.title.line
    language = stated_language(*item.languages)
    published = next((date for text in item.published if (date := feed_time(text, how.now, language))), None)
    updated = feed_time(item.updated, how.now, language)
    if published and updated and updated <= published and item.updated not in item.published:
        updated = None
    record = {
        **item.facts,
        **identity_fields(item, frame),
        "title": title,
        **extent_fields(title, item.content, item.summary),
        "published_at": published,
        "date_text": None
        if published
        else normalise_line(next(filter(None, item.published), ""))[:_DATE_TEXT_CHARS] or None,
        "updated_at": updated,
        **credited(item.names),
        "tags": list(item.tags),
        "image_url": first_address(item.images, frame.base),
        "language": language,
    }
    return article_item(record, source, place, how, partial=True)


def credited(names: Iterable[str]) -> dict[str, Any]:
    """The persons among the names as authors, and the names as they stand as the byline where they are not just persons."""
    stated = list(dict.fromkeys(name for text in names if (name := normalise_line(text[:_NAME_CHARS]))))
    authors: list[str] = []
    for printed in stated:
        name = _FAMILY_FIRST.sub(r"\2 \1", printed).strip()
        byline = read_byline(name, marked=True)
        authors += byline.authors if byline else [name] if is_person(name) else []
    authors = list(dict.fromkeys(authors))
    return {"authors": authors, "byline": ", ".join(stated) if stated != authors else None}
