"""The one write path: articles in, compared, cut, embedded and stored, a batch at a time.

Articles are compared as they are read, go in windows to be cut and embedded, and are stored in order, while the next windows
are being prepared. A batch is one transaction, so a run that is killed has stored whole articles only, and the next run
finds them unchanged and goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from pathlib import PurePath

from indexer.archive import Archive
from indexer.articles import format_time
from indexer.batches import BATCH_ARTICLES, Batch, Page, Window
from indexer.brought import Brought
from indexer.completing import FULL, completed, extent, is_later, says_nothing_new
from indexer.duplicates import text_key
from indexer.encoder import Encoder
from indexer.identity import Identity
from indexer.ingest_report import IngestReport
from indexer.preparing import WINDOWS_AHEAD, Prepared, Preparing
from indexer.recipe import Cut, Recipe, check_model, cut, recipe_for, texts_of
from indexer.records import content_hash
from indexer.scratch import InFlight, Seen, Unstored
from indexer.site_lines import lines_of, with_lines, without_lines
from indexer.storing import Store
from indexer.types import Article, Found, PubStatus, Reject
from indexer.urls import url_key

Progress = Callable[[IngestReport, int], None]
"""Called with the report so far, and with how many of the articles read are not stored yet."""


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
        scratch = archive.scratch()
        self._seen = scratch.seen
        self._rehearsal = scratch.rehearsal
        self._in_flight = InFlight()
        self._unstored: Unstored = self._rehearsal if dry_run else self._in_flight
        self._identity = Identity(archive, self._unstored)
        self._batch = Batch()
        self._window = Window()
        self._preparing: Preparing[Window] = Preparing(archive, encoder, self._tick)
        self._site_lines: dict[str, frozenset[int]] = {}
        self._stores = Store(archive, self._recipe)
        self._brought = Brought(archive, encoder)
        self._progress: Progress = lambda _report, _waiting: None
        self._started = time.monotonic()
        self._cleaning = False
        """Whether what is on its way are articles of earlier runs."""
        self.report = IngestReport()

    def run(self, items: Iterable[Found | Reject], progress: Progress = lambda _report, _waiting: None) -> IngestReport:
        """Take every item; rejects are counted and the rest goes on. Calls `progress` after each item, and while it waits."""
        self._started, self._progress = time.monotonic(), progress
        with self._preparing:
            for item in items:
                self.report.read += 1
                rejected = item if isinstance(item, Reject) else self._take(item)
                if rejected:
                    self.report.reject(rejected)
                self._tick()
            if not self._dry_run:
                self._finish()
                self._clean_pages()
        self._tick()
        return self.report

    def _tick(self) -> None:
        self.report.seconds = time.monotonic() - self._started
        self._progress(self.report, 0 if self._cleaning else self._unstored.waiting)

    def _take(self, found: Found) -> Reject | None:
        """Sort one article into new, updated or unchanged; a Reject when it contradicts another of its source."""
        article = self._identity.identified(found)
        site = site_of(found) if found.partial else None
        if site:
            article = without_lines(article, self._repeated(site))
        before = self._seen.get(article.id)
        same_source = before is not None and before.source == found.origin
        if not same_source:
            self._seen.put(article.id, Seen(found.origin, found.place))
        if not found.partial and self._current_hash(article.id) == content_hash(article):
            self.report.unchanged += 1
            return None
        current = self._identity.current(article.id)
        if self._stays_away(article, current, partial=found.partial):
            return None
        if current and says_nothing_new(found, article, self._as_read_now(current, site)):
            self.report.unchanged += 1
            return None
        if current and (
            is_later(current, article, default=False)
            or self._said_before(found, article, site)
            or (self._is_of_others(article.id) and not is_later(article, current, default=False))
        ):
            self.report.unchanged += 1
            self.report.superseded += 1
            return None
        own_text = current is None or extent(article) >= extent(current)
        if found.partial and current:
            if not own_text:
                self._let_through(article.id)
            article = completed(article, self._identity.current(article.id) or current)
        if before and same_source and not is_later(article, current):
            return Reject(
                found.source,
                found.place,
                f"id {article.id!r} was already read at {before.place} with other content; the first is kept: "
                "give each article its own id, or a later updated_at to each newer version",
            )
        self._count(article, is_new=current is None)
        self._keep(article, Page(site, self._repeated(site) if own_text else None) if site else None, found)
        return None

    def _stays_away(self, article: Article, current: Article | None, *, partial: bool) -> bool:
        """Whether it was taken down, or is the page of an article that was deleted; it is left out then, and counted."""
        if current is None:
            away = self._archive.history.tombstone(article) is not None
            self.report.taken_down += away
        else:
            known = self._archive.known(article.id) if partial and current.pubstatus is PubStatus.CANCELED else None
            away = known is not None and known.deleted
            self.report.superseded += away
        self.report.unchanged += away
        return away

    def _repeated(self, site: str) -> frozenset[int]:
        """The keys of the lines that the site repeats."""
        if site not in self._site_lines:
            self._site_lines[site] = self._archive.lines.repeated(site)
        return self._site_lines[site]

    def _current_hash(self, article_id: str) -> bytes | None:
        unstored = self._unstored.article(article_id)
        if unstored:
            return content_hash(unstored)
        known = self._archive.known(article_id)
        return known.content_hash if known else None

    def _as_read_now(self, version: Article, site: str | None) -> Article:
        """A version as its page would be read now, without the lines that its site was found to repeat since."""
        return without_lines(version, self._repeated(site)) if site else version

    def _said_before(self, found: Found, article: Article, site: str | None) -> bool:
        """Whether an earlier version says the same, so that a source read again takes nothing back."""
        versions = [*self._archive.versions(article.id), *self._unstored.versions(article.id)]
        return any(says_nothing_new(found, article, self._as_read_now(version, site)) for version in versions)

    def _keep(self, article: Article, page: Page | None, found: Found | None = None) -> None:
        """Send the article on its way, after an earlier version that is still on its own."""
        if not self._dry_run:
            self._let_through(article.id)
            known = self._archive.known(article.id)
            self._batch.articles[article.id] = article
            self._batch.follows[article.id] = known.version if known else 0
            if page:
                self._batch.pages[article.id] = page
            if found and found.embedded:
                vectors, damaged = self._brought.checked(found.embedded)
                self._batch.brought |= vectors
                self.report.damaged_embeddings += damaged
        self._unstored.put(article)
        if len(self._batch.articles) >= BATCH_ARTICLES:
            self._end_batch()

    def _let_through(self, article_id: str) -> None:
        """Store an article that is on its way, as it will be then."""
        if article_id in self._batch.articles:
            self._end_batch()
        while self._in_flight.article(article_id):
            self._send(ahead=max(len(self._preparing) - 1, 0))

    def _end_batch(self) -> None:
        self._window.batches.append(self._batch)
        self._batch = Batch()
        if self._window.is_full:
            self._send()

    def _count(self, article: Article, *, is_new: bool) -> None:
        if is_new:
            self.report.new += 1
        else:
            self.report.updated += 1
        if self._dry_run:
            key = text_key(article)
            first = self._rehearsal.first_with_text(key, article.id)
            if first != article.id or self._archive.places.has_text(key, other_than=article.id):
                self.report.duplicates += 1

    def _clean_pages(self) -> None:
        """Take the lines newly found to be repeated out of the articles stored before."""
        self._cleaning = True
        for site in self._archive.lines.unclean():
            repeated = self._repeated(site)
            for article in self._archive.lines.pages(site):
                cleaned = without_lines(article, repeated)
                if cleaned != article:
                    self.report.cleaned += 1
                    self._keep(cleaned, Page(site, repeated))
            self._finish()
            with self._archive.transaction():
                self._archive.lines.set_clean(site)

    def _finish(self) -> None:
        """Store all that is on its way."""
        if self._batch.articles:
            self._end_batch()
        self._send(ahead=0)

    def _send(self, *, ahead: int = WINDOWS_AHEAD) -> None:
        """Let the window of ended batches be prepared, and store the oldest ones until only so many are ahead."""
        if self._window.batches:
            self._preparing.put(self._window, self._window.articles, self._window.brought)
            self._window = Window()
        while len(self._preparing) > ahead:
            prepared = self._preparing.pop()
            cuts = iter(prepared.cuts)
            for batch in prepared.window.batches:
                self._store(batch, list(islice(cuts, len(batch.articles))), prepared)
                self._tick()

    def _store(self, batch: Batch, cuts: list[Cut], prepared: Prepared[Window]) -> None:
        """Store a batch in one transaction."""
        taken = zip(batch.articles.values(), cuts, strict=True)
        ready = [self._up_to_date(article, made, batch.pages.get(article.id)) for article, made in taken]
        texts = texts_of(made for _, made in ready)
        missing = self._archive.embeddings.missing(self._recipe.model, texts)
        late = self._preparing.embed({h: texts[h] for h in missing if h not in prepared.vectors})
        vectors = {h: late[h] if h in late else prepared.vectors[h] for h in texts if h in missing}
        with self._stores.transaction():
            if self._stores.others_wrote:
                ready = [one for one in ready if self._is_still_next(one[0], batch.follows[one[0].id])]
                texts = texts_of(made for _, made in ready)
                gone = self._archive.embeddings.missing(self._recipe.model, texts) - vectors.keys()
                vectors |= self._preparing.embed({h: texts[h] for h in gone})  # a takedown has taken these away
                vectors = {h: vectors[h] for h in texts if h in vectors}
            self._stores.put_embeddings(vectors)
            stored = []
            for article, made in ready:
                seq = self._stores.put(article, made, at=self._now).seq
                self._count_lines(batch.pages.get(article.id), seq, article)
                stored.append((seq, article, made[1]))
            self.report.duplicates += self._stores.place(stored)
        for article_id in batch.articles:
            self._in_flight.stored(article_id)
        self.report.chunks += sum(len(chunks) for _, (chunks, _) in ready)
        brought = len(vectors.keys() & prepared.brought)
        self.report.brought += brought
        self.report.encoded += len(vectors) - brought

    def _is_of_others(self, article_id: str) -> bool:
        """Whether the stored version was written by somebody else since this run began."""
        received_at = self._archive.history.received_at(article_id)
        return received_at is not None and received_at > format_time(self._now)

    def _is_still_next(self, article: Article, follows: int) -> bool:
        """Whether nobody else wrote the article, or took it down, since it was compared; one that says it is later follows."""
        current = self._archive.article(article.id)
        if current is None and not self._archive.history.tombstone(article):
            return True
        if current and (not self._is_of_others(article.id) or is_later(article, current[0], default=False)):
            return True
        if follows:
            self.report.updated -= 1
        else:
            self.report.new -= 1
        self.report.unchanged += 1
        self.report.superseded += 1
        return False

    def _up_to_date(self, article: Article, made: Cut, page: Page | None) -> tuple[Article, Cut]:
        """The article without the lines that its site was found to repeat since it was taken."""
        if page is None or page.left_out is None or self._repeated(page.site) == page.left_out:
            return article, made
        cleaned = without_lines(article, self._repeated(page.site))
        return (article, made) if cleaned == article else (cleaned, cut(cleaned, self._encoder.tokenizer))

    def _count_lines(self, page: Page | None, seq: int, article: Article) -> None:
        """Count the lines of an article whose text was read from a page; a record's are not its site's."""
        if page is None:
            self._archive.lines.forget(seq)
            return
        if page.left_out is None:
            return
        lines = list(lines_of(with_lines(article))) if extent(article) == FULL else []
        if lines and self._archive.lines.count(page.site, seq, lines):
            self._site_lines.pop(page.site, None)


def site_of(found: Found) -> str:
    """Whose page it is: the host of its address, else its source, else the folder that it was read from."""
    article = found.article
    if article.url:
        return url_key(article.url).partition("/")[0]
    return article.source or str(PurePath(found.source).parent)
