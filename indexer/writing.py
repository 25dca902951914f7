"""Single articles written and deleted, each told what became of it; any number of processes may write at the same time.

A write is what its sender says it is: it is not compared with earlier versions as a source that is read again is. Of writes
that arrive out of order the earlier one is refused, where they say which version they follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from indexer.archive import Archive, Known
from indexer.encoder import Encoder
from indexer.errors import ArticleNotFound, DatelineError, QueryError, TakenDown, VersionConflict
from indexer.recipe import Cut, check_model, cut, recipe_for, texts_of
from indexer.records import content_hash
from indexer.storing import Store
from indexer.types import Article, PubStatus, Vector

LARGEST_VERSION = 2**53
"""What every JSON reader can hold; a writer's own counter may be a time in microseconds."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the sender says of the versions; nothing (None) lets the last write win.

    `version` is the one that the write follows, or its own number where the sender counts: the write is refused when a later
    one is stored. `exactly` is the one that must be stored, 0 for none.
    """

    version: int | None = None
    exactly: int | None = None

    def __post_init__(self) -> None:
        for given in (self.version, self.exactly):
            if given is not None and not 0 <= given <= LARGEST_VERSION:
                raise QueryError(f"version is {str(given)[:40]}; expected a whole number from 0 to {LARGEST_VERSION}")


@dataclass(frozen=True, slots=True)
class Put:
    """Store this article as the current version of its id."""

    article: Article
    expected: Expected = Expected()

    @property
    def article_id(self) -> str:
        return self.article.id


@dataclass(frozen=True, slots=True)
class Delete:
    """Let readers find the article no more; who asks for a moment before it was deleted still does."""

    article_id: str
    expected: Expected = Expected()


Write = Put | Delete


_Placed = tuple[int, Article, Cut]
"""A stored article: its number, and how it was cut."""


class Result(StrEnum):
    """What became of a write."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Written:
    """A write that is durable, the version that is current after it, and the change that readers wait for."""

    article_id: str
    result: Result
    version: int
    change: int


class ArticleWriter:
    """Writes to one archive with one model; used by one thread at a time."""

    def __init__(self, archive: Archive, encoder: Encoder) -> None:
        check_model(archive, encoder)
        self.encoder = encoder
        self._archive = archive
        self._recipe = recipe_for(encoder)
        self._store = Store(archive, self._recipe)

    def write(self, writes: Sequence[Write], now: datetime) -> list[Written | DatelineError]:
        """What became of each, in order: an error for one that was refused, which stops none of the others.

        Those of distinct articles are stored in one transaction; when this returns all that was accepted is durable. Raises
        ModelError when the index has moved to another model, and IndexDamaged or DiskFull when nothing can be stored.
        """
        return [outcome for part in distinct(writes) for outcome in self._write(part, now)]

    def _write(self, writes: Sequence[Write], now: datetime) -> list[Written | DatelineError]:
        cuts = {write.article_id: self._cut(write) for write in writes if isinstance(write, Put)}
        vectors = self._embedded([made for made in cuts.values() if made])
        with self._store.transaction():
            placed: list[_Placed] = []
            outcomes: list[Written | DatelineError] = []
            for write in writes:
                try:
                    outcomes.append(self._written(write, cuts.get(write.article_id), now, placed))
                except (VersionConflict, TakenDown, ArticleNotFound) as error:
                    outcomes.append(error)
            self._store.put_embeddings(self._wanted(placed, vectors))
            self._store.place([(seq, article, made[1]) for seq, article, made in placed])
        return outcomes

    def _wanted(self, placed: Sequence[_Placed], vectors: Mapping[bytes, Vector]) -> Mapping[bytes, Vector]:
        """The embeddings of what was stored; made now where a takedown has taken one away since it was looked for."""
        hashes = {text_hash for _, _, made in placed for text_hash in made[1]}
        gone = self._archive.embeddings.missing(self._recipe.model, hashes) - vectors.keys()
        late = self._embedded([made for _, _, made in placed if gone.intersection(made[1])]) if gone else {}
        return {h: vector for h, vector in {**vectors, **late}.items() if h in hashes}

    def _cut(self, write: Put) -> Cut | None:
        """None for an article that is stored just so."""
        known = self._archive.known(write.article_id)
        is_same = known is not None and known.content_hash == content_hash(write.article)
        return None if is_same else cut(write.article, self.encoder.tokenizer)

    def _embedded(self, cuts: Sequence[Cut]) -> Mapping[bytes, Vector]:
        texts = texts_of(cuts)
        missing = self._archive.embeddings.missing(self._recipe.model, texts)
        chosen = {text_hash: texts[text_hash] for text_hash in texts if text_hash in missing}
        if not chosen:
            return {}
        return dict(zip(chosen, self.encoder.encode_documents(list(chosen.values())), strict=True))

    def _written(self, write: Write, made: Cut | None, now: datetime, placed: list[_Placed]) -> Written:
        known = self._archive.known(write.article_id)
        if isinstance(write, Delete):
            return self._deleted(write, known, now)
        tombstone = self._archive.history.tombstone(write.article)
        if tombstone and not self._has_address(known, write.article):
            raise TakenDown(write.article_id, tombstone.at)
        counted_on = known is not None and (write.expected.version or 0) > known.version
        same = known is not None and not known.deleted and known.content_hash == content_hash(write.article)
        if known and same and not counted_on:
            return Written(known.article_id, Result.UNCHANGED, known.version, self._archive.last_change())
        _check(write, known)
        made = made or cut(write.article, self.encoder.tokenizer)
        least = max(write.expected.version or 1, 1)
        stored = self._store.put(write.article, made, at=now, version=least)
        self._archive.lines.forget(stored.seq)
        placed.append((stored.seq, write.article, made))
        result = Result.UPDATED if known and not known.deleted else Result.CREATED
        return Written(stored.article_id, result, stored.version, self._archive.last_change())

    def _has_address(self, known: Known | None, article: Article) -> bool:
        """Whether the stored article had this address before another that had it was taken down."""
        current = self._archive.current(known.seq) if known else None
        return current is not None and current.url == article.url

    def _deleted(self, write: Delete, known: Known | None, now: datetime) -> Written:
        if known is None:
            raise ArticleNotFound(write.article_id)
        least = max(write.expected.version or 1, 1)
        if known.deleted and least <= known.version:
            return Written(known.article_id, Result.UNCHANGED, known.version, self._archive.last_change())
        _check(write, known)
        article = replace(self._archive.current(known.seq), pubstatus=PubStatus.CANCELED)
        stored = self._archive.put(article, received_at=now, version=least, deleted=True)
        self._archive.repeat_chunks(stored.seq, known.version, stored.version)
        return Written(known.article_id, Result.DELETED, stored.version, self._archive.last_change())


def _check(write: Write, known: Known | None) -> None:
    """Refuse a write that does not follow what is stored."""
    stored = known.version if known else 0
    expected = write.expected
    absent = known is None or known.deleted
    if expected.exactly is not None and expected.exactly != stored and not (expected.exactly == 0 and absent):
        raise VersionConflict(write.article_id, stored, expected.exactly)
    if expected.version is not None and stored > expected.version:
        raise VersionConflict(write.article_id, stored, expected.version)


def distinct(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """The writes in runs that name no article twice."""
    part: list[Write] = []
    named: set[str] = set()
    for write in writes:
        if write.article_id in named:
            yield part
            part, named = [], set()
        part.append(write)
        named.add(write.article_id)
    if part:
        yield part
