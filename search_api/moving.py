"""How much a story is moving: how fresh its texts are, how many they are, and from how many sources. Pure."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from indexer.errors import QueryError
from search_api.recency import span

HALF_LIVES = 4
"""How many half-lives a window is long: a text from its very beginning still counts a sixteenth of one of now."""


def asked_window(setting: str) -> timedelta:
    """The length of time that a setting such as `7d` asks for; raises QueryError for what is none."""
    window = span(setting)
    if window is None:
        raise QueryError(
            f"window is {setting!r}; expected a length of time such as 24h, 7d, 4w or 1y (hours, days, weeks, years)"
        )
    return window


def movement(
    ages_s: NDArray[np.float64], story: NDArray[np.int64], sources: NDArray[np.int64], window: timedelta
) -> NDArray[np.float64]:
    """The score of each story: the sum over its texts of 2^(-age / half-life), times 1 + ln(sources).

    `ages_s` (below 0 counts as 0) and `story` (its place in `sources`) are of the texts within the window; `sources`
    counts the different ones of each story's articles there. A text adds at most 1, a quarter of the window is one
    half-life, so a score is at most texts * (1 + ln(sources)).
    """
    half_life_s = window.total_seconds() / HALF_LIVES
    freshness = np.bincount(story, np.exp2(-np.maximum(ages_s, 0.0) / half_life_s), minlength=len(sources))
    return np.asarray(freshness * (1 + np.log(np.maximum(sources, 1))))
