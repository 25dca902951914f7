"""How chunks and embeddings are made: equal recipes give equal chunks and embeddings for equal articles."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from indexer.archive import Archive
from indexer.chunking import CHUNKING_VERSION, Tokenizer, chunk_article
from indexer.encoder import Encoder
from indexer.errors import ModelError
from indexer.types import Article, Chunk


@dataclass(frozen=True, slots=True)
class Recipe:
    """A model and the way texts are cut for it."""

    model_name: str
    model: str
    """The model's fingerprint."""
    max_tokens: int
    rules: int = CHUNKING_VERSION
    """The version of the rules that texts are cut by."""

    @classmethod
    def of_key(cls, model_name: str, key: str) -> Recipe:
        """The recipe that has this key, of whatever version."""
        model, rules, max_tokens = key.split("/")
        return cls(model_name, model, int(max_tokens), int(rules.removeprefix("c")))

    @property
    def key(self) -> str:
        """What the archive files chunks under; it begins with the fingerprint and a slash."""
        return f"{self.model}/c{self.rules}/{self.max_tokens}"


def recipe_for(encoder: Encoder) -> Recipe:
    return Recipe(encoder.name, encoder.fingerprint, encoder.tokenizer.max_tokens)


Cut = tuple[list[Chunk], list[bytes]]
"""An article's chunks, and the hash of each chunk's text."""


def cut(article: Article, tokenizer: Tokenizer) -> Cut:
    chunks = chunk_article(article, tokenizer)
    return chunks, [hashlib.sha256(chunk.text.encode()).digest()[:16] for chunk in chunks]


def texts_of(cuts: Iterable[Cut]) -> dict[bytes, str]:
    """Every text of these cuts once, by its hash."""
    return {text_hash: chunk.text for chunks, hashes in cuts for chunk, text_hash in zip(chunks, hashes, strict=True)}


def remember_recipe(archive: Archive, recipe: Recipe) -> None:
    archive.set_meta("model_name", recipe.model_name)
    archive.set_meta("model", recipe.model)
    archive.set_meta("recipe", recipe.key)


def keep_recipe(archive: Archive, recipe: Recipe) -> None:
    """Make it a new archive's recipe; raises ModelError when the archive has moved to another."""
    kept = archive.meta("recipe")
    if kept is None:
        remember_recipe(archive, recipe)
    elif kept != recipe.key:
        raise ModelError(
            f"the index has moved to model {archive.meta('model_name')} ({kept}) while this run embedded with "
            f"{recipe.model_name} ({recipe.key}); run it again"
        )


def check_model(archive: Archive, encoder: Encoder) -> None:
    """Refuse a model, or rules of cutting, other than those the archive's serving chunks were made with."""
    expected = archive.meta("model")
    if expected is not None and expected != encoder.fingerprint:
        raise ModelError(
            f"the index was built with model {archive.meta('model_name')} (fingerprint {expected}), "
            f"but {encoder.name} has fingerprint {encoder.fingerprint}; use the first, "
            f"or move the index to the second: dateline reindex --model {encoder.name}"
        )
    recipe = archive.meta("recipe")
    if recipe is not None and recipe != recipe_for(encoder).key:
        raise ModelError(
            f"the index was cut by other rules ({recipe}) than this Dateline's ({recipe_for(encoder).key}); "
            "move it to the new ones first: dateline reindex"
        )
