"""What every system is given: passages with their texts, in one folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.float32]
"""Shape (n, dimension), float32, every row of unit length."""

ARTICLES = "articles.jsonl"
TEXTS = "texts.json"


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages in order. `texts` are what is embedded and searched by words; `lines` the same as articles in JSONL."""

    ids: list[str]
    texts: list[str]
    lines: list[str]

    @classmethod
    def read(cls, folder: Path, count: int | None = None) -> Passages:
        """All of them, or the first `count`."""
        lines = (folder / ARTICLES).read_text(encoding="utf-8").splitlines(keepends=True)[:count]
        texts = json.loads((folder / TEXTS).read_text(encoding="utf-8"))[:count]
        return cls([json.loads(line)["id"] for line in lines], texts, lines)


def write(folder: Path, lines: Sequence[str], texts: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ARTICLES).write_text("".join(lines), encoding="utf-8")
    (folder / TEXTS).write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
