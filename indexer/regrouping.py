"""Finds all copies and stories anew, from stored texts and embeddings, in order of publication.

It mends what one ingest could not see: articles that came late, rules of an earlier release, another model. Ids of stories
last: a story found anew keeps the id of the old one that most of its articles were of, and an old id whose articles went
elsewhere stands for the story that has most of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice

import numpy as np
from numpy.typing import NDArray

from indexer.archive import Archive
from indexer.duplicates import TextPrint, text_key, text_print
from indexer.placer import Placer, TermLedger, neighbour
from indexer.placing import Place
from indexer.recipe import Recipe
from indexer.surroundings import Neighbour, Surroundings
from indexer.term_prints import BUCKETS
from indexer.types import Article

BATCH_ARTICLES = 64


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What came of it: `copies` beside the first of each text; `moved` have another group or story than before."""

    articles: int
    copies: int
    stories: int
    moved: int


def regroup(archive: Archive, recipe: Recipe, progress: Callable[[int], None], *, now: datetime) -> Regrouped:
    """Place every article anew, as one transaction. Calls `progress` with the articles of each batch.

    Readers see it with the next generation. One change is logged for all that moved: readers would otherwise take every
    article that did into memory.
    """
    with archive.transaction():
        before = archive.places.all_places()
        archive.places.forget_terms()
        ledger = _FreshLedger(archive)
        placer = Placer(ledger, Surroundings(lambda _: ()), np.zeros(BUCKETS, dtype=np.int64), 0)
        pending = archive.stored.in_order_of_publication(recipe.key, recipe.model)
        while batch := list(islice(pending, BATCH_ARTICLES)):
            placer.place([ledger.admitted(*item) for item in batch])
            ledger.terms.count()
            progress(len(batch))
        numbers = _lasting_numbers(archive, before, ledger)
        after = {seq: Place(group, numbers[story]) for seq, (group, story) in ledger.places.items()}
        moved = {seq: place for seq, place in after.items() if before[seq] != place}
        for seq, place in moved.items():
            archive.places.put_place(seq, place)
        for seq in list(moved)[-1:]:
            archive.touch(seq, at=now)
    texts = {place.group for place in after.values()}
    return Regrouped(len(after), len(after) - len(texts), len(set(numbers.values())), len(moved))


class _FreshLedger:
    """What this run finds; stories are numbered from 1 on."""

    def __init__(self, archive: Archive) -> None:
        self.terms = TermLedger(archive.places)
        self._archive = archive
        self._keys: dict[int, int] = {}
        self._twins: dict[int, Place] = {}
        self._numbers = count(1)
        self.places: dict[int, tuple[int, int]] = {}
        self.founders: dict[int, int] = {}
        """Story -> the article that began it."""

    def admitted(self, seq: int, article: Article, vector: NDArray[np.float16]) -> Neighbour:
        self._keys[seq] = text_key(article)
        return neighbour(seq, article, vector)

    def text_of(self, seq: int) -> TextPrint:
        return text_print(self._archive.current(seq))

    def twin_of(self, seq: int) -> Place | None:
        return self._twins.get(self._keys[seq])

    def kept(self, _: int, /) -> Place:
        return Place(None, None)

    def new_group(self, seq: int) -> int:
        return self._keys[seq]

    def new_story(self, seq: int) -> int:
        story = next(self._numbers)
        self.founders[story] = seq
        return story

    def put(self, one: Neighbour) -> bool:
        assert one.story is not None
        self.places[one.seq] = (one.group, one.story)
        self._twins.setdefault(self._keys[one.seq], Place(one.group, one.story))
        return self.terms.put(one)


def _lasting_numbers(archive: Archive, before: Mapping[int, Place], ledger: _FreshLedger) -> dict[int, int]:
    """The archive's number for each story of this run."""
    places = archive.places
    shared = Counter((before[seq].story, story) for seq, (_, story) in ledger.places.items())
    numbers: dict[int, int] = {}
    used: set[int] = set()
    most_first = sorted(shared.items(), key=lambda item: (-item[1], item[0][0] or 0, item[0][1]))
    for (old, story), _ in most_first:
        if old is not None and old not in used and story not in numbers:
            numbers[story] = old
            used.add(old)
    for story, seq in ledger.founders.items():
        if story not in numbers:
            numbers[story] = places.new_story(places.article_id_of(seq), unlike=used)
            used.add(numbers[story])
    for (old, story), _ in most_first:
        if old is not None and old not in used:
            places.merge_story(old, numbers[story])
            used.add(old)
    return numbers
