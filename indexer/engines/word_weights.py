"""What words weigh in every engine: BM25, and what is added for headlines and for neighbours. Pure."""

from __future__ import annotations

from math import ceil, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

TITLE_BOOST = 0.25
"""What a word in the headline adds, beside its place in the text (headline and body), where it counts once."""

NEIGHBOUR_BOOST = 0.1
"""What two neighbouring words of the query add where they stand near each other in the text."""

NEIGHBOUR_SLOP = 2
"""How far apart they may stand: this many words between them, or the other way round."""

MOST_NEAR = 5_000
"""Of two words that each stand in more articles than this, nearness says little, and looking for it takes long."""

MATCHING_SHARE = 2 / 3
"""The share of a query's words that an article must hold to be an answer when answers are ordered by date."""

RARE = 20
"""A word in fewer articles than this is known only when one of them may be seen."""

BM25_K1 = 1.2
"""tantivy's own; it is not adjustable there."""

BM25_B = 0.75
"""How much a text's length counts; tantivy's own as well."""

_COUNTED_EXACTLY = 24
_LENGTH_BITS = 4


def inverse_frequency(articles: int, holders: int) -> float:
    """BM25's inverse document frequency of a word that stands in so many of the articles, as tantivy has it.

    Counts that are of two moments may have more holders than articles; these count as all of them.
    """
    return log(1 + (max(0, articles - holders) + 0.5) / (holders + 0.5))


def enough_words(words: int) -> int:
    """How many of so many words make MATCHING_SHARE of them."""
    return ceil(MATCHING_SHARE * words - 1e-9)


def kept_lengths(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Lengths as an index keeps them in one byte each: what is over 24 is cut to its four highest binary digits."""
    over = np.maximum(lengths - _COUNTED_EXACTLY, 0)
    bits = np.frexp(over.astype(np.float64))[1]
    lost = np.maximum(bits - _LENGTH_BITS, 0).astype(np.int64)
    kept: NDArray[np.int64] = np.minimum(lengths, _COUNTED_EXACTLY) + (over >> lost << lost)
    return kept


def saturated(times: NDArray[Any], lengths: NDArray[np.int64], average_length: float) -> NDArray[np.float64]:
    """BM25 of a word of rarity 1 that stands so often in a text of this length; 0 where it does not. Arrays broadcast.

    Robertson and Zaragoza 2009, The Probabilistic Relevance Framework: BM25 and Beyond, formula 3.15; idf is a factor apart.
    """
    relative = kept_lengths(lengths) / (average_length or 1.0)
    found: NDArray[np.float64] = times * (BM25_K1 + 1) / (times + BM25_K1 * (1 - BM25_B + BM25_B * relative))
    return found
