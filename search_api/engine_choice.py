"""Which engine an index is searched in, by the settings: the one place that knows both."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import stamina

from indexer.engines.milvus.store import MilvusStore
from indexer.layout import IndexFolder
from search_api.embedded_library import EmbeddedLibrary
from search_api.library import Library
from search_api.milvus_library import MilvusLibrary
from search_api.milvus_shelf import MilvusShelf
from search_api.settings import Engine, Settings
from search_api.shelves import FileShelf, Shelf


def store_of(index: IndexFolder) -> MilvusStore | None:
    """The Milvus that the settings name for an index; None where it is searched in its own files.

    An index that stands for another's evaluation has collections of its own.
    """
    settings = Settings()
    if settings.engine is Engine.EMBEDDED:
        return None
    prefix = settings.milvus_prefix
    if index.models_of is not None:
        prefix = f"{prefix}_{re.sub(r'[^A-Za-z0-9]', '_', index.root.name)[-60:]}"
    token = settings.milvus_token.get_secret_value() if settings.milvus_token else None
    return _store(settings.milvus_uri, token, prefix, settings.milvus_replicas)


def open_library(index: IndexFolder, *, generation: int | None = None, warm: bool = False) -> Library:
    """The index to be read, in the engine that the settings name; `generation` and `warm` are as the libraries have them."""
    store = store_of(index)
    if store is None:
        return EmbeddedLibrary(index, generation=generation, warm=warm)
    return MilvusLibrary(index, store, generation=generation, warm=warm)


def shelf_of(index: IndexFolder) -> Shelf:
    """Where the index's generations are kept."""
    store = store_of(index)
    return FileShelf(index) if store is None else MilvusShelf(index, store)


@cache
def _store(uri: str, token: str | None, prefix: str, replicas: int) -> MilvusStore:
    """One for each process, since a file of Milvus Lite has one owner; its channel opens again after it was closed."""
    stamina.instrumentation.set_on_retry_hooks([])  # else each try is told on stdout, where the commands answer
    if uri.endswith(".db"):
        Path(uri).parent.mkdir(parents=True, exist_ok=True)
    return MilvusStore(uri, token=token, prefix=prefix, replicas=replicas)
