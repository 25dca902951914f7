"""tantivy's searcher over files that something may have damaged since they were opened.

What it reads then ends in a ValueError, a missing value or a panic, which is no Exception in Python: all are IndexDamaged here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from indexer.errors import IndexDamaged

T = TypeVar("T")

_PANIC = "PanicException"
"""What a panic of Rust is called; there is no module to import it from."""


class SoundSearcher:
    """What is asked of a searcher. Raises IndexDamaged."""

    def __init__(self, searcher: Any) -> None:
        self._searcher = searcher

    @property
    def num_docs(self) -> int:
        return int(self._searcher.num_docs)

    def search(self, query: Any, **options: Any) -> Any:
        return _sound(self._searcher.search, query, **options)

    def doc_freq(self, field: str, term: str) -> int:
        return int(_sound(self._searcher.doc_freq, field, term))

    def terms_with_prefix(self, field: str, prefix: str, **options: Any) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = _sound(self._searcher.terms_with_prefix, field, prefix, **options)
        return found

    def fast_field_values(self, field: str, addresses: Sequence[Any]) -> list[int]:
        values: list[int] = _sound(self._searcher.fast_field_values, field, addresses)
        if None in values:
            raise _damaged(f"an article has no {field}")
        return values


def _sound(read: Callable[..., T], *arguments: Any, **options: Any) -> T:
    try:
        return read(*arguments, **options)
    except BaseException as error:
        if isinstance(error, ValueError) or type(error).__name__ == _PANIC:
            raise _damaged(str(error)) from error
        raise


def _damaged(why: str) -> IndexDamaged:
    return IndexDamaged(f"the lexical index cannot be read ({why}); rebuild it: dateline reindex")
