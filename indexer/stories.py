"""Which story an article belongs to, judged by its likeness to the articles of that story around it. Pure."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

MEANING = 0.5
WORDS = 0.5
TIME = 0.2
SECTION = 0.08
"""Weights of the signals of likeness; docs/relevance.md has their worth."""

HALF_DAY = 0.5
YEAR = 365.0

CLOSEST = 0.4
"""Share of the likest article in belonging to a story; the mean over its articles has the rest, so that one alike does not
chain two stories together."""

BELONGS = 0.45
"""The least belonging that makes an article part of a story; below, it begins one of its own."""

Likeness = NDArray[np.float32]
"""Shape (articles,), in 0..1."""


def closeness(days: NDArray[np.float32]) -> NDArray[np.float32]:
    """Closeness in time of articles so many days apart: 1 on the same moment, 0 from a year on, logarithmic between.

    Not a number stays so.
    """
    falling = 1 - np.log1p(np.abs(days) / HALF_DAY) / np.log1p(YEAR / HALF_DAY)
    return np.asarray(np.clip(falling, 0, 1), dtype=np.float32)


def likeness(
    cosine: NDArray[np.float32],
    shared: NDArray[np.float32],
    days: NDArray[np.float32] | None,
    same_section: NDArray[np.bool_] | None,
) -> Likeness:
    """How like an article is to others: vectors, telling words that it shares (0..1, by weight), dates, section.

    A signal that is not known (None) is left out, and the others count for more.
    """
    total = MEANING * np.clip(cosine, 0, 1) + WORDS * np.sqrt(shared)
    weight = MEANING + WORDS
    if days is not None:
        total = total + TIME * closeness(days)
        weight += TIME
    if same_section is not None:
        total = total + SECTION * same_section
        weight += SECTION
    return np.asarray(total / weight, dtype=np.float32)


def belonging(to_articles: Likeness) -> float:
    """How much an article belongs to a story, from its likeness to the story's articles."""
    return float(CLOSEST * to_articles.max() + (1 - CLOSEST) * to_articles.mean())


def story_id_from(article_id: str, attempt: int = 0) -> str:
    """The public id of a story that begins with an article; another for each attempt."""
    return hashlib.sha256(f"story\0{article_id}\0{attempt}".encode()).hexdigest()[:16]
