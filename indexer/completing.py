"""What a source that cannot know every field says of an article that is known already. Pure."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime

from indexer.records import content_hash
from indexer.site_lines import LEFT_OUT
from indexer.sources.items import EXTENT, Extent
from indexer.types import Article, Found
from indexer.urls import is_twin

_ALWAYS_STATED = frozenset({"id", "title", "body", "extra", "published_from", "pubstatus", "language"})
FULL = 2
"""The extent of a whole text."""

_EXTENTS = {Extent.HEADLINE.value: 0, Extent.SUMMARY.value: 1}
_OF_THE_TEXT = frozenset({EXTENT, LEFT_OUT})
"""Fields of `extra` that tell of the text beside them."""


def completed(page: Article, earlier: Article) -> Article:
    """A page's article with the fields that the page does not show taken from the earlier version.

    Of a source that carries less of the text than the earlier version has (a feed's summary of an article whose page was read),
    only what the earlier version lacks is taken.
    """
    if extent(page) < extent(earlier):
        return _filled(earlier, page)
    kept = {
        field.name: getattr(earlier, field.name)
        for field in fields(Article)
        if field.name not in _ALWAYS_STATED and getattr(page, field.name) in (None, ())
    }
    changes = {**kept, "extra": _extra(page, earlier), "pubstatus": earlier.pubstatus, "language": earlier.language}
    if page.published_at is None or _same_day(page.published_at, earlier.published_at):
        changes |= {"published_at": earlier.published_at, "published_from": earlier.published_from}
    if page.url and earlier.url and is_twin(page.url) and not is_twin(earlier.url):
        changes["url"] = earlier.url
    return replace(page, **changes)


def says_nothing_new(found: Found, article: Article, version: Article) -> bool:
    """Whether the version already says all that the article does; of a page, all that the page shows."""
    whole = completed(article, version) if found.partial else article
    return content_hash(whole) == content_hash(version)


def is_later(new: Article, old: Article | None, *, default: bool = True) -> bool:
    """Whether one version says that it is later than another; `default` where only the new one says when."""
    if old is None or new.updated_at is None:
        return False
    return new.updated_at > old.updated_at if old.updated_at else default


def extent(article: Article) -> int:
    """How much of its text an article has: 0 the headline, 1 a summary, 2 all."""
    if not article.body:
        return 0
    stated = article.extra.get(EXTENT)
    return _EXTENTS.get(stated, FULL) if isinstance(stated, str) else FULL


def _filled(earlier: Article, page: Article) -> Article:
    lacking = [field.name for field in fields(Article) if getattr(earlier, field.name) in (None, ())]
    changes = {name: getattr(page, name) for name in lacking}
    if earlier.published_at is None:
        changes["published_from"] = page.published_from
    return replace(earlier, **changes)


def _extra(page: Article, earlier: Article) -> dict[str, object]:
    """The earlier version's, but for what tells of the text; a page adds its own to what only a summary was known of."""
    kept = {name: value for name, value in earlier.extra.items() if name not in _OF_THE_TEXT}
    own = {name: value for name, value in page.extra.items() if name in _OF_THE_TEXT or extent(earlier) < FULL}
    return {**kept, **own}


def _same_day(page: datetime, earlier: datetime | None) -> bool:
    """Whether the page only repeats, without the time of day, a date that is known."""
    return earlier is not None and (page.hour, page.minute, page.second) == (0, 0, 0) and page.date() == earlier.date()
