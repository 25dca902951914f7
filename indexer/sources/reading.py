"""Many files read in their order, pages by several processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from indexer.errors import SourceError
from indexer.processes import usable_cores, worker_pool
from indexer.sources.detection import SourceFormat
from indexer.sources.items import Reading
from indexer.sources.opening import read_source
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject

LEAST_PAGES = 64
"""Fewer pages are read by this process: others take a second or two to start."""

_PAGES_AT_ONCE = 8
_AHEAD = 4
"""How many portions of pages are read ahead, for each process."""

_PAGE_SUFFIXES = frozenset({".html", ".htm", ".xhtml", ".txt"})


class ReadPosition:
    """How far the reading of files has come, in bytes as they lie on disk: compressed ones too have a share that is done."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._sizes = {path: _size(path) for path in files}
        self.of = sum(self._sizes.values())
        self.path: Path | None = None
        """The file that was finished or begun last."""
        self._before = self._furthest = 0
        self._open: BinaryIO | None = None

    @property
    def at(self) -> int:
        """Never more than `of`, and never less than before. A document that is read as a whole counts when it is finished."""
        file = self._open
        if file is not None and not file.closed:
            self._furthest = max(self._furthest, self._before + file.tell())
        return self._furthest

    def source(self, path: Path) -> SourceFile:
        """The file on disk, its reading followed here."""

        def opened() -> BinaryIO:
            self._open = path.open("rb")
            return self._open

        self.path = path
        return SourceFile(str(path), opened)

    def finished(self, path: Path) -> None:
        self.path, self._open = path, None
        self._before += self._sizes[path]
        self._furthest = max(self._furthest, self._before)


def read_files(
    files: Sequence[Path],
    how: Reading,
    source_format: SourceFormat | None = None,
    position: ReadPosition | None = None,
    *,
    processes: int | None = None,
) -> Iterator[Found | Reject]:
    """The items of all files, in order; `position`, made for the same files, follows.

    Where there are many pages, `processes` (by default one for each core) read them ahead; what they yield is the same.
    """
    processes = processes or usable_cores()
    position = position or ReadPosition(files)
    if processes < 2 or sum(map(_is_page, files)) < LEAST_PAGES:
        yield from _read_here(files, how, source_format, position)
        return
    with worker_pool(processes) as pool:
        try:
            for pages, group in groupby(files, key=_is_page):
                if pages:
                    yield from _read_ahead(pool, list(group), how, source_format, position, processes * _AHEAD)
                else:
                    yield from _read_here(list(group), how, source_format, position)
        except BrokenProcessPool:
            raise SourceError(
                "a process that reads pages was ended from outside (is memory short?); run the command again: "
                "what is stored stays"
            ) from None
        except BaseException:  # GeneratorExit and KeyboardInterrupt among them: nobody wants what is being read ahead
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _is_page(path: Path) -> bool:
    return SourceFile.on_disk(path).suffix in _PAGE_SUFFIXES


def _size(path: Path) -> int:
    """0 for a file that cannot be read, which its reader says."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read_here(
    files: Sequence[Path], how: Reading, source_format: SourceFormat | None, position: ReadPosition
) -> Iterator[Found | Reject]:
    for path in files:
        yield from read_source(position.source(path), how, source_format)
        position.finished(path)


def _read_ahead(
    pool: ProcessPoolExecutor,
    files: Sequence[Path],
    how: Reading,
    source_format: SourceFormat | None,
    position: ReadPosition,
    ahead: int,
) -> Iterator[Found | Reject]:
    portions = (files[first : first + _PAGES_AT_ONCE] for first in range(0, len(files), _PAGES_AT_ONCE))
    running: deque[Future[list[tuple[Path, list[Found | Reject]]]]] = deque()
    for portion in portions:
        running.append(pool.submit(_read_portion, portion, how, source_format))
        if len(running) >= ahead:
            yield from _finished(running.popleft(), position)
    while running:
        yield from _finished(running.popleft(), position)


def _read_portion(
    files: Sequence[Path], how: Reading, source_format: SourceFormat | None
) -> list[tuple[Path, list[Found | Reject]]]:
    return [(path, list(read_source(SourceFile.on_disk(path), how, source_format))) for path in files]


def _finished(
    portion: Future[list[tuple[Path, list[Found | Reject]]]], position: ReadPosition
) -> Iterator[Found | Reject]:
    for path, items in portion.result():
        yield from items
        position.finished(path)
