"""Where generations are kept: in files of the index. The protocol that another engine's shelf meets, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from indexer import generations
from indexer.archive import Archive
from indexer.building import build
from indexer.encoder import Encoder
from indexer.generations import Manifest
from indexer.layout import IndexFolder
from indexer.recipe import recipe_for
from indexer.served import served
from search_api.clock import utc_now

Progress: TypeAlias = Callable[[int], None]
"""Told of each batch of articles."""


class Shelf(Protocol):
    """The generations of one index. All but reading needs the lock for building."""

    def serving(self) -> int | None:
        """The number of the serving generation; None where none serves. Raises IndexDamaged where what says so is damaged."""
        ...

    def numbers(self) -> list[int]:
        """The generations there are, oldest first."""
        ...

    def manifest(self, number: int) -> Manifest:
        """What a generation is. Raises IndexDamaged where that cannot be read."""
        ...

    def wrong(self, manifest: Manifest) -> list[str]:
        """What is wrong with a generation; empty when it may serve."""
        ...

    def size_bytes(self, manifest: Manifest) -> int:
        """What it takes on this machine's disk."""
        ...

    def served(self, archive: Archive) -> list[int]:
        """The numbers of those that served and may serve again, the serving one last."""
        ...

    def settle(self, archive: Archive) -> None:
        """Let the archive agree with what serves, where an activation was killed half-way."""
        ...

    def build(self, archive: Archive, encoder: Encoder, progress: Progress) -> Manifest:
        """Build the next generation, which does not serve yet."""
        ...

    def activate(self, archive: Archive, manifest: Manifest, *, again: bool = False) -> None:
        """Let a generation serve, or one that served before (`again`) in place of those after it."""
        ...

    def remove(self, number: int) -> None:
        """Delete a generation that does not serve."""
        ...

    def prune(self, archive: Archive, *, keep: int) -> list[int]:
        """Delete all but the serving one and the last `keep` that served before it and are whole; returns their numbers."""
        ...


class FileShelf:
    """Generations in files."""

    def __init__(self, index: IndexFolder) -> None:
        self._index = index

    def serving(self) -> int | None:
        return self._index.current()

    def numbers(self) -> list[int]:
        return self._index.numbers()

    def manifest(self, number: int) -> Manifest:
        return generations.read_manifest(self._index, number)

    def wrong(self, manifest: Manifest) -> list[str]:
        return generations.check_files(self._index, manifest)

    def size_bytes(self, manifest: Manifest) -> int:
        return sum(file["bytes"] for file in manifest.files.values())

    def served(self, archive: Archive) -> list[int]:
        return served(archive)

    def settle(self, archive: Archive) -> None:
        generations.settle(self._index, archive)

    def build(self, archive: Archive, encoder: Encoder, progress: Progress) -> Manifest:
        encode = encoder.encode_query
        return build(self._index, archive, recipe_for(encoder), now=utc_now(), progress=progress, encode=encode)

    def activate(self, archive: Archive, manifest: Manifest, *, again: bool = False) -> None:
        generations.activate(self._index, archive, manifest, again=again)

    def remove(self, number: int) -> None:
        generations.remove(self._index, number)

    def prune(self, archive: Archive, *, keep: int) -> list[int]:
        return generations.prune(self._index, archive, keep=keep)
