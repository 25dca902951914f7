"""Where a serving process takes writes: one at a time, each durable before it is answered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime

from indexer.archive import Archive
from indexer.encoder import load_encoder
from indexer.errors import DatelineError, IndexBusy, ModelError
from indexer.layout import IndexFolder
from indexer.writing import ArticleWriter, Write, Written, distinct
from search_api.bulk import Line, written_lines
from search_api.engine_choice import store_of
from search_api.jobs import build_first, check_writable, model_of
from search_api.library import Library

logger = logging.getLogger(__name__)

LONGEST_WAIT_S = 30.0
"""How long a write waits for those before it."""


class WriteDesk:
    """Writes for any number of threads; other processes write to the same archive."""

    def __init__(self, index: IndexFolder, library: Library) -> None:
        self._index = index
        self._library = library
        self._turn = threading.Lock()
        self._archive: Archive | None = None
        self._writer: ArticleWriter | None = None

    def write(self, writes: Sequence[Write], now: datetime) -> list[Written | DatelineError]:
        """What became of each write, in order (see `ArticleWriter.write`). Raises IndexBusy when its turn does not come."""
        if not self._turn.acquire(timeout=LONGEST_WAIT_S):
            raise IndexBusy("too many writes are waiting; send them again later, or fewer at a time")
        try:
            return self._written(writes, now)
        finally:
            self._turn.release()

    def write_lines(
        self, batch: Sequence[Line], now: datetime
    ) -> Iterator[tuple[Line, str | None, Written | DatelineError]]:
        """Each line of a bulk write, the id that it names, and what became of it."""
        if not self._index.archive.is_file():
            check_writable(self._index)
            Archive(self._index.archive, create=True).close()
        return written_lines(batch, self._library.archive, self.write, now)

    def _written(self, writes: Sequence[Write], now: datetime) -> list[Written | DatelineError]:
        if self._archive is None or self._archive.was_replaced():
            self.close()
            check_writable(self._index)
            self._archive, self._writer = Archive(self._index.archive, create=True), None
        outcomes: list[Written | DatelineError] = []
        for part in distinct(writes):
            try:
                outcomes += self._current_writer(self._archive).write(part, now)
            except ModelError:  # another generation serves by now: write for its model
                self._writer = None
                outcomes += self._current_writer(self._archive).write(part, now)
        if (
            self._library.opened is None or store_of(self._index) is None
        ):  # what serves in Milvus is not asked at each write
            self._build_first(self._archive)
        return outcomes

    def _build_first(self, archive: Archive) -> None:
        try:
            build_first(self._index, archive, self._current_writer(archive).encoder, carries=False)
        except (DatelineError, OSError) as error:  # what was written is durable all the same
            logger.error("the first generation could not be built: %s", error)

    def _current_writer(self, archive: Archive) -> ArticleWriter:
        if self._writer is None:
            encoder = self._library.encoder
            if encoder is None or encoder.fingerprint != archive.meta("model"):
                encoder = load_encoder(model_of(archive), self._index.models)
            self._writer = ArticleWriter(archive, encoder)
        return self._writer

    def close(self) -> None:
        if self._archive:
            self._archive.close()
