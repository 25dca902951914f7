"""Columns joined and taken apart, against columns made of the same articles at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.archive_stored import Stored
from indexer.engines.columns import Columns, joined_columns
from indexer.engines.facts import facts_of
from indexer.engines.stored_columns import GrowingColumns, columns_of
from indexer.types import Article

WORDS = st.sampled_from(["Ada", "ada", "Bo", "Çelik", "高橋", ""])


@st.composite
def articles(draw: st.DrawFn) -> list[Stored]:
    return [draw(article(seq)) for seq in range(draw(st.integers(0, 12)))]


@st.composite
def article(draw: st.DrawFn, seq: int) -> Stored:
    """One with any number of authors, tags and chunks, none among them, and with or without a date."""
    hours = draw(st.none() | st.integers(-10_000, 10_000))
    spans = draw(st.lists(st.tuples(st.integers(0, 50), st.integers(50, 99)), max_size=3))
    return Stored(
        seq=seq,
        version=draw(st.integers(1, 9)),
        change=seq + 1,
        text_group=draw(st.integers(-(2**63), 2**63 - 1)),
        story=draw(st.none() | st.integers(1, 5)),
        article=Article(
            id=f"a{seq}",
            title="A headline",
            body="x" * draw(st.integers(0, 9)),
            published_at=None if hours is None else datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours),
            section=draw(st.none() | WORDS),
            source=draw(st.none() | WORDS),
            authors=tuple(draw(st.lists(WORDS, max_size=3))),
            tags=tuple(draw(st.lists(WORDS, max_size=3))),
        ),
        spans=spans,
        embeddings=np.zeros((len(spans), 4), dtype=np.float16),
        known_from=draw(st.integers(0, 2**40)),
    )


def assert_equal(columns: Columns, expected: Columns) -> None:
    for field in fields(Columns):
        left, right = getattr(columns, field.name), getattr(expected, field.name)
        if field.name == "vocabulary":
            assert left == right
        else:
            assert (left.dtype, left.tolist()) == (right.dtype, right.tolist()), field.name


def cut_at(stored: Sequence[Stored], places: Sequence[int]) -> list[Sequence[Stored]]:
    ends = sorted(min(place, len(stored)) for place in places)
    return [stored[first:past] for first, past in zip([0, *ends], [*ends, len(stored)], strict=True)]


@settings(max_examples=150, deadline=None)
@given(stored=articles(), places=st.lists(st.integers(0, 12), max_size=4))
def test_joined_parts_are_the_columns_of_all_articles(stored: list[Stored], places: list[int]) -> None:
    parts = [columns_of(part) for part in cut_at(stored, places)]
    assert_equal(joined_columns(parts), columns_of(stored))


@settings(max_examples=150, deadline=None)
@given(stored=articles(), data=st.data())
def test_rows_taken_out_are_the_columns_of_those_articles(stored: list[Stored], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(stored) - 1), unique=True) if stored else st.just([]))
    taken = columns_of(stored).at(np.array(rows, dtype=np.int64))
    assert_equal(taken, columns_of([stored[row] for row in rows]))


@settings(max_examples=20, deadline=None)
@given(stored=articles())
def test_columns_read_back_are_those_saved_mapped_or_not(stored: list[Stored]) -> None:
    columns = columns_of(stored)
    with TemporaryDirectory() as room:
        columns.save(Path(room) / "columns")
        for mapped in (True, False):
            assert_equal(Columns.load(Path(room) / "columns", mapped=mapped), columns)


@settings(max_examples=150, deadline=None)
@given(stored=articles(), places=st.lists(st.integers(0, 12), max_size=4), aside=st.data())
def test_columns_that_grow_are_those_of_all_articles_and_earlier_views_stay_as_they_were(
    stored: list[Stored], places: list[int], aside: st.DataObject
) -> None:
    first, *parts = cut_at(stored, places)
    growth = GrowingColumns()
    views = [columns_of(first)]
    expected = [list(first)]
    for part in parts:
        if aside.draw(st.booleans()):  # a view that nobody follows, made of the last one, or of an earlier one
            before = aside.draw(st.integers(0, len(views) - 1))
            assert_grown(
                growth.with_more(views[before], [facts_of(item) for item in part[:1]]), [*expected[before], *part[:1]]
            )
        views.append(growth.with_more(views[-1], [facts_of(item) for item in part]))
        expected.append([*expected[-1], *part])
    for view, articles_of_view in zip(views, expected, strict=True):
        assert_grown(view, articles_of_view)


def assert_grown(columns: Columns, stored: Sequence[Stored]) -> None:
    """Equal but for the codes of words: other views of the same arrays have words that these articles do not have."""
    expected = columns_of(stored)
    for field in fields(Columns):
        if field.name in expected.vocabulary:
            assert spelled_out(columns, field.name) == spelled_out(expected, field.name), field.name
        elif field.name != "vocabulary":
            assert getattr(columns, field.name).tolist() == getattr(expected, field.name).tolist(), field.name


def spelled_out(columns: Columns, name: str) -> list[str | None]:
    """The words that the codes of a column stand for."""
    words = columns.vocabulary[name]
    return [words[code] if code >= 0 else None for code in getattr(columns, name).tolist()]
