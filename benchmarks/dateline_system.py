"""Dateline in process: what `dateline ingest` does for the index, the library behind the API for the questions."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.passages import Embeddings, Passages
from benchmarks.system import HITS, System, SystemName
from indexer.archive import Archive
from indexer.encoder import load_encoder, prepare_encoder
from indexer.filters import Filters
from indexer.layout import IndexFolder
from search_api import jobs
from search_api.clock import utc_now
from search_api.embedded_library import EmbeddedLibrary
from search_api.library import Library
from search_api.query import SearchQuery
from search_api.searcher import search
from search_api.settings import Settings


class DatelineSystem:
    def __init__(self, folder: Path) -> None:
        self._index = IndexFolder(folder)
        self._open = ExitStack()
        self._library: Library | None = None

    def load_model(self) -> None:
        """Make the model's fast form, which an index makes once."""
        prepare_encoder(Settings().model, self._index.models, lambda _: None)

    def index(self, passages: Passages, embeddings: Embeddings | None) -> None:
        if embeddings is not None:
            model = load_encoder(Settings().model).fingerprint
            hashes = [hashlib.sha256(text.encode()).digest()[:16] for text in passages.texts]
            with Archive(self._index.archive, create=True) as archive, archive.transaction():
                archive.embeddings.put(model, dict(zip(hashes, embeddings, strict=True)))
        with TemporaryDirectory() as folder:
            source = Path(folder) / "articles.jsonl"
            source.write_text("".join(passages.lines), encoding="utf-8")
            done = jobs.ingest(self._index, [str(source)])
        if done.report.new != len(passages.ids) or (embeddings is not None and done.report.encoded):
            raise SystemExit(
                f"of {len(passages.ids)} passages {done.report.new} were taken in and {done.report.encoded} embedded"
            )

    def open(self) -> None:
        self._library = self._open.enter_context(jobs.opened(self._index))

    def search(self, text: str) -> list[str]:
        answer = search(self._opened, SearchQuery(text, Filters(utc_now()), limit=HITS))
        return [hit.article.id for hit in answer.hits]

    def nearest(self, vector: Embeddings) -> list[str]:
        library = self._opened
        assert isinstance(library, EmbeddedLibrary)
        assert library.view is not None
        snapshot = library.view.snapshot
        chunks, _ = snapshot.nearest_chunks(vector, HITS, snapshot.allowed(Filters(utc_now())))
        seqs = snapshot.columns.seq[snapshot.columns.article_of_chunk(chunks)]
        return [self._opened.archive.current(seq).id for seq in seqs.tolist()]

    @property
    def _opened(self) -> Library:
        assert self._library is not None
        return self._library


def make(name: SystemName, folder: Path) -> System:
    assert name is SystemName.DATELINE
    return DatelineSystem(folder)
