"""What fills a list of related articles that is too short: the newest of the seed's section, then of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from indexer.engines.searchable import Searchable
from indexer.filters import Filters
from indexer.types import Article, Rows
from search_api.candidates import Question
from search_api.hits import Highlight, HitMaker, Shown
from search_api.library import Library, View
from search_api.query import Fallback, RelatedQuery
from search_api.ranking import Candidates, Ranked
from search_api.related_modes import fallback_of
from search_api.results import Hit

FILL_TO = 3
"""A list shorter than this is filled up to it by the fallback."""

_LOOKED_AT = 1000
"""How many of the newest articles are looked at: copies, and sources that had their share, are passed over."""

_STEPS = {
    Fallback.SECTION: (Fallback.SECTION, Fallback.RECENT),
    Fallback.RECENT: (Fallback.RECENT,),
    Fallback.NONE: (),
}


def filling(
    library: Library, view: View, query: RelatedQuery, sections: Sequence[str], shown: Rows, never: Rows
) -> tuple[tuple[Hit, ...], str | None]:
    """The hits that bring a list of the rows `shown` up to FILL_TO, and what the last of them are of.

    `sections` are the seed's; no article of the text groups `never`, and no copy of one shown, is among the hits.
    """
    snapshot = view.snapshot
    found: tuple[Hit, ...] = ()
    used: str | None = None
    groups = {*never.tolist(), *snapshot.columns.text_group[shown].tolist()}
    for step in _STEPS[fallback_of(query)]:
        missing = min(query.limit, FILL_TO) - len(shown)
        filters = query.filters
        if step is Fallback.SECTION:
            wanted = tuple(section for section in sections if _asked_for(section, filters.sections))
            if not wanted:
                continue
            filters = replace(filters, sections=wanted)
        if missing <= 0:
            break
        rows = _newest(snapshot, query, filters, shown, groups)[:missing]
        more = _hits(library, view, filters, rows)
        if more:
            used, found = step, found + more
            shown = np.concatenate([shown, rows])
            groups.update(snapshot.columns.text_group[rows].tolist())
    return found, used


def latest(library: Library, filters: Filters, count: int) -> list[Article]:
    """The newest articles that the filters allow."""
    view = library.view
    if view is None:
        return []
    columns = view.snapshot.columns
    rows, _ = view.snapshot.by_date(filters, count, newest=True)
    found = library.records.shown_at([(int(columns.seq[row]), int(columns.version[row])) for row in rows], filters.now)
    return [article for article in found if article is not None]


def _asked_for(section: str, sections: tuple[str, ...]) -> bool:
    return not sections or section.casefold() in {one.casefold() for one in sections}


def _newest(snapshot: Searchable, query: RelatedQuery, filters: Filters, shown: Rows, groups: set[int]) -> Rows:
    """The newest articles that the filters let through, each of another text, none of these groups or of a source that had its
    share."""
    columns = snapshot.columns
    groups = set(groups)
    sources = Counter(columns.source[shown].tolist())
    found = []
    for row in snapshot.by_date(filters, _LOOKED_AT, newest=True)[0].tolist():
        group, source = int(columns.text_group[row]), int(columns.source[row])
        full = query.max_per_source is not None and source >= 0 and sources[source] >= query.max_per_source
        if group in groups or full:
            continue
        found.append(row)
        groups.add(group)
        sources[source] += 1
        if len(found) == FILL_TO:
            break
    return np.array(found, dtype=np.int64)


def _hits(library: Library, view: View, filters: Filters, rows: Rows) -> tuple[Hit, ...]:
    nothing = np.zeros(len(rows), dtype=np.float32)
    places = np.arange(len(rows), dtype=np.int64)
    candidates = Candidates(rows, nothing, nothing, nothing, nothing, view.snapshot.columns.published[rows])
    ranked = Ranked(places, rows, nothing, nothing, nothing, nothing, nothing)
    question = Question("", (), None, None, filters)
    maker = HitMaker(library, view, question, filters.now, Highlight.NONE)
    return maker.make(Shown.of(ranked, candidates, places, view.snapshot.columns.text_group[rows]))
