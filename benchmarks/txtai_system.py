"""txtai in process: content and hybrid search, all else as txtai chooses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from txtai.embeddings import Embeddings as Txtai

from benchmarks.passages import Embeddings, Passages
from benchmarks.system import HITS, System, SystemName, model_folder


class TxtaiSystem:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._txtai: Any = None

    def load_model(self) -> None:
        self._txtai = Txtai(path=model_folder(), content=True, hybrid=True)
        self._txtai.batchtransform(["ready"])

    def index(self, passages: Passages, embeddings: Embeddings | None) -> None:
        rows = list(zip(passages.ids, passages.texts, strict=True))
        if embeddings is None:
            self._txtai.index(rows)
        else:
            self._txtai = _with_given(passages.texts, embeddings)
            self._txtai.index(rows)
            for name in ("method", "transform"):
                self._txtai.config.pop(name)
            self._txtai.config["path"] = model_folder()
        self._txtai.save(str(self._folder))
        self._txtai.close()

    def open(self) -> None:
        self._txtai = Txtai()
        self._txtai.load(str(self._folder))

    def search(self, text: str) -> list[str]:
        return [hit["id"] for hit in self._txtai.search(text, HITS)]

    def nearest(self, vector: Embeddings) -> list[str]:
        """Ids are row numbers, which is what txtai's vector index answers with."""
        (found,) = self._txtai.ann.search(vector[np.newaxis], HITS)
        return [str(row) for row, _ in found]


def _with_given(texts: list[str], embeddings: Embeddings) -> Any:
    """An index whose vectors come from outside, which is txtai's way to take embeddings that are there already."""
    known = dict(zip(texts, embeddings, strict=True))

    def transform(asked: list[str]) -> Embeddings:
        return np.stack([known[text] for text in asked])

    return Txtai(method="external", transform=transform, content=True, hybrid=True)


def make(name: SystemName, folder: Path) -> System:
    assert name is SystemName.TXTAI
    return TxtaiSystem(folder)
