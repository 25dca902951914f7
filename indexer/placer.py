"""Gives articles their places, a batch at a time, in order of publication."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.archive import Archive
from indexer.archive_places import Places
from indexer.articles import epoch_seconds
from indexer.duplicates import TextPrint, text_print
from indexer.placing import Place, Placing
from indexer.recipe import Recipe
from indexer.surroundings import Neighbour, Surroundings
from indexer.term_prints import buckets_of, term_print
from indexer.types import Article


class Ledger(Protocol):
    """Where places are looked up and written down, by the archive's numbers of articles."""

    def text_of(self, seq: int) -> TextPrint: ...

    def twin_of(self, seq: int) -> Place | None:
        """The place of another article with the same words."""

    def kept(self, seq: int, /) -> Place:
        """What the article keeps of its place: its story if it has one, and its group while its words are the same."""

    def new_group(self, seq: int) -> int: ...

    def new_story(self, seq: int) -> int: ...

    def put(self, one: Neighbour) -> bool:
        """Write down a placed article; whether its terms were not counted before."""


class Placer:
    """Places articles among those that its surroundings hold."""

    def __init__(self, ledger: Ledger, surroundings: Surroundings, counts: NDArray[np.int64], articles: int) -> None:
        """`counts`, shape (BUCKETS,), says in how many of the `articles` each term occurs."""
        self._ledger = ledger
        self._surroundings = surroundings
        self._placing = Placing(counts, articles, ledger.text_of)

    def forget_texts(self, seqs: Iterable[int]) -> None:
        """These articles have other texts by now."""
        self._placing.forget_texts(seqs)

    def place(self, coming: Sequence[Neighbour]) -> int:
        """Give each its group and story; returns how many are copies of an article placed before."""
        copies = 0
        self._placing.forget_texts(one.seq for one in coming)
        in_time = sorted(coming, key=lambda one: (one.published or 0, one.seq))
        self._surroundings.receive(in_time)
        for number, one in enumerate(in_time):
            around = self._surroundings.around(number)
            kept = self._ledger.kept(one.seq)
            found = self._placing.place(one, around, self._ledger.twin_of(one.seq)) if kept.group is None else kept
            copies += found.group is not None
            one.group = self._ledger.new_group(one.seq) if found.group is None else found.group
            one.story = kept.story or found.story or self._ledger.new_story(one.seq)
            if self._ledger.put(one):
                self._placing.learn(one.terms)
            self._surroundings.settle(number)
        return copies


class TermLedger:
    """Terms of articles put into the archive, and counted there batch by batch."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._new: list[NDArray[np.uint32]] = []

    def put(self, one: Neighbour) -> bool:
        """Keep an article's terms; whether they were not counted before."""
        is_new = self._places.put_terms(one.seq, one.terms)
        if is_new:
            self._new.append(buckets_of(one.terms))
        return is_new

    def count(self) -> None:
        """Count the terms of the articles put since the last time."""
        if self._new:
            self._places.count_terms(np.concatenate(self._new), len(self._new))
            self._new.clear()


class ArchiveLedger:
    """The places of the archive itself, in the transaction that stores the articles."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.terms = TermLedger(archive.places)

    def text_of(self, seq: int) -> TextPrint:
        return text_print(self._archive.current(seq))

    def twin_of(self, seq: int) -> Place | None:
        return self._archive.places.twin_of(seq)

    def kept(self, seq: int) -> Place:
        place = self._archive.places.place_of(seq)
        copied = place.story is not None and place.group != self._archive.places.text_key_of(seq)
        return place if copied else Place(None, place.story)

    def new_group(self, seq: int) -> int:
        return self._archive.places.text_key_of(seq)

    def new_story(self, seq: int) -> int:
        return self._archive.places.new_story(self._archive.places.article_id_of(seq))

    def put(self, one: Neighbour) -> bool:
        self._archive.places.put_place(one.seq, Place(one.group, one.story))
        return self.terms.put(one)


class IngestPlacer:
    """Places what an ingest stores; what it compares with is read from the archive as it is needed."""

    def __init__(self, archive: Archive, recipe: Recipe) -> None:
        places = self._places = archive.places
        self._recipe = recipe
        self._ledger = ArchiveLedger(archive)
        self._surroundings = Surroundings(lambda day: places.of_day(day, recipe.key, recipe.model))
        self._placer = Placer(self._ledger, self._surroundings, *places.term_counts())

    def take_in(self, seqs: Sequence[int]) -> None:
        """Articles that another process has placed, changed or taken down."""
        placed = self._places.of_articles(seqs, self._recipe.key, self._recipe.model)
        self._placer.forget_texts(seqs)
        self._surroundings.take_in(placed, seqs)

    def place(self, batch: Sequence[tuple[int, Article, NDArray[np.float16]]]) -> int:
        """Place articles (archive number, article, mean vector) stored in this transaction; returns how many are copies."""
        copies = self._placer.place([neighbour(*item) for item in batch])
        self._ledger.terms.count()
        return copies


def neighbour(seq: int, article: Article, vector: NDArray[np.float16]) -> Neighbour:
    """An article that has no place yet."""
    published = epoch_seconds(article.published_at) if article.published_at else None
    return Neighbour(seq, published, article.section, 0, None, vector.astype(np.float32), term_print(article))
