"""Windows of articles, cut and embedded ahead of their storing.

```
 caller ──> put ──> cutting (other processes) ──> embedding (a thread; the model uses all cores) ──> pop ──> caller stores
```

Every archive access stays with the caller's thread, and windows come out in the order they went in, so the same articles
give the same transactions however fast each part is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Generic, TypeVar

from indexer.archive import Archive
from indexer.cutting import Cutter
from indexer.encoder import Encoder
from indexer.recipe import Cut, texts_of
from indexer.types import Article, Embeddings, Vector

WINDOW_ARTICLES = 256
"""Articles embedded together: enough texts of each length to fill the model's batches."""

WINDOW_CHARACTERS = 1_000_000
"""A window of long articles ends here."""

WINDOWS_AHEAD = 2
"""Windows that are cut or embedded while one is stored."""

_TICK_S = 0.5


def is_window(articles: Sequence[Article]) -> bool:
    """Whether these are enough to be embedded together."""
    return len(articles) >= WINDOW_ARTICLES or sum(len(article.body) for article in articles) >= WINDOW_CHARACTERS


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prepared(Generic[T]):
    """A window that can be stored: the cut of each article, and the embeddings (by text hash) that the archive lacked.

    Those of them that are `brought` came with the articles; the others were made.
    """

    window: T
    cuts: list[Cut]
    vectors: dict[bytes, Vector]
    brought: frozenset[bytes] = frozenset()


@dataclass(slots=True)
class _Coming(Generic[T]):
    window: T
    cutting: Callable[[], list[Cut]]
    offered: Mapping[bytes, Vector]
    brought: dict[bytes, Vector] = field(default_factory=dict)
    cuts: list[Cut] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    embedding: Future[Embeddings] | None = None


class Preparing(Generic[T]):
    """Use as a context; what is under way when it is left is dropped."""

    def __init__(self, archive: Archive, encoder: Encoder, tick: Callable[[], None] = lambda: None) -> None:
        """`tick` is called about twice a second while `pop` waits."""
        self._archive = archive
        self._encoder = encoder
        self._tick = tick
        self._cutter = Cutter(encoder.tokenizer)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedding")
        self._coming: deque[_Coming[T]] = deque()

    def __enter__(self) -> Preparing[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._thread.shutdown(cancel_futures=True)
        finally:
            self._cutter.close()

    def __len__(self) -> int:
        """Windows put in and not popped yet."""
        return len(self._coming)

    def put(
        self, window: T, articles: Sequence[Article], offered: Mapping[bytes, Vector] = MappingProxyType({})
    ) -> None:
        """Begin to cut these articles, and to embed those put in before; a text whose embedding is `offered` is not embedded."""
        earlier = [coming for coming in self._coming if coming.embedding is None]
        self._coming.append(_Coming(window, self._cutter.start(articles), offered))
        for coming in earlier:
            self._embed(coming)

    def pop(self) -> Prepared[T]:
        """The oldest window, when it is done; raises what went wrong with it."""
        coming = self._coming[0]
        if coming.embedding is None:
            self._embed(coming)
        assert coming.embedding is not None
        vectors = self._awaited(coming.embedding)
        self._coming.popleft()
        made = dict(zip(coming.hashes, vectors, strict=True))
        return Prepared(coming.window, coming.cuts, {**coming.brought, **made}, frozenset(coming.brought))

    def embed(self, texts: Mapping[bytes, str]) -> dict[bytes, Vector]:
        """Embeddings of these texts, by their hashes, now."""
        if not texts:
            return {}
        vectors = self._awaited(self._thread.submit(self._encoder.encode_documents, list(texts.values())))
        return dict(zip(texts, vectors, strict=True))

    def _embed(self, coming: _Coming[T]) -> None:
        coming.cuts = coming.cutting()
        texts = texts_of(coming.cuts)
        for earlier in self._coming:
            for text_hash in (*earlier.hashes, *earlier.brought):
                texts.pop(text_hash, None)
        missing = self._archive.embeddings.missing(self._encoder.fingerprint, texts)
        coming.brought = {text_hash: coming.offered[text_hash] for text_hash in missing if text_hash in coming.offered}
        coming.hashes = [text_hash for text_hash in texts if text_hash in missing and text_hash not in coming.brought]
        chosen = [texts[text_hash] for text_hash in coming.hashes]
        coming.embedding = self._thread.submit(self._encoder.encode_documents, chosen)

    def _awaited(self, embedding: Future[Embeddings]) -> Embeddings:
        while not wait([embedding], _TICK_S).done:
            self._tick()
        return embedding.result()
