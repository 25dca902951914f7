"""Which generations have served, in order: the archive remembers, so that a lost or damaged pointer can be made good.

Each engine has its own generations, and a list of its own (`of`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from indexer.archive import Archive


class Of(StrEnum):
    """Whose generations: those in files of the index, or those in Milvus."""

    FILES = "served"
    MILVUS = "served_in_milvus"


def served(archive: Archive, of: Of = Of.FILES) -> list[int]:
    """The numbers of the generations that served and may serve again, the serving one last."""
    return [int(number) for number in (archive.meta(of.value) or "").split()]


def note_served(archive: Archive, number: int, of: Of = Of.FILES) -> None:
    """This generation serves now, after the one that did."""
    _write(archive, of, [*(one for one in served(archive, of) if one != number), number])


def note_rolled_back(archive: Archive, number: int, of: Of = Of.FILES) -> None:
    """This generation serves again; those that served after it may not be gone back to."""
    before = served(archive, of)
    _write(archive, of, before[: before.index(number) + 1])


def note_replaced(archive: Archive, numbers: dict[int, int]) -> None:
    """Generations in files were written anew under other numbers."""
    _write(archive, Of.FILES, [numbers.get(number, number) for number in served(archive)])


def forget(archive: Archive, gone: Collection[int], of: Of = Of.FILES) -> None:
    """These generations were deleted."""
    _write(archive, of, [number for number in served(archive, of) if number not in gone])


def _write(archive: Archive, of: Of, numbers: Sequence[int]) -> None:
    archive.set_meta(of.value, " ".join(map(str, numbers)))
