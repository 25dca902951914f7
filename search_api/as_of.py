"""The index as it was known at a moment: later versions give way to those that were current then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

import numpy as np

from indexer.archive import Archive
from indexer.archive_stored import Stored
from indexer.encoder import Encoder
from indexer.engines.embedded import Snapshot
from indexer.recipe import cut, recipe_for
from indexer.workspaces import Workspace

MOST_EMBEDDED = 64
"""Versions that are embedded to answer one question; others are found by their words alone."""


def versions_at(archive: Archive, moment: datetime, now: datetime, encoder: Encoder) -> list[Stored]:
    """The versions that were current at a moment and are not any more, of the articles that readers may see now."""
    keys = archive.history.changed_since(moment)
    shown = archive.shown_at(keys, now, as_of=moment)
    visible = [key for key, article in zip(keys, shown, strict=True) if article is not None]
    recipe = recipe_for(encoder)
    stored = archive.stored.of_versions(visible, recipe.key, recipe.model)
    lacking = islice((one.seq for one in stored if not one.spans), MOST_EMBEDDED)
    embedded_now = set(lacking)
    return [replace(_with_chunks(one, encoder) if one.seq in embedded_now else one, change=0) for one in stored]


def with_versions(snapshot: Snapshot, earlier: Sequence[Stored], lexical: Path, tails: Path) -> Snapshot:
    """The snapshot, whose words are at `lexical`, with earlier versions in place of later ones."""
    workspace = Workspace(tails)
    try:
        return snapshot.with_changes(earlier, lexical, workspace.folder, aside=True)
    finally:
        workspace.close()


def _with_chunks(one: Stored, encoder: Encoder) -> Stored:
    """With chunks made now: the version was current under another model only."""
    chunks, _ = cut(one.article, encoder.tokenizer)
    embeddings = encoder.encode_documents([chunk.text for chunk in chunks]).astype(np.float16)
    return replace(one, spans=[(chunk.start, chunk.end) for chunk in chunks], embeddings=embeddings)
