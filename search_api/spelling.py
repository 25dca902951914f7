"""The query as it was perhaps meant: words that no article has, spelled like near ones that several have."""

from __future__ import annotations

import re
from datetime import datetime

import numpy as np
from rapidfuzz.distance import OSA

from indexer.engines.analysis import folded
from indexer.engines.embedded import Snapshot
from indexer.filters import Filters, Holds
from search_api.candidates import Question

SHORTEST = 4
"""A word with fewer letters is never respelled."""

LONG = 8
"""A word with this many letters may differ in two places, a shorter one in one."""

COMMON = 3
"""In how many articles a word must stand to be suggested."""

_WORD = re.compile(r"[^\W\d_]+")


def respelled(snapshot: Snapshot, typed: str, question: Question) -> str | None:
    """The typed query with each unknown word replaced by the nearest common one; None when there is nothing to replace.

    The first letter is taken to be right. Distance counts letters added, left out, changed, or swapped with the next.
    """
    if question.terms is None:
        return None
    better = {}
    for word in dict.fromkeys(_WORD.findall(question.text)):
        if len(word) >= SHORTEST and not snapshot.lexical.holds(word):
            found = _nearest(snapshot, word, question.filters.now)
            if found:
                better[word] = found
    if not better:
        return None
    return _WORD.sub(lambda match: better.get(match.group(), match.group()), typed)


def _nearest(snapshot: Snapshot, word: str, now: datetime) -> str | None:
    letters = "".join(folded(word))
    if not letters:
        return None
    most = 2 if len(letters) >= LONG else 1
    distances = (
        (OSA.distance(letters, term, score_cutoff=most), -count, term)
        for term, count in snapshot.lexical.common_words(letters[:1])
        if count >= COMMON
    )
    near = sorted(found for found in distances if found[0] <= most)[:COMMON]
    visible = snapshot.allowed(Filters(now)) if near else np.empty(0, dtype=np.bool_)
    holders = ((term, snapshot.lexical.rows_where(Holds(term, exact=True))) for _, _, term in near)
    return next((term for term, rows in holders if int(visible[rows].sum()) >= COMMON), None)
