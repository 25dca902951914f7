"""How often each site printed each short line, in the archive's own database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.archive_connection import Connection
from indexer.records import stored_article
from indexer.site_lines import Line, LineCount
from indexer.types import Article

MOST_LINES = 20_000
"""Lines counted per site; past it, the oldest that only one article had are forgotten."""


@dataclass(frozen=True, slots=True)
class RepeatedLine:
    """A line that a site repeats: left out of its articles, unless it was said to be kept."""

    line_id: int
    site: str
    text: str
    articles: int
    kept: bool


class SiteLines:
    """Counts of lines and which pages each site has; writes are part of the archive's transaction."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def site(self, name: str) -> int:
        """The number of a site, given to it now when it has none."""
        self._db.execute("INSERT OR IGNORE INTO sites (name) VALUES (?)", (name,))
        return int(self._db.execute("SELECT site FROM sites WHERE name = ?", (name,)).fetchone()[0])

    def repeated(self, name: str) -> frozenset[int]:
        """The keys of the lines that are left out of a site's articles."""
        rows = self._db.execute(
            "SELECT line FROM site_lines JOIN sites USING (site) WHERE name = ? AND text IS NOT NULL AND NOT kept",
            (name,),
        )
        return frozenset(line for (line,) in rows)

    def count(self, name: str, seq: int, lines: Sequence[Line]) -> bool:
        """Count a page's lines once, and say whether one of them is found to be repeated by it."""
        site = self.site(name)
        if self._db.execute("INSERT OR IGNORE INTO site_pages VALUES (?, ?)", (site, seq)).rowcount == 0:
            return False
        self._db.execute("UPDATE sites SET pages = pages + 1 WHERE site = ?", (site,))
        pages = self._db.execute("SELECT pages FROM sites WHERE site = ?", (site,)).fetchone()[0]
        found = [self._count_line(site, pages, line) for line in lines]
        self._forget(site)
        if any(found):
            self._db.execute("UPDATE sites SET unclean = 1 WHERE site = ?", (site,))
        return any(found)

    def _count_line(self, site: int, pages: int, line: Line) -> bool:
        self._db.execute(
            "INSERT INTO site_lines (site, line, articles, shared, first_page, kept) VALUES (?, ?, 1, ?, ?, 0) "
            "ON CONFLICT (site, line) DO UPDATE SET articles = articles + 1, shared = shared + excluded.shared",
            (site, line.key, line.shared, pages),
        )
        articles, shared, first, text = self._db.execute(
            "SELECT articles, shared, first_page, text FROM site_lines WHERE site = ? AND line = ?", (site, line.key)
        ).fetchone()
        if text is not None or not LineCount(articles, shared, pages - first + 1).is_repeated:
            return False
        self._db.execute("UPDATE site_lines SET text = ? WHERE site = ? AND line = ?", (line.text, site, line.key))
        return True

    def _forget(self, site: int) -> None:
        """Bound the lines of a site."""
        (lines,) = self._db.execute("SELECT count(*) FROM site_lines WHERE site = ?", (site,)).fetchone()
        if lines > MOST_LINES:
            self._db.execute(
                "DELETE FROM site_lines WHERE line_id IN (SELECT line_id FROM site_lines WHERE site = ? AND articles = 1 "
                "ORDER BY line_id LIMIT ?)",
                (site, MOST_LINES // 4),
            )

    def forget(self, seq: int) -> None:
        """Its current text is no page's any more: it is not cleaned."""
        self._db.execute("DELETE FROM site_pages WHERE seq = ?", (seq,))

    def unclean(self) -> list[str]:
        """The sites of which a line was found to be repeated, or to be kept, since their articles were last gone through."""
        return [name for (name,) in self._db.execute("SELECT name FROM sites WHERE unclean ORDER BY name")]

    def set_clean(self, name: str) -> None:
        self._db.execute("UPDATE sites SET unclean = 0 WHERE name = ?", (name,))

    def pages(self, name: str) -> Iterator[Article]:
        """The current versions of the articles that were read from pages of a site."""
        seqs = self._db.execute(
            "SELECT seq FROM site_pages JOIN sites USING (site) WHERE name = ? ORDER BY seq", (name,)
        )
        for (seq,) in seqs.fetchall():
            row = self._db.execute(
                "SELECT record FROM articles JOIN versions USING (seq, version) WHERE seq = ? AND NOT deleted", (seq,)
            ).fetchone()
            if row:
                yield stored_article(row[0])

    def all_repeated(self) -> list[RepeatedLine]:
        """Every line found to be repeated, the commonest of each site first."""
        rows = self._db.execute(
            "SELECT line_id, name, text, articles, kept FROM site_lines JOIN sites USING (site) WHERE text IS NOT NULL "
            "ORDER BY name, articles DESC, line_id"
        )
        return [RepeatedLine(line_id, name, text, articles, bool(kept)) for line_id, name, text, articles, kept in rows]

    def keep(self, line_id: int, *, kept: bool) -> bool:
        """Say that a line belongs to its articles after all, or that it does not; False when no line has the number."""
        row = self._db.execute(
            "UPDATE site_lines SET kept = ? WHERE line_id = ? AND text IS NOT NULL RETURNING site", (int(kept), line_id)
        ).fetchone()
        if row:
            self._db.execute("UPDATE sites SET unclean = 1 WHERE site = ?", row)
        return row is not None
