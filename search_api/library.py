"""The index as those who answer questions see it, whatever engine keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from indexer.archive import Archive
from indexer.archive_history import Version
from indexer.checksums import Stamp
from indexer.encoder import Encoder
from indexer.engines.searchable import Searchable
from indexer.filters import Filters
from indexer.generations import Manifest
from indexer.layout import IndexFolder
from indexer.types import Article, Rows


@dataclass(frozen=True, slots=True)
class View:
    """One consistent state of the index: everything an answer needs."""

    snapshot: Searchable
    manifest: Manifest
    change: int
    """The last change of the archive that the snapshot holds."""
    encoder: Encoder
    stamp: Stamp = ()
    """What the generation's files were like when they were checked, where it has any."""
    as_of: datetime | None = None
    """The moment whose versions it holds, where these are not the current ones."""


class Records(Protocol):
    """What articles say, and how they are known, as of now."""

    def seq_of(self, article_id: str) -> int | None:
        """The number of an article, hidden or not; None for an unknown id."""
        ...

    def id_of_url(self, url: str) -> str | None:
        """The id of the first article that has this address. Raises ArticleError for what is no address."""
        ...

    def article(self, article_id: str) -> tuple[Article, int] | None:
        """The current version of an article, hidden or not, and its number."""
        ...

    def versions(self, article_id: str) -> Sequence[Version]:
        """Every version of an article that is kept where this process reads, the first one first."""
        ...

    def shown_at(self, keys: Sequence[tuple[int, int]], now: datetime) -> Sequence[Article | None]:
        """The articles of these (seq, version) pairs, in order; None where readers may not see the article now."""
        ...

    def with_text(self, key: int) -> Sequence[int]:
        """The numbers of the articles that have a text key."""
        ...

    def story_ids(self, numbers: Sequence[int]) -> dict[int, str]:
        """The public id of each story."""
        ...

    def story_numbers(self, story_id: str) -> Sequence[int]:
        """What a public id stands for: its story and, after a merge, the one that this is part of now."""
        ...


class Library(Protocol):
    """An index opened for reading, which follows its changes. Threads share it; no first page waits for a refresh."""

    index: IndexFolder
    is_opening: bool
    """Whether a service has just begun to read the index, and has not answered a first question yet."""
    trouble: str | None
    """Why the last refresh failed, when it did; the view from before it goes on serving."""

    @property
    def view(self) -> View | None:
        """The state to answer from, without what was withdrawn since; None while there is no generation.

        Raises IndexOpening while a service reads its index, IndexDamaged while there is none to be trusted, and ModelError
        while its model cannot be used.
        """
        ...

    @property
    def opened(self) -> View | None:
        """The state held in memory, trusted or not, for those who report on it."""
        ...

    @property
    def encoder(self) -> Encoder | None:
        """The model that questions are encoded with; None before a generation was opened."""
        ...

    @property
    def needs_repair(self) -> bool:
        """Whether the generation that should serve is damaged, so that an earlier one does, or none."""
        ...

    @property
    def has_unread(self) -> bool:
        """Whether a generation was opened without reading all its files."""
        ...

    @property
    def records(self) -> Records: ...

    @property
    def archive(self) -> Archive:
        """This thread's connection to the archive. Raises IndexMissing where this process has none."""
        ...

    def view_of(self, filters: Filters) -> View | None:
        """The state to answer a question with these filters from: at `as_of`, as far as the engine knows the past."""
        ...

    def view_at(self, generation: int, change: int, filters: Filters) -> tuple[View, bool]:
        """The view of a generation with the changes up to one, and whether it is exactly as it was.

        When this process does not hold it any more, or never did, it is the view of now without the articles that came
        later. Raises CursorExpired when the generation is another one, or there is no such change.
        """
        ...

    def keep(self, view: View) -> None:
        """Hold on to a view for somebody who may ask for its next page."""
        ...

    def unwithdrawn(self, view: View, rows: Rows) -> Rows:
        """Those of a view's article rows that the view of now has not seen withdrawn since."""
        ...

    def visible_article(self, article_id: str, now: datetime, version: int | None = None) -> tuple[Article, int]:
        """A version of an article, the current one unless said, and its number.

        Raises ArticleNotFound when readers may not see the article, or that version of it.
        """
        ...

    def expect(self, view: View, rows: Rows) -> None:
        """Some of these articles will be asked for next: what has to be fetched may be fetched at once."""
        ...

    def shown(self, view: View, rows: Rows, now: datetime) -> Iterator[Article | None]:
        """Each of a view's articles, in order; None where readers may not see it, as it is now."""
        ...

    def answering(self) -> AbstractContextManager[bool]:
        """What an answer is worked out within: it waits for its turn, where answers take cores of this machine (`turns.turn`)."""
        ...

    def refresh(self) -> None:
        """Take up a new generation and new changes, if there are any. Raises what makes the index unreadable."""
        ...

    def note_trouble(self, error: BaseException) -> None:
        """Remember, and log once, why the index cannot be read."""
        ...

    def read_what_was_trusted(self) -> None:
        """Read the files that were opened because they had not changed since they were last checked."""
        ...

    def close(self) -> None: ...


def first_shown(library: Library, view: View, rows: Rows, now: datetime) -> tuple[int, Article] | None:
    """The first of a view's articles that readers may see, as it is now, and its position among them."""
    shown = enumerate(library.shown(view, rows, now))
    return next(((position, article) for position, article in shown if article is not None), None)
