"""A large corpus made of a smaller real one: passages cut anew across their neighbours, and passages under other names.

Embedding a million passages takes hours on two cores. So a sample of the made passages is embedded, and how their vectors come
from those of the real passages they were made of is fitted by least squares; the rest get vectors by that fit, with a remainder
as long as the sample's, which points from one random real passage to another. `Fit.told` says how near this comes.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.chunking import sentence_spans
from indexer.encoder import Encoder
from indexer.types import Embeddings

SAMPLE = 400
"""Made passages of each kind that are embedded."""

_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w'-]+(?: [A-Z][\w'-]+)*")
_NUMBER = re.compile(r"\b\d[\d,.]*\b")


@dataclass(frozen=True, slots=True)
class Passage:
    """A real passage; `record` has the other fields of an article."""

    title: str
    body: str
    record: dict[str, object]

    @property
    def text(self) -> str:
        """What is embedded: the chunk that the product makes of it."""
        return f"{self.title}\n{self.body}" if self.title else self.body


class Kind(StrEnum):
    """How a passage is made of two real ones."""

    RECUT = "cut anew"
    """The end of one and the beginning of the next of the file, under the headline of the next."""
    RENAMED = "other names"
    """One, with its names and numbers replaced by those of another."""


@dataclass(frozen=True, slots=True)
class Making:
    """Which real passages (by number) a made one comes from."""

    kind: Kind
    first: int
    second: int


def read_passages(path: Path) -> list[Passage]:
    """Every passage of a JSONL file, perhaps compressed by gzip."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        records = (json.loads(line) for line in lines)
        return [Passage(one.pop("title", None) or "", one.pop("body", None) or "", one) for one in records]


def makings(real: int, count: int, seed: int) -> list[Making]:
    """What to make `count` passages of, from so many real ones: two in three under other names."""
    drawn = random.Random(seed)
    found = []
    for _ in range(count):
        first = drawn.randrange(real - 1)
        if drawn.random() < 1 / 3:
            found.append(Making(Kind.RECUT, first, first + 1))
        else:
            found.append(Making(Kind.RENAMED, first, drawn.randrange(real)))
    return found


def made(passages: Sequence[Passage], making: Making) -> Passage:
    """The passage that is made so."""
    first, second = passages[making.first], passages[making.second]
    if making.kind is Kind.RECUT:
        return Passage(second.title, f"{_half(first.body, last=True)} {_half(second.body, last=False)}", second.record)
    names = [_NAME.findall(second.body) or ["Ruritania"], _NUMBER.findall(second.body) or ["17"]]
    title, body = first.title, first.body
    for pattern, others in zip((_NAME, _NUMBER), names, strict=True):
        body = pattern.sub(Turns(others), body)
        title = pattern.sub(Turns(others), title)
    return Passage(title, body, first.record)


def _half(body: str, *, last: bool) -> str:
    spans = list(sentence_spans(body, "en")) or [(0, len(body))]
    middle = len(spans) // 2
    kept = spans[middle:] if last else spans[: middle + len(spans) % 2]
    return body[kept[0][0] : kept[-1][1]] if kept else body


class Turns:
    """Replaces each match by the next of some words, the same by the same."""

    def __init__(self, others: Sequence[str]) -> None:
        self._others = others
        self._given: dict[str, str] = {}

    def __call__(self, match: re.Match[str]) -> str:
        return self._given.setdefault(match.group(), self._others[len(self._given) % len(self._others)])


@dataclass(frozen=True, slots=True)
class Fit:
    """How the vectors of one kind come from those of the two passages: weights, and the length of the remainder."""

    kind: Kind
    first: float
    second: float
    rest: float
    told: str

    def vectors(self, first: Embeddings, second: Embeddings, apart: Embeddings) -> Embeddings:
        """Unit vectors; `apart` points from one random real passage to another, at unit length."""
        return _unit(self.first * first + self.second * second + self.rest * apart)


def fitted(kind: Kind, passages: Sequence[Passage], vectors: NDArray[np.float16], encoder: Encoder, seed: int) -> Fit:
    """Embed a sample of made passages and fit their vectors."""
    sample = [one for one in makings(len(passages), 6 * SAMPLE, seed) if one.kind is kind][:SAMPLE]
    true = encoder.encode_documents([made(passages, one).text for one in sample])
    first, second = (vectors[[getattr(one, name) for one in sample]].astype(np.float32) for name in ("first", "second"))
    pairs = np.stack([first.ravel(), second.ravel()], axis=1)
    (weight, other), *_ = np.linalg.lstsq(pairs, true.ravel(), rcond=None)
    rest = float(np.median(np.linalg.norm(true - weight * first - other * second, axis=1)))
    fit = Fit(kind, float(weight), float(other), rest, "")
    guessed = fit.vectors(first, second, apart(vectors, SAMPLE, seed)[: len(sample)])
    told = ", ".join(
        f"{name} {_cosine(found, first):.3f} to the first and {_cosine(found, second):.3f} to the second"
        for name, found in (("embedded", true), ("by the fit", guessed))
    )
    return Fit(kind, fit.first, fit.second, rest, f"{kind}: mean cosine, {told}")


def apart(vectors: NDArray[np.float16], count: int, seed: int) -> Embeddings:
    """Unit vectors from one random real passage to another, shape (count, dimension)."""
    drawn = np.random.default_rng(seed)
    ends = drawn.integers(0, len(vectors), (2, count))
    return _unit(vectors[ends[0]].astype(np.float32) - vectors[ends[1]].astype(np.float32))


def batches(count: int, size: int) -> Iterator[slice]:
    """Slices that cover `count` things."""
    return (slice(first, min(first + size, count)) for first in range(0, count, size))


def _cosine(left: Embeddings, right: Embeddings) -> float:
    return float(np.mean(np.sum(left * right, axis=1)))


def _unit(rows: Embeddings) -> Embeddings:
    unit: Embeddings = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return unit
