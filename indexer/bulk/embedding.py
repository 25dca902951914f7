"""What a worker does: one portion read, cut, embedded and written as a shard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from indexer.bulk.plan import Input, Portion
from indexer.bulk.portions import read_portion
from indexer.bulk.shards import Shard, read_shard, write_shard
from indexer.encoder import Encoder, load_encoder
from indexer.errors import ModelError, SourceError
from indexer.recipe import Recipe, cut, recipe_for, texts_of
from indexer.runtimes import Device
from indexer.sources.embedded_shard import ShardFacts
from indexer.sources.items import Reading
from indexer.types import Found, Reject


@dataclass(frozen=True, slots=True)
class Work:
    """What all workers of a run have in common; paths are those that every machine of the cluster sees."""

    folder: Path
    recipe: Recipe
    models: Path
    device: Device
    how: Reading
    load: Callable[..., Encoder] = load_encoder
    """Called on each machine as `load_encoder` is."""


@dataclass(frozen=True, slots=True)
class Task:
    """One portion of an input, the `number`-th of it."""

    source: Input
    number: int

    @property
    def portion(self) -> Portion:
        return self.source.portions[self.number]

    @property
    def shard(self) -> str:
        return self.source.shard(self.number)


class PortionEmbedder:
    """Embeds portion after portion with one model, which is loaded with the first of them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._encoder: Encoder | None = None

    @property
    def encoder(self) -> Encoder:
        """Raises ModelError where this machine has another model of that name, or cuts by other rules, than the run."""
        if self._encoder is None:
            encoder = self._work.load(self._work.recipe.model_name, self._work.models, device=self._work.device)
            if recipe_for(encoder).key != self._work.recipe.key:
                raise ModelError(
                    f"this machine would embed by {recipe_for(encoder).key}, the run does by {self._work.recipe.key}; "
                    "give every machine the same Dateline and the same model"
                )
            self._encoder = encoder
        return self._encoder

    def embed(self, task: Task) -> Shard:
        """The portion's shard, written unless it is there already.

        Raises SourceError when the input was changed since it was planned, OSError when it cannot be read or the shard not
        be written.
        """
        work, source = self._work, task.source
        there = read_shard(work.folder, work.recipe.key, source, task.number)
        if there:
            return there
        items = list(read_portion(source, task.portion, work.how))
        if not source.is_as_planned:
            raise SourceError(f"{source.path} was changed while it was read; run the command again")
        articles = [item for item in items if isinstance(item, Found)]
        rejects = [(item.place, item.reason) for item in items if isinstance(item, Reject)]
        cuts = [cut(found.article, self.encoder.tokenizer) for found in articles]
        texts = texts_of(cuts)
        vectors = dict(zip(texts, self.encoder.encode_documents(list(texts.values())), strict=True))
        of_articles = [{text_hash: vectors[text_hash] for text_hash in hashes} for _, hashes in cuts]
        facts = ShardFacts(
            work.recipe.model_name,
            work.recipe.key,
            source.origin,
            source.portion_key(task.number),
            len(items),
            len(texts),
            tuple(rejects),
        )
        write_shard(work.folder / task.shard, facts, articles, of_articles)
        return Shard(facts, len(articles))
