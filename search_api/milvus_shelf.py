"""Generations in Milvus: built from the archive, carried into, switched by an alias, compared with the archive."""

from __future__ import annotations

import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from indexer.archive import Archive
from indexer.encoder import Encoder
from indexer.engines.milvus.carrying import Carried, build, check_origin, mark_of
from indexer.engines.milvus.store import MilvusStore
from indexer.errors import GenerationMissing, IndexDamaged
from indexer.generations import Manifest
from indexer.layout import IndexFolder
from indexer.recipe import Recipe, recipe_for, remember_recipe
from indexer.served import Of, forget, note_rolled_back, note_served, served
from search_api.carrier import Carrier
from search_api.clock import utc_now
from search_api.milvus_views import manifest_of
from search_api.shelves import Progress

READERS_LOOK_S = 2.0
"""How long after an activation readers may go on asking the generation that served before."""


class MilvusShelf:
    """A `shelves.Shelf` over a store; what it activates holds all changes of the archive."""

    def __init__(self, index: IndexFolder, store: MilvusStore) -> None:
        self._store = store
        self._carrier = Carrier(index, store)

    def serving(self) -> int | None:
        return self._store.active()

    def numbers(self) -> list[int]:
        return self._store.generations()

    def manifest(self, number: int) -> Manifest:
        return manifest_of(self._carrier.known(number))

    def wrong(self, manifest: Manifest) -> list[str]:
        """Nothing is looked through: Milvus answers for its own files."""
        del manifest
        return []

    def size_bytes(self, manifest: Manifest) -> int:
        """What Milvus keeps is not on this machine, and Milvus does not tell of it."""
        del manifest
        return 0

    def served(self, archive: Archive) -> list[int]:
        return served(archive, Of.MILVUS)

    def settle(self, archive: Archive) -> None:
        current, numbers = self._store.active(), served(archive, Of.MILVUS)
        if current is None or current not in numbers or numbers[-1] == current:
            return
        carried = self._carrier.known(current)
        with archive.transaction():
            remember_recipe(archive, Recipe.of_key(carried.model_name, carried.recipe))
            note_rolled_back(archive, current, Of.MILVUS)

    def build(self, archive: Archive, encoder: Encoder, progress: Progress) -> Manifest:
        dimension = len(encoder.encode_query("dimension"))
        recipe = recipe_for(encoder)
        return manifest_of(build(archive, self._store, recipe, dimension, now=utc_now(), progress=progress))

    def activate(self, archive: Archive, manifest: Manifest, *, again: bool = False) -> None:
        self.bring_up_to_date(archive, manifest.number)
        with archive.transaction():
            remember_recipe(archive, Recipe.of_key(manifest.model_name, manifest.recipe))
            (note_rolled_back if again else note_served)(archive, manifest.number, Of.MILVUS)
        before = self.serving()
        self._store.activate(manifest.number)
        if before is not None and before != manifest.number:
            time.sleep(READERS_LOOK_S)
            self._store.release(before)

    def check_origin(self, archive: Archive) -> None:
        """Raise IndexDamaged where what serves is of another archive: then nothing may be written to this one."""
        number = self.serving()
        if number is not None and self._is_whole(number):
            check_origin(archive, self._carrier.known(number))

    def bring_up_to_date(self, archive: Archive, number: int) -> None:
        """Carry all changes of the archive into a generation, once other processes have carried theirs."""
        self._carrier.carry(archive, number)

    def bring_all_up_to_date(self, archive: Archive) -> list[int]:
        """Carry all changes into every generation that is whole, as after a takedown; returns their numbers."""
        numbers = [number for number in self.numbers() if self._is_whole(number)]
        for number in numbers:
            self.bring_up_to_date(archive, number)
        return numbers

    def remove(self, number: int) -> None:
        self._store.drop(number)

    def prune(self, archive: Archive, *, keep: int) -> list[int]:
        current = self.serving()
        before = [number for number in reversed(self.served(archive)) if number != current and self._is_whole(number)]
        spared = {current, *before[:keep]}
        doomed = [number for number in self.numbers() if number not in spared]
        with archive.transaction():
            forget(archive, doomed, Of.MILVUS)
        for number in doomed:
            self._store.drop(number)
        return doomed

    def problems(self, archive: Archive) -> list[str]:
        """What is wrong with the serving generation beside the archive, in plain words with the fix; empty when all is well."""
        number = self.serving()
        if number is None:
            return ["no generation serves in Milvus; build one: dateline reindex"]
        try:
            carried = self._carrier.known(number)
        except IndexDamaged as error:
            return [str(error)]
        wrong = self._differences(archive, carried, self._store.versions(number))
        if any(wrong.values()):  # what was carried meanwhile differs no more
            time.sleep(READERS_LOOK_S)
            wrong = self._differences(archive, carried, self._store.versions(number))
        return [
            f"generation {number} in Milvus: {len(seqs)} {what}; build it anew: dateline reindex"
            for what, seqs in wrong.items()
            if seqs
        ]

    def _differences(self, archive: Archive, carried: Carried, held: Mapping[int, int]) -> dict[str, AbstractSet[int]]:
        """The articles (seqs) in which what Milvus holds is not what it was given of the archive."""
        mark = self._store.mark(mark_of(carried.number))
        wanted = dict(archive.stored.current_keys(carried.change if mark is None else mark))
        known = archive.stored.version_keys()
        return {
            "articles of the archive are missing in it": wanted.keys() - held.keys(),
            "of its articles have another version in the archive": {
                seq for seq, version in wanted.items() if held.get(seq, version) != version
            },
            "of its articles are not in the archive": held.keys() - {seq for seq, _ in known},
        }

    def _is_whole(self, number: int) -> bool:
        try:
            self._carrier.known(number)
        except (GenerationMissing, IndexDamaged):
            return False
        return True
