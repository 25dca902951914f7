"""Which words an article holds, small enough to keep many articles' in memory: hashed, names marked. Pure."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from indexer.engines.analysis import analyse, analysis_of, named_terms
from indexer.types import Article

BUCKETS = 1 << 18
"""Terms are told apart by as many hash values; a few rare ones share one and count as less rare."""

NAME = np.uint32(BUCKETS)
"""The bit that marks a term written like a name."""

NAME_WEIGHT = 2.0
"""A name counts as much as that many other words as rare."""

RARITY_POWER = 2.5
"""How much more a rare word counts than a common one: inverse document frequency to this power."""

PRIOR_ARTICLES = 10
"""Articles that are supposed to have been seen before the first, so that early words are not all rare."""

TermPrint = NDArray[np.uint32]
"""Shape (terms,), sorted by bucket, each once; the bit NAME marks a name."""


def term_print(article: Article) -> TermPrint:
    """The terms of headline and body; names are looked for in the body, since headlines may have capitals throughout."""
    analysis = analysis_of(article.language)
    found = {_bucket(term): 0 for term in analyse(f"{article.title}\n{article.body}", analysis)}
    found |= {_bucket(term): int(NAME) for term in named_terms(article.body or article.title, analysis)}
    buckets = sorted(found)
    return np.array([bucket | found[bucket] for bucket in buckets], dtype=np.uint32)


def buckets_of(terms: TermPrint) -> NDArray[np.uint32]:
    """The buckets alone, sorted."""
    return terms & (NAME - np.uint32(1))


def weights_of(terms: TermPrint, counts: NDArray[np.int64], articles: int) -> NDArray[np.float32]:
    """How telling each term is: `counts` says in how many of the `articles` each bucket occurs."""
    rarity = np.log1p((articles + PRIOR_ARTICLES) / (counts[buckets_of(terms)] + 0.5)) ** RARITY_POWER
    return np.where(terms & NAME, NAME_WEIGHT * rarity, rarity).astype(np.float32)


def held(terms: TermPrint, others: list[TermPrint]) -> NDArray[np.bool_]:
    """Shape (others, terms): which of the terms each of the others holds."""
    found = np.zeros((len(others), len(terms)), dtype=np.bool_)
    if not len(terms) or not others:
        return found
    buckets = buckets_of(terms)
    rows = np.repeat(np.arange(len(others)), [len(other) for other in others])
    joined = buckets_of(np.concatenate(others))
    places = np.minimum(np.searchsorted(buckets, joined), len(buckets) - 1)
    same = buckets[places] == joined
    found[rows[same], places[same]] = True
    return found


def share_held(found: NDArray[np.bool_], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shape (others,): the share of the terms' weight that each of the others holds; `found` as `held` gives it.

    A product by OpenBLAS 0.3.31 with five terms, on processors with AVX-512, adds up memory that nobody set and throws that sum
    away: the result is right, and NumPy warns of an invalid value every now and then. `einsum` has loops of its own.
    """
    total = max(float(weights.sum()), 1e-9)
    held_weight: NDArray[np.float32] = np.einsum("ij,j->i", found, weights)
    return held_weight / total


def _bucket(term: str) -> int:
    return zlib.crc32(term.encode()) % BUCKETS
