"""How much newer articles are preferred: bounded, after blending, and chosen from the question when nobody says. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from indexer.errors import QueryError
from indexer.types import Scores

ASKED_STRENGTH = 0.5
"""The most that age takes from a score when a half-life is asked for."""

FRESH = timedelta(days=3)
"""Reports of the last days: when many of the best are so new, the question is about what is happening."""

FRESH_SHARE = 0.125
"""The share of the best, weighed by score, that must be fresh for that."""

JUDGED_BEST = 10
"""How many of the best are looked at."""

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "y": timedelta(days=365)}
_SPAN = re.compile(r"(\d{1,4})([hdwy])")

_CURRENT = re.compile(
    r"\b(?:latest|newest|most recent|breaking|current(?:ly)?|now|ongoing|updates?|live|so far|at the moment|"
    r"happening|developments?|still|yet|news (?:on|about|of))\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:history|historical|histor(?:y|ies) of|origins?|original(?:ly)?|founded|founders?|founding|began|begin|begun|"
    r"beginnings?|first|started|in the first place|back then|used to|anniversary|years? ago|ago|decades?|"
    r"century|timeline|archives?|(?:1[5-9]|20)\d\d)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Recency:
    """Age takes at most `strength` (0..1) from a score, half of that after one half-life, in seconds."""

    strength: float
    half_life_s: float

    def factors(self, published: NDArray[np.int64], now: datetime, undated: int) -> Scores:
        """1 - strength * (1 - 2^(-age / half-life)) for each time of publication; one without a date counts as old."""
        age = np.maximum(0.0, now.timestamp() - published.astype(np.float64))
        kept = np.where(published == undated, 0.0, np.exp2(-age / self.half_life_s))
        return (1 - self.strength * (1 - kept)).astype(np.float32)


ASKED = Recency(strength=0.4, half_life_s=timedelta(days=7).total_seconds())
"""For questions whose words ask for what is new."""

SENSED = Recency(strength=0.2, half_life_s=timedelta(days=7).total_seconds())
"""For questions whose best answers have only just been published."""


def asked_recency(setting: str) -> Recency | None:
    """The preference that a setting such as `7d` asks for; None for `off` and `auto`; raises QueryError for any other."""
    if setting in ("off", "auto"):
        return None
    half_life = span(setting)
    if half_life is None:
        raise QueryError(
            f"recency is {setting!r}; expected auto, off, or a half-life such as 12h, 7d, 4w or 1y (hours, days, weeks, years)"
        )
    return Recency(ASKED_STRENGTH, half_life.total_seconds())


def span(text: str) -> timedelta | None:
    """The length of time that a text such as `12h`, `7d`, `4w` or `1y` names; None for one that names none."""
    match = _SPAN.fullmatch(text)
    return int(match[1]) * _UNITS[match[2]] if match and int(match[1]) else None


def sensed_recency(text: str, scores: Scores, published: NDArray[np.int64], now: datetime) -> Recency | None:
    """The preference that a question of its own accord has; none for one about the past.

    Its words decide; when they say nothing, the dates of its best answers do (after Jones and Diaz, "Temporal profiles of
    queries", TOIS 2007). `scores` and `published` are aligned, best first.
    """
    if _PAST.search(text):
        return None
    if _CURRENT.search(text):
        return ASKED
    best = scores[:JUDGED_BEST]
    age = now.timestamp() - published[:JUDGED_BEST].astype(np.float64)
    fresh = (age >= 0) & (age <= FRESH.total_seconds())
    total = float(best.sum())
    return SENSED if total > 0 and float(best[fresh].sum()) / total >= FRESH_SHARE else None
