from __future__ import annotations

import numpy as np

from indexer.encoder import TextHashEncoder
from indexer.types import Embeddings
from search_api.sentences import likest


def read(text: str) -> Embeddings:
    return TextHashEncoder().word_vectors([text])[0]


NOTHING = np.empty((0, 256), dtype=np.float32)


def asked(
    *words: str,
) -> tuple[list[np.ndarray[tuple[int, int], np.dtype[np.float32]]], np.ndarray[tuple[int], np.dtype[np.float32]]]:
    return [read(word) for word in words], np.ones(len(words), dtype=np.float32)


def test_the_sentence_whose_words_are_nearest_is_found() -> None:
    sentences = [read("the council met"), read("a ferry sank in the strait"), read("nothing else happened")]
    assert likest(*asked("ferry", "sank"), sentences) == 1


def test_rare_words_weigh_more() -> None:
    sentences = [read("a report about buses"), read("the ferry")]
    words, _ = asked("report", "ferry")
    assert likest(words, np.array([0.1, 5.0], dtype=np.float32), sentences) == 1
    assert likest(words, np.array([5.0, 0.1], dtype=np.float32), sentences) == 0


def test_without_words_on_either_side_none_is_nearest() -> None:
    assert likest([], np.empty(0, dtype=np.float32), [read("a ferry")]) is None
    assert likest(*asked("ferry"), [NOTHING, NOTHING]) is None
    assert likest(*asked("ferry"), []) is None
