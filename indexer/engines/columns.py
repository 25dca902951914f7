"""What filters and ranking ask of each article, as arrays: row i of every column is one article."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer.articles import epoch_seconds
from indexer.filters import Fact, Filters, language_forms
from indexer.types import Rows

Mask: TypeAlias = NDArray[np.bool_]
"""Shape (articles,): which articles a filter lets through."""

NO_TIME = np.iinfo(np.int64).min
"""Stands for a date that is not known."""

NO_STORY = 0
"""Stands for the story of an article that no place was looked for yet."""

SINGLE = ("section", "source", "language")
MULTIPLE = ("authors", "tags")
_COLUMN_OF = {
    Fact.SECTION: "section",
    Fact.SOURCE: "source",
    Fact.LANGUAGE: "language",
    Fact.AUTHOR: "authors",
    Fact.TAG: "tags",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Facts per article (n of them) and the chunks of each (m in all), aligned by row.

    Copies of one text have the same `text_group`, articles of one story the same `story` (NO_STORY: not placed yet);
    `length` counts the body's characters. Chunks of article row i are the chunk rows chunk_offsets[i] to
    chunk_offsets[i + 1]. Words (section, source, language, authors, tags) are codes into `vocabulary`; -1 stands for
    none. Times are seconds since 1970, UTC. A vocabulary may hold words that later views have and no row of these.
    """

    seq: NDArray[np.int64]
    version: NDArray[np.int64]
    text_group: NDArray[np.int64]
    story: NDArray[np.int64]
    length: NDArray[np.int32]
    published: NDArray[np.int64]
    embargoed: NDArray[np.int64]
    known_from: NDArray[np.int64]
    usable: NDArray[np.bool_]
    section: NDArray[np.int32]
    source: NDArray[np.int32]
    language: NDArray[np.int32]
    authors_offsets: NDArray[np.int64]
    authors: NDArray[np.int32]
    tags_offsets: NDArray[np.int64]
    tags: NDArray[np.int32]
    chunk_offsets: NDArray[np.int64]
    chunk_start: NDArray[np.int32]
    chunk_end: NDArray[np.int32]
    vocabulary: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(self.seq)

    @property
    def chunks(self) -> int:
        return int(self.chunk_offsets[-1])

    def article_of_chunk(self, chunk_rows: Rows) -> Rows:
        """The article row of each chunk row."""
        found: Rows = np.searchsorted(self.chunk_offsets, chunk_rows, side="right") - 1
        return found

    def chunk_rows(self, article_rows: Rows) -> tuple[Rows, Rows]:
        """All chunk rows of the articles, and for each the position of its article in `article_rows`."""
        counts = self.chunk_offsets[article_rows + 1] - self.chunk_offsets[article_rows]
        owner = np.repeat(np.arange(len(article_rows)), counts)
        first = np.cumsum(counts) - counts
        rows = np.arange(int(counts.sum())) - np.repeat(first, counts) + self.chunk_offsets[article_rows][owner]
        return rows, owner

    def words(self, name: str, row: int) -> str | None:
        """The article's section, source or language."""
        code = int(getattr(self, name)[row])
        return self.vocabulary[name][code] if code >= 0 else None

    def spelled(self, fact: Fact, value: str, allowed: Mask) -> str | None:
        """A value as the first of these articles that has it writes it; None when none has it."""
        name = _COLUMN_OF[fact]
        codes = set(self._codes(name, [value]))
        rows = np.flatnonzero(self.having(fact, [value]) & allowed)
        if not len(rows):
            return None
        row = int(rows[0])
        span = slice(row, row + 1) if name in SINGLE else slice(*getattr(self, f"{name}_offsets")[row : row + 2])
        words = (self.vocabulary[name][code] for code in getattr(self, name)[span].tolist() if code in codes)
        return next(words, None)

    def mask(self, filters: Filters) -> Mask:
        """Which articles the filters let through, but for visibility and for what they say of an article's words."""
        mask = np.ones(len(self), dtype=np.bool_)
        for fact, wanted in (
            (Fact.SECTION, filters.sections),
            (Fact.SOURCE, filters.sources),
            (Fact.LANGUAGE, filters.languages),
            (Fact.AUTHOR, filters.authors),
            (Fact.TAG, filters.tags),
        ):
            if wanted:
                mask &= self.having(fact, wanted)
        if filters.exclude_sources:
            mask &= ~self.having(Fact.SOURCE, filters.exclude_sources)
        if filters.published_from or filters.published_before:
            mask &= self.published_within(filters.published_from, filters.published_before)
        if filters.as_of:
            mask &= self.known_by(filters.as_of)
        return mask

    def known_by(self, moment: datetime, rows: Rows | slice = slice(None)) -> Mask:
        """Which articles, of these rows, were published, past their embargo and known as they are at a moment."""
        seconds = int(moment.timestamp())
        known: Mask = (self.published[rows] <= seconds) & (self.embargoed[rows] <= seconds)
        known &= self.known_from[rows] <= seconds
        return known

    def having(self, fact: Fact, values: Sequence[str]) -> Mask:
        """Which articles have one of these values, compared without case."""
        name = _COLUMN_OF[fact]
        codes = self._codes(name, values)
        if name in SINGLE:
            return np.isin(getattr(self, name), codes)
        offsets = getattr(self, f"{name}_offsets")
        hits = np.concatenate([[0], np.cumsum(np.isin(getattr(self, name), codes))])
        found: Mask = hits[offsets[1:]] > hits[offsets[:-1]]
        return found

    def published_within(self, start: datetime | None, past: datetime | None) -> Mask:
        """Which articles have a date at or after `start` and before `past`."""
        mask: Mask = self.published != NO_TIME
        if start:
            mask &= self.published >= int(start.timestamp())
        if past:
            mask &= self.published < int(past.timestamp())
        return mask

    def _codes(self, name: str, wanted: Sequence[str]) -> list[int]:
        folded = {word.casefold() for word in wanted}
        words = self.vocabulary[name]
        if name == "language":
            return [code for code, word in enumerate(words) if folded & set(language_forms(word))]
        return [code for code, word in enumerate(words) if word.casefold() in folded]

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        for field in fields(self):
            if field.name != "vocabulary":
                np.save(folder / f"{field.name}.npy", getattr(self, field.name), allow_pickle=False)
        (folder / "vocabulary.json").write_text(json.dumps(dict(self.vocabulary), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, *, mapped: bool = True) -> Columns:
        """From a folder that `save` wrote: memory-mapped, which holds a file open for each array, or read into memory."""
        vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        arrays: dict[str, Any] = {
            field.name: read_array(folder / f"{field.name}.npy", mapped=mapped)
            for field in fields(cls)
            if field.name != "vocabulary"
        }
        return cls(**arrays, vocabulary={name: tuple(words) for name, words in vocabulary.items()})

    def at(self, rows: Rows) -> Columns:
        """These article rows alone, in the order given, with a vocabulary of their own words."""
        chunk_rows, _ = self.chunk_rows(rows)
        taken: dict[str, Any] = {"chunk_start": self.chunk_start[chunk_rows], "chunk_end": self.chunk_end[chunk_rows]}
        taken["chunk_offsets"] = _offsets(np.diff(self.chunk_offsets)[rows])
        words: dict[str, tuple[str, ...]] = {}
        for name in MULTIPLE:
            starts = getattr(self, f"{name}_offsets")
            counts = np.diff(starts)[rows]
            inner = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
            codes = getattr(self, name)[inner + np.repeat(starts[rows], counts)]
            taken[f"{name}_offsets"] = _offsets(counts)
            taken[name], words[name] = _own_words(codes, self.vocabulary[name])
        for name in SINGLE:
            taken[name], words[name] = _own_words(getattr(self, name)[rows], self.vocabulary[name])
        rest = {field.name for field in fields(self)} - taken.keys() - {"vocabulary"}
        return Columns(**taken, **{name: np.asarray(getattr(self, name)[rows]) for name in rest}, vocabulary=words)


def ordered_by_date(rows: Rows, published: Rows, *, newest: bool) -> Rows:
    """Article rows by time of publication, those without one last; `published` is of all articles."""
    times = published[rows]
    undated = times == NO_TIME
    ordered: Rows = rows[np.lexsort((-rows if newest else rows, -times if newest else times, undated))]
    return ordered


def read_array(path: Path, *, mapped: bool = True) -> NDArray[Any]:
    """An array as `numpy.save` wrote it, its pages shared between processes and read on demand where it is mapped."""
    array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    return np.asarray(array).view(np.ndarray)  # a plain array: each slice of a memmap object costs ten times as much


def joined_columns(parts: Sequence[Columns]) -> Columns:
    """The rows of all parts, of one at least, in one; those of the first part first."""
    vocabulary: dict[str, tuple[str, ...]] = {}
    joined: dict[str, Any] = {}
    for name in (*SINGLE, *MULTIPLE):
        words = tuple(dict.fromkeys(word for part in parts for word in part.vocabulary[name]))
        code_of = {word: code for code, word in enumerate(words)}
        vocabulary[name] = words
        joined[name] = np.concatenate(
            [_recoded(getattr(part, name), [code_of[word] for word in part.vocabulary[name]]) for part in parts]
        )
    for field in fields(Columns):
        arrays = [getattr(part, field.name) for part in parts]
        if field.name.endswith("_offsets"):
            joined[field.name] = _offsets(np.concatenate([np.diff(array) for array in arrays]))
        elif field.name not in joined and field.name != "vocabulary":
            joined[field.name] = np.concatenate(arrays)
    return Columns(**joined, vocabulary=vocabulary)


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _recoded(codes: NDArray[np.int32], new: Sequence[int]) -> NDArray[np.int32]:
    """Codes as others of another vocabulary; -1 stays."""
    return np.append(np.array(new, dtype=np.int32), np.int32(-1))[codes]


def _own_words(codes: NDArray[np.int32], words: Sequence[str]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """The codes in a vocabulary of just the words that they stand for, and that vocabulary."""
    used = [code for code in dict.fromkeys(codes.tolist()) if code >= 0]
    new = np.full(len(words), -1, dtype=np.int32)
    new[used] = np.arange(len(used), dtype=np.int32)
    return _recoded(codes, new.tolist()), tuple(words[code] for code in used)


def seconds(moment: datetime | None) -> int:
    """Seconds since 1970; NO_TIME for none."""
    return NO_TIME if moment is None else epoch_seconds(moment)
