"""The one write path: articles in, compared, cut, embedded and stored, a batch at a time.

A batch is one transaction, so a run that is killed has stored whole articles only, and the next run finds them
unchanged and goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import PurePath

from indexer.archive import Archive
from indexer.archive_places import mean_vector
from indexer.completing import FULL, completed, extent, is_later, says_nothing_new
from indexer.duplicates import text_key
from indexer.encoder import Encoder
from indexer.placer import IngestPlacer
from indexer.recipe import Recipe, check_model, cut, recipe_for, remember_recipe
from indexer.records import content_hash
from indexer.site_lines import lines_of, with_lines, without_lines
from indexer.types import Article, Embeddings, Found, Reject
from indexer.urls import shown_url, url_key

BATCH_ARTICLES = 64
"""Articles stored per transaction: what a kill can cost, against the price of a sync."""


@dataclass(slots=True)
class IngestReport:
    """What became of everything that was read: read = new + updated + unchanged + rejected."""

    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    superseded: int = 0
    """Of the unchanged, those that repeat an older version; the current one stays."""
    duplicates: int = 0
    cleaned: int = 0
    """Stored articles that lost a line which their site was found to repeat; not among those read."""
    chunks: int = 0
    encoded: int = 0
    seconds: float = 0.0
    rejects: list[Reject] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The source in which an id was read last in this run, and where in it first."""

    source: str
    place: str


class Ingest:
    """One run over any number of sources.

    Reading a source again changes nothing: a record that says what a stored version says, or whose `updated_at` lies before
    the current version's, is unchanged (and counted as superseded when the current version says something else). Every
    version taken is stored, whatever the batches.
    """

    def __init__(self, archive: Archive, encoder: Encoder, *, now: datetime, dry_run: bool = False) -> None:
        """With `dry_run` nothing is embedded or stored, and the report says what would happen."""
        check_model(archive, encoder)
        self._archive = archive
        self._encoder = encoder
        self._recipe: Recipe = recipe_for(encoder)
        self._now = now
        self._dry_run = dry_run
        self._seen: dict[str, _Seen] = {}
        self._batch: dict[str, Article] = {}
        self._batch_urls: dict[str, str] = {}
        self._batch_sites: dict[str, str] = {}
        """The site of each article that was read from a page."""
        self._site_lines: dict[str, frozenset[int]] = {}
        self._texts: dict[int, str] = {}
        """In a dry run, the first article of each text."""
        self._placer: IngestPlacer | None = None
        self._would_be: dict[str, list[Article]] = {}
        """In a dry run, the versions of each id that were not stored."""
        self.report = IngestReport()

    def run(self, items: Iterable[Found | Reject], progress: Callable[[IngestReport], None]) -> IngestReport:
        """Take every item; rejects are counted and the rest goes on. Calls `progress` after each item."""
        started = time.monotonic()
        for item in items:
            self.report.read += 1
            rejected = item if isinstance(item, Reject) else self._take(item)
            if rejected:
                self.report.rejected += 1
                self.report.rejects.append(rejected)
            if len(self._batch) >= BATCH_ARTICLES and not self._dry_run:
                self._store()
            self.report.seconds = time.monotonic() - started
            progress(self.report)
        if not self._dry_run:
            self._store()
            self._clean_pages()
        self.report.seconds = time.monotonic() - started
        return self.report

    def _take(self, found: Found) -> Reject | None:
        """Sort one article into new, updated or unchanged; a Reject when it contradicts another of its source."""
        article = self._identified(found)
        site = site_of(found) if found.partial else None
        if site:
            article = without_lines(article, self._repeated(site))
        before = self._seen.get(article.id)
        same_source = before is not None and before.source == found.source
        if not same_source:
            self._seen[article.id] = _Seen(found.source, found.place)
        if not found.partial and self._current_hash(article.id) == content_hash(article):
            self.report.unchanged += 1
            return None
        current = self._current(article.id)
        if current and says_nothing_new(found, article, current):
            self.report.unchanged += 1
            return None
        if current and (is_later(current, article, default=False) or self._said_before(found, article)):
            self.report.unchanged += 1
            self.report.superseded += 1
            return None
        if found.partial and current:
            article = completed(article, current)
        if before and same_source and not is_later(article, current):
            return Reject(
                found.source,
                found.place,
                f"id {article.id!r} was already read at {before.place} with other content; the first is kept: "
                "give each article its own id, or a later updated_at to each newer version",
            )
        self._count(article, is_new=current is None)
        self._keep(article, site)
        return None

    def _repeated(self, site: str) -> frozenset[int]:
        """The keys of the lines that the site repeats."""
        if site not in self._site_lines:
            self._site_lines[site] = self._archive.lines.repeated(site)
        return self._site_lines[site]

    def _current_hash(self, article_id: str) -> bytes | None:
        if article_id in self._batch:
            return content_hash(self._batch[article_id])
        known = self._archive.known(article_id)
        return known.content_hash if known else None

    def _said_before(self, found: Found, article: Article) -> bool:
        """Whether an earlier version says the same, so that a source read again takes nothing back."""
        versions = [*self._archive.versions(article.id), *self._would_be.get(article.id, ())]
        return any(says_nothing_new(found, article, version) for version in versions)

    def _keep(self, article: Article, site: str | None) -> None:
        if self._dry_run:
            self._would_be.setdefault(article.id, []).append(article)
        elif article.id in self._batch:
            self._store()
        self._batch[article.id] = article
        if site:
            self._batch_sites[article.id] = site
        if article.url:
            self._batch_urls.setdefault(url_key(article.url), article.id)

    def _identified(self, found: Found) -> Article:
        """The article under the id that its address already has, when it came without an id of its own."""
        article = found.article
        if found.stated_id or article.url is None:
            return article
        earlier = self._archive.id_of_url(article.url) or self._batch_urls.get(url_key(article.url))
        if earlier is None:
            return article
        current = self._current(earlier)
        url = shown_url(article.url, current.url) if current and current.url else article.url
        return replace(article, id=earlier, url=url)

    def _current(self, article_id: str) -> Article | None:
        if article_id in self._batch:
            return self._batch[article_id]
        stored = self._archive.article(article_id)
        return stored[0] if stored else None

    def _count(self, article: Article, *, is_new: bool) -> None:
        if is_new:
            self.report.new += 1
        else:
            self.report.updated += 1
        if self._dry_run:
            key = text_key(article)
            first = self._texts.setdefault(key, article.id)
            if first != article.id or self._archive.places.has_text(key, other_than=article.id):
                self.report.duplicates += 1

    def _clean_pages(self) -> None:
        """Take the lines newly found to be repeated out of the articles stored before."""
        for site in self._archive.lines.unclean():
            repeated = self._repeated(site)
            for article in self._archive.lines.pages(site):
                cleaned = without_lines(article, repeated)
                if cleaned != article:
                    self.report.cleaned += 1
                    self._batch[article.id] = cleaned
                    self._batch_sites[article.id] = site
                if len(self._batch) >= BATCH_ARTICLES:
                    self._store()
            self._store()
            with self._archive.transaction():
                self._archive.lines.set_clean(site)

    def _store(self) -> None:
        """Cut, embed and store the batch in one transaction."""
        batch, sites = list(self._batch.values()), self._batch_sites
        if not batch:
            return
        self._batch, self._batch_urls, self._batch_sites = {}, {}, {}
        cuts = [cut(article, self._encoder) for article in batch]
        texts = {
            text_hash: chunk.text for chunks, hashes in cuts for chunk, text_hash in zip(chunks, hashes, strict=True)
        }
        vectors = encode_missing(self._archive, self._encoder, texts)
        with self._archive.transaction():
            remember_recipe(self._archive, self._recipe)
            self._archive.embeddings.put(self._encoder.fingerprint, *vectors)
            stored = []
            for article, (chunks, hashes) in zip(batch, cuts, strict=True):
                seq = self._archive.put(article, received_at=self._now)
                self._archive.put_chunks(seq, self._recipe.key, chunks, hashes)
                self._count_lines(sites.get(article.id), seq, article)
                stored.append((seq, article, mean_vector(self._archive.embeddings.of(self._recipe.model, hashes))))
            self._placer = self._placer or IngestPlacer(self._archive, self._recipe)
            self.report.duplicates += self._placer.place(stored)
        self.report.chunks += sum(len(chunks) for chunks, _ in cuts)
        self.report.encoded += len(vectors[0])

    def _count_lines(self, site: str | None, seq: int, article: Article) -> None:
        """Count the lines of an article whose text was read from a page; a record's are not its site's."""
        if site is None:
            self._archive.lines.forget(seq)
            return
        lines = list(lines_of(with_lines(article))) if extent(article) == FULL else []
        if lines and self._archive.lines.count(site, seq, lines):
            self._site_lines.pop(site, None)


def site_of(found: Found) -> str:
    """Whose page it is: the host of its address, else its source, else the folder that it was read from."""
    article = found.article
    if article.url:
        return url_key(article.url).partition("/")[0]
    return article.source or str(PurePath(found.source).parent)


def encode_missing(archive: Archive, encoder: Encoder, texts: Mapping[bytes, str]) -> tuple[list[bytes], Embeddings]:
    """Embeddings of those texts (by hash) that the archive has none of, the hashes beside them."""
    missing = archive.embeddings.missing(encoder.fingerprint, texts)
    hashes = [text_hash for text_hash in texts if text_hash in missing]
    return hashes, encoder.encode_documents([texts[text_hash] for text_hash in hashes])


def reencode(archive: Archive, encoder: Encoder, progress: Callable[[int], None]) -> int:
    """Cut and embed every current article that this encoder's recipe has not done; returns how many texts were encoded.

    Each batch is one transaction, so a killed run is continued by the next. Calls `progress` with the articles of
    each batch.
    """
    recipe = recipe_for(encoder)
    encoded = 0
    pending = archive.without_chunks(recipe.key)
    while batch := list(islice(pending, BATCH_ARTICLES)):
        cuts = [(seq, *cut(article, encoder)) for seq, article in batch]
        texts = {h: chunk.text for _, chunks, hashes in cuts for chunk, h in zip(chunks, hashes, strict=True)}
        vectors = encode_missing(archive, encoder, texts)
        with archive.transaction():
            archive.embeddings.put(encoder.fingerprint, *vectors)
            for seq, chunks, hashes in cuts:
                archive.put_chunks(seq, recipe.key, chunks, hashes)
        encoded += len(vectors[0])
        progress(len(batch))
    return encoded
