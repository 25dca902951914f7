"""Rows found by number, by story and by what readers may see, against a walk over all of them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.archive_stored import Stored
from indexer.articles import epoch_seconds
from indexer.engines.columns import Columns
from indexer.engines.row_lookup import RowOfSeq, Sorted, StoryRows
from indexer.engines.stored_columns import columns_of
from indexer.engines.visible_rows import VisibleRows
from indexer.engines.word_scores import put
from indexer.types import Article, PubStatus
from tests.support import NOW

NUMBERS = st.lists(st.integers(1, 30), unique=True, max_size=12)


@given(base=NUMBERS, changed=NUMBERS, gone=NUMBERS, again=NUMBERS)
def test_the_row_of_an_article_is_that_of_its_last_version(
    base: list[int], changed: list[int], gone: list[int], again: list[int]
) -> None:
    rows = {seq: row for row, seq in enumerate(base)}
    lookup = RowOfSeq(Sorted(np.array(base, dtype=np.int64)))
    for step, new, left in ((1, changed, gone), (2, again, [])):
        later = {seq: 100 * step + place for place, seq in enumerate(new)}
        lookup = lookup.with_changes(later, left)
        rows = {seq: row for seq, row in rows.items() if seq not in left} | later
    assert {seq: lookup.get(seq) for seq in range(1, 31)} == {seq: rows.get(seq) for seq in range(1, 31)}
    assert lookup.of(range(1, 31)).tolist() == [rows[seq] for seq in range(1, 31) if seq in rows]


@given(base=st.lists(st.integers(0, 5), max_size=12), since=st.lists(st.integers(0, 5), max_size=6))
def test_the_rows_of_a_story_are_those_of_the_generation_and_of_the_tail(base: list[int], since: list[int]) -> None:
    found = StoryRows(Sorted(np.array(base, dtype=np.int64)), np.array(since, dtype=np.int64), len(base))
    for story in range(6):
        assert found.of(story).tolist() == [row for row, one in enumerate([*base, *since]) if one == story]


@given(st.lists(st.integers(0, 40), unique=True, max_size=20), st.lists(st.integers(0, 40), unique=True, max_size=20))
def test_scores_are_put_to_the_places_of_their_rows(rows: list[int], found: list[int]) -> None:
    values = np.full(len(rows), -1.0, dtype=np.float32)
    scores = np.array([row / 2 for row in found], dtype=np.float32)
    is_found = put(values, np.array(rows, dtype=np.int64), np.array(found, dtype=np.int64), scores)
    assert is_found.tolist() == [row in found for row in rows]
    assert values.tolist() == [row / 2 if row in found else -1.0 for row in rows]


def test_an_article_is_seen_from_the_moment_its_embargo_ends_and_not_found_anew_before() -> None:
    columns = embargoed_columns()
    visible = VisibleRows(np.repeat(np.arange(4, dtype=np.int32), np.diff(columns.chunk_offsets)))
    dead = np.array([False, False, True, False])
    now = epoch_seconds(NOW)
    before = visible.mask(columns, dead, now)
    assert before.tolist() == [True, False, False, False]
    assert visible.mask(columns, dead, now + 59) is before
    assert visible.chunks(before).mask.tolist() == [True, True, False, False, False, False]
    assert visible.chunks(before) is visible.chunks(before)
    assert not before.flags.writeable
    after = visible.mask(columns, dead, now + 60)
    assert after.tolist() == [True, True, False, False]
    assert visible.chunks(after).count == 3
    assert visible.mask(columns, dead, now).tolist() == before.tolist()


def embargoed_columns() -> Columns:
    """One that is seen, one under embargo for a minute, one that gave way to another, one that was withheld."""
    articles = [
        Article("a", "A", "one"),
        Article("b", "B", "two", embargoed=NOW + timedelta(minutes=1)),
        Article("c", "C", "three"),
        Article("d", "D", "four", pubstatus=PubStatus.WITHHELD),
    ]
    spans = [[(0, 1), (1, 3)], [(0, 3)], [(0, 5)], [(0, 2), (2, 4)]]
    nothing = np.empty((0, 0), dtype=np.float16)
    return columns_of([Stored(n, 1, n, n, None, one, spans[n], nothing) for n, one in enumerate(articles)])
