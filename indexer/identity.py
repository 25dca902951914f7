"""Which article something is that came without an id of its own."""

from __future__ import annotations

from dataclasses import replace

from indexer.archive import Archive
from indexer.scratch import Unstored
from indexer.types import Article, Found
from indexer.urls import shown_url, url_key

_NOT_STORED = 1 << 62


class Identity:
    """Looks in the archive and among what is on its way there, which counts as if it were stored already."""

    def __init__(self, archive: Archive, unstored: Unstored) -> None:
        self._archive = archive
        self._unstored = unstored

    def identified(self, found: Found) -> Article:
        """The article under its id: its own, else that of the article that has its address."""
        article = found.article
        if found.stated_id or article.url is None:
            return article
        holder = article.id if self._is_known(article.id) else self._holder(url_key(article.url))
        if holder is None:
            return article
        current = self.current(holder)
        url = shown_url(article.url, current.url) if current and current.url else article.url
        return replace(article, id=holder, url=url)

    def current(self, article_id: str) -> Article | None:
        """The newest version of an id."""
        unstored = self._unstored.article(article_id)
        if unstored:
            return unstored
        stored = self._archive.article(article_id)
        return stored[0] if stored else None

    def _is_known(self, article_id: str) -> bool:
        return self._unstored.article(article_id) is not None or self._archive.known(article_id) is not None

    def _holder(self, key: str) -> str | None:
        """Of the articles that have this address now, the one that came first."""
        stored = [
            (seq, article_id)
            for seq, article_id in self._archive.with_url(key)
            if not self._unstored.article(article_id)
        ]
        coming = []
        for place, article_id in enumerate(self._unstored.with_url(key)):
            known = self._archive.known(article_id)
            coming.append((known.seq if known else _NOT_STORED + place, article_id))
        return min([*stored, *coming], default=(0, None))[1]
