"""Many files read in their order, pages by several processes."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import groupby
from multiprocessing import get_context, parent_process
from pathlib import Path

from indexer.errors import SourceError
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


def read_files(
    files: Sequence[Path],
    how: Reading,
    source_format: SourceFormat | None = None,
    done: Callable[[Path], None] = lambda _: None,
    *,
    processes: int | None = None,
) -> Iterator[Found | Reject]:
    """The items of all files, in order; calls `done` after the last one of each.

    Where there are many pages, `processes` (by default one for each core) read them ahead; what they yield is the same.
    """
    processes = processes or len(os.sched_getaffinity(0))
    if processes < 2 or sum(map(_is_page, files)) < LEAST_PAGES:
        yield from _read_here(files, how, source_format, done)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_end_with_parent) as pool:
        try:
            for pages, group in groupby(files, key=_is_page):
                if pages:
                    yield from _read_ahead(pool, list(group), how, source_format, done, processes * _AHEAD)
                else:
                    yield from _read_here(list(group), how, source_format, done)
        except BrokenProcessPool:
            raise SourceError(
                "a process that reads pages was ended from outside (is memory short?); run the command again: "
                "what is stored stays"
            ) from None


def _end_with_parent() -> None:
    """End this process as soon as the one that started it has ended, however it did."""

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _is_page(path: Path) -> bool:
    return SourceFile.on_disk(path).suffix in _PAGE_SUFFIXES


def _read_here(
    files: Sequence[Path], how: Reading, source_format: SourceFormat | None, done: Callable[[Path], None]
) -> Iterator[Found | Reject]:
    for path in files:
        yield from read_source(SourceFile.on_disk(path), how, source_format)
        done(path)


def _read_ahead(
    pool: ProcessPoolExecutor,
    files: Sequence[Path],
    how: Reading,
    source_format: SourceFormat | None,
    done: Callable[[Path], None],
    ahead: int,
) -> Iterator[Found | Reject]:
    portions = (files[first : first + _PAGES_AT_ONCE] for first in range(0, len(files), _PAGES_AT_ONCE))
    running: deque[Future[list[tuple[Path, list[Found | Reject]]]]] = deque()
    for portion in portions:
        running.append(pool.submit(_read_portion, portion, how, source_format))
        if len(running) >= ahead:
            yield from _finished(running.popleft(), done)
    while running:
        yield from _finished(running.popleft(), done)


def _read_portion(
    files: Sequence[Path], how: Reading, source_format: SourceFormat | None
) -> list[tuple[Path, list[Found | Reject]]]:
    return [(path, list(read_source(SourceFile.on_disk(path), how, source_format))) for path in files]


def _finished(
    portion: Future[list[tuple[Path, list[Found | Reject]]]], done: Callable[[Path], None]
) -> Iterator[Found | Reject]:
    for path, items in portion.result():
        yield from items
        done(path)
