"""What a server can do, by its version: servers take what they do not know without a word, so that trying says nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from indexer.errors import EngineError

WORDS_SINCE = (2, 5)
"""The first version with analysers and BM25."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A server's version, whether it is Milvus Lite, and whether it finds words (BM25); `missing` says what it lacks."""

    version: str
    is_lite: bool
    words: bool
    missing: str | None = None

    @classmethod
    def of(cls, version: str) -> Capabilities:
        """Of a version as a server states it, such as v2.6.1 or milvus_lite-3.2.2. Raises EngineError for another form."""
        found = re.search(r"(\d+)\.(\d+)", version)
        if not found:
            raise EngineError(f"Milvus says that its version is {version[:80]!r}; expected one such as 2.6.1")
        is_lite = version.startswith("milvus_lite")
        words = is_lite or (int(found[1]), int(found[2])) >= WORDS_SINCE
        told = f"Milvus {version} has no search for words (BM25); it is there from {'.'.join(map(str, WORDS_SINCE))} on"
        return cls(version, is_lite, words, None if words else told)
