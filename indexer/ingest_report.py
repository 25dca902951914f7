"""What became of everything that an ingest read."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from indexer.quarantine import MOST_BYTES, MOST_ENTRIES
from indexer.types import Reject

MOST_REASONS = 1000
OTHER_REASONS = "other reasons"

_VARIABLE = re.compile(r"'[^']*'|\"[^\"]*\"|\d[\d,.:TZ+-]*")
"""What differs in reasons of one kind: quoted values and numbers."""

_NO_COUNTS = frozenset({"rejects", "reasons", "kept_bytes"})


@dataclass(slots=True)
class IngestReport:
    """Everything counted: read = new + updated + unchanged + rejected."""

    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    superseded: int = 0
    """Of the unchanged, those that repeat an older version; the current one stays."""
    taken_down: int = 0
    """Of the unchanged, those that were taken down before and stay out."""
    duplicates: int = 0
    cleaned: int = 0
    """Stored articles that lost a line which their site was found to repeat; not among those read."""
    chunks: int = 0
    encoded: int = 0
    brought: int = 0
    """Embeddings that the sources brought along and that were stored."""
    damaged_embeddings: int = 0
    """Embeddings that the sources brought along and that can be none of the model's; the texts were embedded here."""
    seconds: float = 0.0
    rejects: list[Reject] = field(default_factory=list)
    """As many of them, the first before others, as a quarantine has room for; `rejected` and `reasons` count all."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Rejects by the kind of their reason: values and numbers in it are left out."""
    kept_bytes: int = 0
    """Content of the rejects that are kept."""

    def reject(self, reject: Reject) -> None:
        self.rejected += 1
        self._count(_VARIABLE.sub("…", reject.reason), 1)
        self._keep(reject)

    def add(self, part: IngestReport) -> None:
        """Count another run's as well."""
        for name, value in part.counts().items():
            setattr(self, name, getattr(self, name) + value)
        for kind, times in part.reasons.items():
            self._count(kind, times)
        for reject in part.rejects:
            self._keep(reject)

    def counts(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _NO_COUNTS}

    @property
    def all_kept(self) -> bool:
        """Whether `rejects` holds every reject."""
        return len(self.rejects) == self.rejected

    def _count(self, kind: str, times: int) -> None:
        self.reasons[kind if kind in self.reasons or len(self.reasons) < MOST_REASONS else OTHER_REASONS] += times

    def _keep(self, reject: Reject) -> None:
        size = len(reject.content or b"")
        if len(self.rejects) < MOST_ENTRIES and self.kept_bytes + size <= MOST_BYTES:
            self.rejects.append(reject)
            self.kept_bytes += size
