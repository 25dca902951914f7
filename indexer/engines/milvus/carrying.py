"""From the archive into Milvus: a generation built from all articles, and changes carried into it.

The archive's change log is what is still to be carried: a mark in Milvus says how far it was. An article is carried again where a
carrier died before it moved the mark; since only upserts are made, that changes nothing. One process carries at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

from indexer.archive import Archive
from indexer.archive_stored import Stored
from indexer.articles import format_time
from indexer.engines.documents import Document, document_of
from indexer.engines.milvus.keys import Kind
from indexer.engines.milvus.serving import Counts
from indexer.engines.milvus.store import BETWEEN, MilvusStore
from indexer.engines.terms import Terms, terms_of
from indexer.errors import IndexDamaged
from indexer.recipe import Recipe
from indexer.records import stored_article
from indexer.types import Article

BATCH = 128
"""Articles that are carried at once."""

FORMAT = 1
"""Of what is kept in Milvus; a generation of another is built anew."""

_ARCHIVE_ID = "archive_id"

T = TypeVar("T")
Progress: TypeAlias = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Carried:
    """What a generation in Milvus was made of and what was counted in it: kept there as JSON, brought up with each change."""

    format: int
    archive: str
    """The archive that it is of (`archive_id`)."""
    number: int
    built_at: str
    change: int
    model_name: str
    model: str
    recipe: str
    dimension: int
    articles: int
    chunks: int
    counts: Mapping[str, Any]

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Carried | None:
        """From what is kept; None where that is of another format."""
        return cls(**kept) if kept.get("format") == FORMAT else None


def archive_id(archive: Archive) -> str:
    """What tells this archive from others, and stays with its backups; made where it has none."""
    found = archive.meta(_ARCHIVE_ID)
    if found is None:
        with archive.transaction():
            found = archive.meta(_ARCHIVE_ID) or uuid4().hex
            archive.set_meta(_ARCHIVE_ID, found)
    return found


def renew_archive_id(archive: Archive) -> None:
    """Make an archive another one than generations in Milvus are of, where any is, as after a restore: its numbers may be given
    again."""
    if archive.meta(_ARCHIVE_ID) is not None:
        with archive.transaction():
            archive.set_meta(_ARCHIVE_ID, uuid4().hex)


def check_origin(archive: Archive, carried: Carried) -> None:
    """Raise IndexDamaged for a generation of another archive: the numbers of its articles mean others."""
    if carried.archive != archive_id(archive):
        raise IndexDamaged(
            f"generation {carried.number} in Milvus is of another archive than {archive.path}; name that one's folder by "
            "--index, or give this one collections of its own by DATELINE_MILVUS_PREFIX"
        )


def mark_of(generation: int) -> str:
    """The name of the mark that says up to which change a generation holds the archive."""
    return f"taken:{generation}"


def build(
    archive: Archive, store: MilvusStore, recipe: Recipe, dimension: int, *, now: datetime, progress: Progress
) -> Carried:
    """Build the next generation from all articles of the archive, without serving it yet; `progress` is told of each batch.

    `dimension` is that of the recipe's model.
    """
    number = max(store.generations(), default=0) + 1
    change = archive.last_change()
    store.create(number, dimension)
    tally = _Tally()
    chunks = 0
    for seqs in _batches(archive.stored.in_order(), BATCH):
        stored = archive.stored.of(seqs, recipe.key, recipe.model)
        documents = _documents(archive, stored)
        store.upsert(number, documents, new=True)
        for one, document in zip(stored, documents, strict=True):
            tally.add(one.article, document.terms)
            chunks += len(document.embeddings)
        progress(len(stored))
    store.add_holders(number, tally.holders)
    carried = Carried(
        format=FORMAT,
        archive=archive_id(archive),
        number=number,
        built_at=format_time(now),
        change=change,
        model_name=recipe.model_name,
        model=recipe.model,
        recipe=recipe.key,
        dimension=dimension,
        articles=tally.articles,
        chunks=chunks,
        counts=asdict(tally.counts()),
    )
    store.put_mark(mark_of(number), change)
    store.put_manifest(number, asdict(carried))
    return carried


@dataclass(frozen=True, slots=True)
class Portion:
    """What is carried at once: articles that changed, those that were taken down, and the change up to which these are all."""

    stored: Sequence[Stored]
    story_ids: Mapping[int, str]
    gone: Sequence[int]
    last: int

    @property
    def seqs(self) -> list[int]:
        """The numbers of all of them."""
        return [*(one.seq for one in self.stored), *self.gone]


def next_portion(archive: Archive, carried: Carried, since: int) -> Portion | None:
    """What of the archive a generation that holds it up to a change lacks, BATCH articles at most; None where it lacks nothing.

    Raises IndexDamaged where the archive is another one than the generation's, or older than that.
    """
    check_origin(archive, carried)
    with archive.reading():
        last = archive.last_change()
        if last == since:
            return None
        if last < since:
            raise IndexDamaged(
                f"generation {carried.number} in Milvus holds change {since}, but {archive.path} ends at {last}, as after a "
                "restore: build it anew: dateline reindex"
            )
        end = archive.stored.end_of_portion(since, BATCH)
        held = archive.stored.changed_within(since, end, carried.recipe, carried.model) if end is not None else []
        is_whole = end is None or archive.stored.end_of_portion(end, 1) is None
        stories = sorted({one.story for one in held if one.story})
        return Portion(
            stored=held,
            story_ids=archive.places.story_ids(stories),
            gone=archive.stored.gone_after(since),
            last=last if is_whole or end is None else end,
        )


def carry(store: MilvusStore, carried: Carried, portion: Portion, *, fresh: bool) -> Carried:
    """Carry a portion into a generation; returns what is known of it then.

    `fresh` asks Milvus for what was written a moment ago, for articles that may have been: what they held is counted no more.
    """
    number = carried.number
    before = _articles(store, number, portion.seqs, fresh=fresh)
    tally = _Tally()
    for article in before.values():
        tally.add(article, terms_of(article), taken=True)
    documents = [document_of(one, portion.story_ids.get(one.story or 0)) for one in portion.stored]
    for one, document in zip(portion.stored, documents, strict=True):
        tally.add(one.article, document.terms)
    store.upsert(number, documents)
    if portion.gone:
        store.delete(number, portion.gone)
    carried = _counted(store, carried, tally)
    store.put_manifest(number, asdict(carried))
    store.put_mark(mark_of(number), portion.last)
    return carried


def _counted(store: MilvusStore, carried: Carried, tally: _Tally) -> Carried:
    store.add_holders(carried.number, tally.holders)
    counts = tally.counts(Counts.of(carried.counts))
    return replace(carried, articles=counts.articles, counts=asdict(counts))


def _articles(store: MilvusStore, generation: int, seqs: Sequence[int], *, fresh: bool) -> dict[int, Article]:
    """Those of the articles that a generation holds, as it holds them."""
    records = store.records(generation, seqs, fresh=fresh)
    return {seq: stored_article(record) for seq, (_, record) in records.items()}


def _documents(archive: Archive, stored: Sequence[Stored]) -> list[Document]:
    stories = sorted({one.story for one in stored if one.story})
    ids = archive.places.story_ids(stories)
    return [document_of(one, ids.get(one.story or 0)) for one in stored]


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    found = iter(items)
    while batch := list(islice(found, size)):
        yield batch


class _Tally:
    """In how many articles each word and name occurs, as far as it was told, or how many more and fewer."""

    def __init__(self) -> None:
        self.articles = 0
        self.holders: dict[Kind, Counter[str]] = {kind: Counter() for kind in Kind}
        self._terms: Counter[str] = Counter()
        self._analyses: Counter[str] = Counter()

    def add(self, article: Article, terms: Terms, *, taken: bool = False) -> None:
        """Count an article, or, if it is `taken` away, count it no more."""
        sign = -1 if taken else 1
        self.articles += sign
        self._analyses[terms.analysis] += sign
        for kind, found in (
            (Kind.TEXT, terms.text),
            (Kind.TITLE, terms.title),
            (Kind.EXACT, terms.exact),
            (Kind.SECTION, _spelled([article.section])),
            (Kind.SOURCE, _spelled([article.source])),
            (Kind.AUTHOR, _spelled(article.authors)),
            (Kind.TAG, _spelled(article.tags)),
        ):
            self._terms[kind.value] += sign * len(found)
            for word in dict.fromkeys(found):
                self.holders[kind][word] += sign

    def counts(self, before: Counts | None = None) -> Counts:
        """What was counted, added to what was before."""
        earlier = before or Counts(0, {}, {})
        names = (Kind.TEXT.value, Kind.TITLE.value)
        return Counts(
            earlier.articles + self.articles,
            {name: earlier.terms.get(name, 0) + self._terms[name] for name in names},
            {
                name: earlier.analyses.get(name, 0) + self._analyses[name]
                for name in {**earlier.analyses, **self._analyses}
            },
        )


def _spelled(values: Iterable[str | None]) -> tuple[str, ...]:
    """Values of a field as they are counted: without case, and as they are written."""
    return tuple(f"{value.casefold()}{BETWEEN}{value}" for value in values if value)
