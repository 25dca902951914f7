"""The query as it was perhaps meant: words that no article has, spelled like near ones that several have."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import islice

from rapidfuzz import process
from rapidfuzz.distance import OSA

from indexer.engines.analysis import folded
from indexer.engines.searchable import Searchable
from indexer.filters import Holds
from search_api.candidates import Question
from search_api.query import PASSAGE_WORDS
from search_api.seen import are_seen

SHORTEST = 4
"""A word with fewer letters is never respelled."""

LONG = 8
"""A word with this many letters may differ in two places, a shorter one in one."""

COMMON = 3
"""In how many articles a word must stand to be suggested."""

MOST_RESPELLED = 3
"""How many unknown words of a query are looked up, and how many near ones of each are considered."""

_WORD = re.compile(r"[^\W\d_]+")
_PERSIAN = re.compile("[یکپچژگ]")
_TO_PERSIAN = str.maketrans("يك", "یک")
"""The index holds Arabic letters for both."""


def respelled(snapshot: Searchable, typed: str, question: Question) -> str | None:
    """The typed query with each unknown word replaced by the nearest common one; None when there is nothing to replace.

    The first letter is taken to be right. Distance counts letters added, left out, changed, or swapped with the next.
    A passage is not respelled, and of a question at most MOST_RESPELLED words.
    """
    if question.terms is None or typed.count(" ") >= PASSAGE_WORDS:
        return None
    now = question.filters.now
    words = (word for word in dict.fromkeys(_WORD.findall(question.text)) if len(word) >= SHORTEST)
    unknown = islice((word for word in words if not snapshot.lexical.holds(word, now)), MOST_RESPELLED)
    better = {word: found for word in unknown if (found := _nearest(snapshot, word, now))}
    if not better:
        return None
    return _WORD.sub(lambda match: _cased(better.get(match.group()), match.group()), typed)


def _cased(better: str | None, word: str) -> str:
    """The better word with the capitals of the typed one."""
    if better is None:
        return word
    if _PERSIAN.search(word):
        better = better.translate(_TO_PERSIAN)
    return better.upper() if word.isupper() else better.capitalize() if word[0].isupper() else better


def _nearest(snapshot: Searchable, word: str, now: datetime) -> str | None:
    letters = "".join(folded(word))
    if not letters:
        return None
    most = 2 if len(letters) >= LONG else 1
    alike_long = (len(letters) - most, len(letters) + most)
    counts = snapshot.lexical.common_words(letters[:1], alike_long, COMMON)
    near = process.extract(letters, list(counts), scorer=OSA.distance, score_cutoff=most, limit=None)
    likest = sorted((distance, -counts[term], term) for term, distance, _ in near)[:MOST_RESPELLED]
    return next((term for _, _, term in likest if are_seen(snapshot, Holds(term, exact=True), now, COMMON)), None)
