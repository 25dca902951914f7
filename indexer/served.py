"""Which generations have served, in order: the archive remembers, so that a lost or damaged pointer can be made good."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from indexer.archive import Archive

_META = "served"


def served(archive: Archive) -> list[int]:
    """The numbers of the generations that served and may serve again, the serving one last."""
    return [int(number) for number in (archive.meta(_META) or "").split()]


def note_served(archive: Archive, number: int) -> None:
    """This generation serves now, after the one that did."""
    _write(archive, [*(one for one in served(archive) if one != number), number])


def note_rolled_back(archive: Archive, number: int) -> None:
    """This generation serves again; those that served after it may not be gone back to."""
    before = served(archive)
    _write(archive, before[: before.index(number) + 1])


def note_replaced(archive: Archive, numbers: dict[int, int]) -> None:
    """Generations were written anew under other numbers."""
    _write(archive, [numbers.get(number, number) for number in served(archive)])


def forget(archive: Archive, gone: Collection[int]) -> None:
    """These generations were deleted."""
    _write(archive, [number for number in served(archive) if number not in gone])


def _write(archive: Archive, numbers: Sequence[int]) -> None:
    archive.set_meta(_META, " ".join(map(str, numbers)))
