"""Which results are shown: copies folded into one, stories too when asked, alike ones set apart, no source too often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.engines.columns import NO_STORY, NO_TIME, Columns
from indexer.engines.searchable import Searchable
from indexer.types import Rows
from search_api import ranking
from search_api.query import Collapse, SearchQuery, Sort
from search_api.ranking import Positions, Ranked
from search_api.results import Duplicates


@dataclass(frozen=True, slots=True)
class Folded:
    """The places of a ranking, folded: `texts` and `faces` are aligned with it.

    Places of one text have the same number in `texts`; `faces` holds for each place the row of the article that stands
    for its text; `shown` are the places of the hits, in order.
    """

    texts: Rows
    faces: Rows
    shown: Positions


def fold(snapshot: Searchable, query: SearchQuery, ranked: Ranked, *, dated: bool) -> Folded:
    """Fold a ranking as the query asks. In an order by date (`dated`) the best ranked copy of a text stands for it."""
    columns = snapshot.columns
    texts = np.arange(len(ranked), dtype=np.int64)
    faces = ranked.rows
    if query.collapse is not Collapse.NONE:
        texts = columns.text_group[ranked.rows]
        faces = faces if dated else faces_of(columns, ranked.rows, texts)
    shown = ranking.first_of_each(texts)
    if query.collapse is Collapse.STORY:
        shown = shown[ranking.first_of_each(_stories(columns, faces[shown]))]
    if query.diversity > 0 and query.sort is Sort.RELEVANCE:
        first = shown[: ranking.DIVERSIFIED]
        order = ranking.diversified(ranked.score[first], snapshot.article_vectors(faces[first]), query.diversity)
        shown = np.concatenate([first[order], shown[ranking.DIVERSIFIED :]])
    if query.max_per_source is not None:
        shown = shown[ranking.capped(columns.source[faces[shown]].tolist(), query.max_per_source)]
    return Folded(texts, faces, shown)


def left_after(snapshot: Searchable, query: SearchQuery, folded: Folded, seqs: Sequence[int]) -> Positions:
    """The places of the hits that were not shown yet, given the articles (archive numbers) that were.

    What is a copy of one of these now, or of the same story when stories are folded, counts as shown.
    """
    columns = snapshot.columns
    faces = folded.faces[folded.shown]
    before = snapshot.rows_of(seqs)
    known = np.isin(faces, before)
    if query.collapse is not Collapse.NONE:
        known |= np.isin(columns.text_group[faces], columns.text_group[before])
    if query.collapse is Collapse.STORY:
        stories = columns.story[before]
        known |= np.isin(columns.story[faces], stories[stories != NO_STORY])
    return folded.shown[~known]


def faces_of(columns: Columns, rows: Rows, texts: Rows) -> Rows:
    """For each of some article rows, the row among them that stands for its text (see `ranking.canonical`)."""
    standing = ranking.canonical(texts, rows, columns.published[rows], columns.length[rows], undated=NO_TIME)
    return rows[standing]


def duplicates_of(columns: Columns, copies: Rows) -> Duplicates:
    """What is said of the copies folded into an article."""
    names = (columns.words("source", row) for row in copies.tolist())
    return Duplicates(len(copies), tuple(dict.fromkeys(name for name in names if name)))


def _stories(columns: Columns, rows: Rows) -> Rows:
    """The story of each article row; for one that has none, a number of its own."""
    story = columns.story[rows]
    return np.where(story == NO_STORY, -1 - np.arange(len(rows)), story)
