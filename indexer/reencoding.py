"""Every article cut and embedded anew: for another model, or other rules of cutting."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from indexer.archive import Archive
from indexer.encoder import Encoder
from indexer.preparing import WINDOWS_AHEAD, Prepared, Preparing, is_window
from indexer.recipe import Recipe, recipe_for
from indexer.types import Article


def reencode(archive: Archive, encoder: Encoder, progress: Callable[[int, int], None]) -> int:
    """Cut and embed every current article that this encoder's recipe has not done; returns how many texts were encoded.

    Each window is one transaction, so a killed run is continued by the next. Calls `progress` with how many articles and how many
    texts were just done, both 0 while it waits.
    """
    recipe = recipe_for(encoder)
    encoded = 0
    windows = _windows(archive.without_chunks(recipe.key))
    with Preparing[list[int]](archive, encoder, lambda: progress(0, 0)) as preparing:
        while (window := next(windows, [])) or len(preparing):
            if window:
                preparing.put([seq for seq, _ in window], [article for _, article in window])
            if not window or len(preparing) > WINDOWS_AHEAD:
                encoded += _store(archive, recipe, preparing.pop(), progress)
    return encoded


def _store(
    archive: Archive, recipe: Recipe, prepared: Prepared[list[int]], progress: Callable[[int, int], None]
) -> int:
    with archive.transaction():
        archive.embeddings.put(recipe.model, prepared.vectors)
        for seq, (chunks, hashes) in zip(prepared.window, prepared.cuts, strict=True):
            archive.put_chunks(seq, recipe.key, chunks, hashes)
    progress(len(prepared.window), len(prepared.vectors))
    return len(prepared.vectors)


def _windows(pending: Iterator[tuple[int, Article]]) -> Iterator[list[tuple[int, Article]]]:
    window: list[tuple[int, Article]] = []
    for one in pending:
        window.append(one)
        if is_window([article for _, article in window]):
            yield window
            window = []
    if window:
        yield window
