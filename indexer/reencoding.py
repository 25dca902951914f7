"""Every article cut and embedded anew: for another model, or other rules of cutting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain

from indexer.archive import Archive
from indexer.encoder import Encoder
from indexer.preparing import WINDOWS_AHEAD, Prepared, Preparing, is_window
from indexer.recipe import Recipe, recipe_for
from indexer.types import Article

_Key = tuple[int, int]
"""An article's number and its version."""


def reencode(
    archive: Archive, encoder: Encoder, progress: Callable[[int, int], None], *, changed_at: datetime | None = None
) -> int:
    """Cut and embed every current article that this encoder's recipe has not done; returns how many texts were encoded.

    Each window is one transaction, so a killed run is continued by the next. Calls `progress` with how many articles and how many
    texts were just done, both 0 while it waits. With `changed_at` each article counts as changed then, so that readers who
    hold it without chunks take it up again.
    """
    recipe = recipe_for(encoder)
    encoded = 0
    windows = _windows(archive.stored.without_chunks(recipe.key))
    with Preparing[list[_Key]](archive, encoder, lambda: progress(0, 0)) as preparing:
        while (window := next(windows, [])) or len(preparing):
            if window:
                preparing.put([key for key, _ in window], [article for _, article in window])
            if not window or len(preparing) > WINDOWS_AHEAD:
                encoded += _store(archive, recipe, preparing.pop(), progress, changed_at)
    return encoded


def _store(
    archive: Archive,
    recipe: Recipe,
    prepared: Prepared[list[_Key]],
    progress: Callable[[int, int], None],
    changed_at: datetime | None,
) -> int:
    with archive.transaction():
        there = [pair for pair in zip(prepared.window, prepared.cuts, strict=True) if archive.stored.holds(pair[0])]
        wanted = set(chain.from_iterable(hashes for _, (_, hashes) in there))
        archive.embeddings.put(recipe.model, {h: vector for h, vector in prepared.vectors.items() if h in wanted})
        for (seq, version), (chunks, hashes) in there:
            archive.put_chunks(seq, version, recipe.key, chunks, hashes)
            if changed_at:
                archive.touch(seq, at=changed_at)
    progress(len(prepared.window), len(prepared.vectors))
    return len(prepared.vectors)


def _windows(pending: Iterator[tuple[int, int, Article]]) -> Iterator[list[tuple[_Key, Article]]]:
    window: list[tuple[_Key, Article]] = []
    for seq, version, article in pending:
        window.append(((seq, version), article))
        if is_window([article for _, article in window]):
            yield window
            window = []
    if window:
        yield window
