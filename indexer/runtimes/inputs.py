"""Texts as a model's inputs: token ids, padded and batched by length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from indexer.models import ModelFiles

LENGTH_STEP = 16


class Inputs:
    """One model's way from texts to arrays."""

    def __init__(self, files: ModelFiles, pad_id: int) -> None:
        self._max_tokens = files.max_tokens
        self._pad_id = pad_id
        self._tokenizer = Tokenizer.from_file(str(files.folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(files.max_tokens)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, special ones included, cut to the model's length."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def length(self, ids: Sequence[int]) -> int:
        """Of an input once it is padded."""
        return padded_length(len(ids), self._max_tokens)

    def arrays(self, ids: Sequence[list[int]], length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Token ids and their mask, each of shape (inputs, length)."""
        tokens = np.full((len(ids), length), self._pad_id, dtype=np.int64)
        mask = np.zeros((len(ids), length), dtype=np.int64)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = one
            mask[row, : max(len(one), 1)] = 1
        return tokens, mask


def batches(lengths: Sequence[int], tokens: int) -> Iterator[tuple[int, list[int]]]:
    """(length, places) of each batch: inputs of one length, of so many `tokens` in all, the longest first."""
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    for length, group in groupby(order, key=lengths.__getitem__):
        places = list(group)
        size = max(1, tokens // length)
        for first in range(0, len(places), size):
            yield length, places[first : first + size]


def padded_length(tokens: int, max_tokens: int) -> int:
    """The next multiple of LENGTH_STEP, but never more than the model has places for."""
    return min(-(-max(tokens, 1) // LENGTH_STEP) * LENGTH_STEP, max_tokens)
