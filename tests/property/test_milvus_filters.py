"""Filters as Milvus applies them, against the masks of columns: hostile texts, missing dates, every kind of condition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.archive_stored import Stored
from indexer.engines.columns import Columns, Mask
from indexer.engines.documents import document_of
from indexer.engines.milvus.store import MilvusStore
from indexer.engines.stored_columns import columns_of
from indexer.filters import Condition, Fact, Filters, Holds, Is, Published
from indexer.types import PubStatus
from tests.invented_documents import DIMENSION, stored
from tests.support import NOW

TEXTS = [
    "World", "WORLD", 'say "hello"', "back\\slash", 'x" or seq > 0 or "', "x') or 1 == 1", "100%", "a_b", "axb", "ünï", "Straße",
    "STRASSE", "東京", "خبر", "it's", "line\nbreak", "tab\there", "\\", '"', "\\\"", "%", "long " * 200, "emoji 🗞", "\0nul",
]  # fmt: skip
LANGUAGES = ["en", "en-GB", "EN-us", "fa", "pt-BR"]
MOMENTS = st.none() | st.sampled_from([NOW + timedelta(hours=hours) for hours in range(-14, 4)])
ARTICLES = 60


@pytest.fixture(scope="module")
def articles() -> list[Stored]:
    """Sixty articles with these texts in their fields; some withheld, under embargo, without a date."""
    rng = np.random.default_rng(5)

    def some(most: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(rng.choice(TEXTS, size=rng.integers(0, most + 1)).tolist()))

    return [
        stored(
            seq,
            chunks=1 + seq % 3,
            section=next(iter(some(1)), None),
            source=next(iter(some(1)), None),
            authors=some(3),
            tags=some(4),
            language=LANGUAGES[seq % len(LANGUAGES)],
            published_at=None if seq % 7 == 0 else NOW - timedelta(hours=seq % 12),
            embargoed=NOW + timedelta(hours=seq % 5 - 2) if seq % 6 == 0 else None,
            pubstatus=PubStatus.WITHHELD if seq % 11 == 0 else PubStatus.USABLE,
        )
        for seq in range(1, ARTICLES + 1)
    ]


@pytest.fixture(scope="module")
def store(articles: list[Stored], tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    store = MilvusStore(str(tmp_path_factory.mktemp("filters") / "filters.db"))
    store.create(1, DIMENSION)
    store.upsert(1, [document_of(one, None) for one in articles])
    yield store
    store.close()


def is_or_published() -> st.SearchStrategy[Condition]:
    value = st.sampled_from([*TEXTS, *LANGUAGES, "nobody", ""])
    return st.builds(Is, st.sampled_from(list(Fact)), value) | st.builds(Published, MOMENTS, MOMENTS)


def texts() -> st.SearchStrategy[tuple[str, ...]]:
    return st.just(()) | st.lists(st.sampled_from([*TEXTS, "nobody", ""]), min_size=1, max_size=3).map(tuple)


def asked() -> st.SearchStrategy[Filters]:
    return st.builds(
        Filters,
        now=st.sampled_from([NOW - timedelta(hours=2), NOW, NOW + timedelta(hours=2)]),
        sections=texts(),
        sources=texts(),
        exclude_sources=texts(),
        languages=st.just(()) | st.sampled_from([("en",), ("EN-gb", "fa"), ("xx",)]),
        authors=texts(),
        tags=texts(),
        published_from=MOMENTS,
        published_before=MOMENTS,
        as_of=MOMENTS,
        require=st.lists(st.lists(is_or_published(), min_size=1, max_size=3).map(tuple), max_size=2).map(tuple),
        exclude=st.lists(is_or_published(), max_size=2).map(tuple),
    )


def meeting(columns: Columns, condition: Condition) -> Mask:
    if isinstance(condition, Is):
        return columns.having(condition.field, [condition.value])
    assert isinstance(condition, Published)
    return columns.published_within(condition.start, condition.past)


def let_through(articles: list[Stored], filters: Filters) -> list[int]:
    """The articles that filters let through, one by one."""
    columns = columns_of(articles)
    mask = columns.mask(filters) & columns.usable & (columns.embargoed <= int(filters.now.timestamp()))
    for group in filters.require:
        mask &= np.logical_or.reduce([meeting(columns, condition) for condition in group])
    for condition in filters.exclude:
        mask &= ~meeting(columns, condition)
    seqs: list[int] = columns.seq[mask].tolist()
    return seqs


@given(filters=asked())
@settings(max_examples=300)
def test_milvus_lets_through_what_columns_let_through_in_articles_and_in_chunks(
    store: MilvusStore, articles: list[Stored], filters: Filters
) -> None:
    expected = let_through(articles, filters)
    assert store.count(1, filters) == len(expected)
    found, is_all = store.within(1, filters, ARTICLES, newest=True)
    assert (sorted(found.tolist()), is_all) == (expected, True)
    vector = np.full(DIMENSION, DIMENSION**-0.5, dtype=np.float32)
    owners, _ = store.nearest(1, vector, 1_000, filters)
    chunks = {one.seq: len(one.spans) for one in articles}
    assert sorted(owners.tolist()) == sorted(seq for seq in expected for _ in range(chunks[seq]))


@pytest.mark.parametrize("text", TEXTS)
def test_each_hostile_text_finds_its_own_articles_alone(store: MilvusStore, articles: list[Stored], text: str) -> None:
    for filters in (Filters(NOW, sections=(text,)), Filters(NOW, tags=(text,)), Filters(NOW, exclude_sources=(text,))):
        found, _ = store.within(1, filters, ARTICLES, newest=False)
        assert sorted(found.tolist()) == let_through(articles, filters)


def test_conditions_on_words_let_more_through_never_less(store: MilvusStore, articles: list[Stored]) -> None:
    plain = Filters(NOW, tags=("World",))
    wordy = Filters(
        NOW, tags=("World",), require=((Holds("ferry"), Is(Fact.SOURCE, "nobody")),), exclude=(Holds("late"),)
    )
    assert store.count(1, wordy) == store.count(1, plain) == len(let_through(articles, plain))


def test_moments_are_whole_seconds_as_they_are_in_columns(store: MilvusStore, articles: list[Stored]) -> None:
    for micro in (0, 1, 999_999):
        start = datetime.fromtimestamp(NOW.timestamp() - 3600, UTC).replace(microsecond=micro)
        filters = Filters(NOW.replace(microsecond=micro), published_from=start)
        assert store.count(1, filters) == len(let_through(articles, filters))
