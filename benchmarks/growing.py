"""An index of any size, stored as an ingest stores it but for the search for copies: articles, chunks, embeddings, stories."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.varied import Fit, Kind, Making, Passage, apart, batches, fitted, made, makings
from indexer.archive import Archive
from indexer.articles import article_from_record
from indexer.duplicates import text_key
from indexer.encoder import Encoder
from indexer.layout import IndexFolder
from indexer.placing import Place
from indexer.recipe import Cut, Recipe, cut, keep_recipe, recipe_for
from indexer.types import Article, Chunk, Embeddings, Vector

SEED = 9
BATCH = 2_000
PER_STORY = 8
ONE_CHUNK = 700
"""Characters of a body that surely fit one chunk."""

FIRST_DAY = datetime(2011, 1, 1, tzinfo=UTC)
DAYS = 15 * 365


def embedded(
    passages: Sequence[Passage], encoder: Encoder, path: Path, told: Callable[[str], None]
) -> NDArray[np.float16]:
    """The vectors of the real passages, kept in a file; taken up again where it was stopped. Shape (passages, dimension)."""
    done_path = path.with_suffix(".done")
    done = int(done_path.read_text()) if done_path.exists() else 0
    shape = (len(passages), encoder.encode_query("size").shape[0])
    vectors = np.lib.format.open_memmap(
        path, mode="r+" if done else "w+", dtype=np.float16, shape=None if done else shape
    )
    for part in batches(len(passages), BATCH):
        if part.stop <= done:
            continue
        vectors[part] = encoder.encode_documents([one.text for one in passages[part]])
        vectors.flush()
        done_path.write_text(str(part.stop))
        told(f"embedded {part.stop:,} of {len(passages):,}")
    return vectors


class Grower:
    """Adds real passages, then made ones, to an index."""

    def __init__(self, passages: Sequence[Passage], vectors: NDArray[np.float16], encoder: Encoder) -> None:
        self._passages = passages
        self._vectors = vectors
        self._encoder = encoder
        self._recipe: Recipe = recipe_for(encoder)
        self.fits: dict[Kind, Fit] = {}
        self._stories: dict[int, int] = {}

    def grow(self, index: IndexFolder, size: int, told: Callable[[str], None]) -> None:
        """Bring the index to `size` articles."""
        with index.writing(), Archive(index.archive, create=True) as archive:
            present = archive.counts()["articles"]
            self._stories = {}
            real = len(self._passages)
            plan = makings(real, max(0, size - real), SEED)
            if size > real and not self.fits:
                self.fits = {kind: fitted(kind, self._passages, self._vectors, self._encoder, SEED) for kind in Kind}
            for part in batches(size, BATCH):
                if part.stop > present:
                    self._store(archive, range(max(part.start, present), part.stop), plan)
                    told(f"stored {part.stop:,} of {size:,}")

    def _store(self, archive: Archive, numbers: range, plan: Sequence[Making]) -> None:
        real = len(self._passages)
        now = datetime.now(UTC)
        chosen = [None if number < real else plan[number - real] for number in numbers]
        passages = [
            self._passages[number] if making is None else made(self._passages, making)
            for number, making in zip(numbers, chosen, strict=True)
        ]
        vectors = self._batch_vectors(numbers, chosen)
        embeddings: dict[bytes, Vector] = {}
        with archive.transaction():
            keep_recipe(archive, self._recipe)
            for number, making, passage, vector in zip(numbers, chosen, passages, vectors, strict=True):
                article, _ = article_from_record(_record(number, passage, made_one=making is not None), now=now)
                known = archive.put(article, received_at=now)
                chunks, hashes = self._cut(article)
                archive.put_chunks(known.seq, 1, self._recipe.key, chunks, hashes)
                embeddings |= dict.fromkeys(hashes, vector)
                first = number if making is None else making.first
                archive.places.put_place(known.seq, Place(text_key(article), self._story(archive, first // PER_STORY)))
            archive.embeddings.put(self._recipe.model, embeddings)

    def _cut(self, article: Article) -> Cut:
        """As the product cuts it; a short body is one chunk, as it would be found to be."""
        if not 0 < len(article.body) <= ONE_CHUNK:
            return cut(article, self._encoder.tokenizer)
        text = f"{article.title}\n{article.body}" if article.title else article.body
        return [Chunk(0, len(article.body), text)], [hashlib.sha256(text.encode()).digest()[:16]]

    def _story(self, archive: Archive, story: int) -> int:
        if story not in self._stories:
            self._stories[story] = archive.places.new_story(f"benchmark-{story}")
        return self._stories[story]

    def _batch_vectors(self, numbers: range, chosen: Sequence[Making | None]) -> Embeddings:
        found = np.empty((len(numbers), self._vectors.shape[1]), dtype=np.float32)
        rest = apart(self._vectors, len(numbers), SEED + numbers.start)
        for place, (number, making) in enumerate(zip(numbers, chosen, strict=True)):
            if making is None:
                found[place] = self._vectors[number]
            else:
                ends = self._vectors[[making.first, making.second]].astype(np.float32)
                found[place] = self.fits[making.kind].vectors(ends[:1], ends[1:], rest[place : place + 1])[0]
        return found


def _record(number: int, passage: Passage, *, made_one: bool) -> dict[str, Any]:
    """As a line of JSONL has it; made ones are spread over fifteen years."""
    record = dict(passage.record) | {"id": f"p{number}", "title": passage.title, "body": passage.body}
    if made_one:
        drawn = random.Random(number)
        record["published_at"] = (FIRST_DAY + timedelta(days=drawn.random() * DAYS)).isoformat()
        record["url"] = None
    return record
