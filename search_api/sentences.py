"""Which sentence of a passage is most like a question, without embedding it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from indexer.types import Embeddings, Scores


def likest(words: Sequence[Embeddings], weights: Scores, sentences: Sequence[Embeddings]) -> int | None:
    """The place of the sentence whose words come nearest to the question's; None when neither says anything.

    Each array holds a text's word vectors, of unit length, shape (tokens, dimension); a question's word counts by its
    best match in the sentence, times its weight (late interaction, as in ColBERT, Khattab and Zaharia, SIGIR 2020, but
    over the model's input vectors).
    """
    asked = [(vectors, weight) for vectors, weight in zip(words, weights, strict=True) if len(vectors) and weight > 0]
    if not asked or not any(len(sentence) for sentence in sentences):
        return None
    stacked = np.concatenate([vectors for vectors, _ in asked])
    share = np.concatenate([np.full(len(vectors), weight / len(vectors)) for vectors, weight in asked])
    worth = [
        float(share @ np.maximum(0, (stacked @ sentence.T).max(axis=1))) if len(sentence) else 0.0
        for sentence in sentences
    ]
    return int(np.argmax(worth))
