"""Articles cut into chunks by other processes, when there are many of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from indexer.chunking import Tokenizer
from indexer.processes import usable_cores, worker_pool
from indexer.recipe import Cut, cut
from indexer.types import Article

logger = logging.getLogger(__name__)

CUT_HERE = 512
"""So many articles are cut by this process before others are started, which takes them a second or two."""

MOST_PROCESSES = 4
_CORES_PER_PROCESS = 4
"""Cutting takes a few percent of the time that embedding on these cores does."""

_AT_ONCE = 32


class Cutter:
    """Cuts lists of articles, each by one tokenizer; `start` returns at once where other processes do it."""

    def __init__(self, tokenizer: Tokenizer, *, cut_here: int = CUT_HERE) -> None:
        self._tokenizer = tokenizer
        self._cut_here = cut_here if usable_cores() > 1 else None
        self._begun = 0
        self._pool: ProcessPoolExecutor | None = None

    def start(self, articles: Sequence[Article]) -> Callable[[], list[Cut]]:
        """Begin, and return what gives the cuts, in the order of the articles, when it is called."""
        pool = self._others()
        self._begun += len(articles)
        if pool is None:
            cuts = self._here(articles)
            return lambda: cuts
        try:
            portions = [
                pool.submit(_cut_portion, articles[first : first + _AT_ONCE])
                for first in range(0, len(articles), _AT_ONCE)
            ]
        except (BrokenProcessPool, OSError):
            portions = []
        return lambda: self._finished(articles, portions)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _others(self) -> ProcessPoolExecutor | None:
        if self._cut_here is None or self._begun < self._cut_here:
            return None
        if self._pool is None:
            processes = min(MOST_PROCESSES, max(1, usable_cores() // _CORES_PER_PROCESS))
            self._pool = worker_pool(processes, _set_tokenizer, self._tokenizer)
        return self._pool

    def _here(self, articles: Sequence[Article]) -> list[Cut]:
        return [cut(article, self._tokenizer) for article in articles]

    def _finished(self, articles: Sequence[Article], portions: Sequence[Future[list[Cut]]]) -> list[Cut]:
        try:
            cuts = [one for portion in portions for one in portion.result()]
        except BrokenProcessPool:
            cuts = []
        if len(cuts) == len(articles):
            return cuts
        if self._cut_here is not None:
            logger.warning(
                "a process that cuts articles was ended from outside or cannot be started (is memory short?); this one cuts now"
            )
            self._cut_here = None
        return self._here(articles)


_tokenizer: Tokenizer
"""In a cutting process: what it cuts by."""


def _set_tokenizer(tokenizer: Tokenizer) -> None:
    global _tokenizer
    _tokenizer = tokenizer


def _cut_portion(articles: Sequence[Article]) -> list[Cut]:
    return [cut(article, _tokenizer) for article in articles]
