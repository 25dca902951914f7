"""The newest and oldest articles, and the words that most articles hold, of more than one question can be answered with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.engines.documents import document_of
from indexer.engines.milvus.counted_words import beginning
from indexer.engines.milvus.dates import Dated, between
from indexer.engines.milvus.keys import Kind
from indexer.engines.milvus.store import MilvusStore
from tests.invented_documents import DIMENSION, stored
from tests.support import NOW, anything

ARTICLES = 300
WORDS = Counter({f"w{'ab%_~é'[n % 6]}{n}": 1 + (n * n) % 7 * (n % 50) for n in range(400)}) + Counter(
    {"wx": 900, "v": 5}
)


def published(seq: int) -> datetime | None:
    """Many of one second, some far apart, some of other centuries or yet to come, some without a date."""
    if seq % 9 == 0:
        return None
    if seq % 9 < 4:
        return NOW - timedelta(hours=5)
    return {4: NOW - timedelta(seconds=seq), 5: NOW - timedelta(days=30 * seq), 6: NOW.replace(year=1700 + seq)}.get(
        seq % 9, NOW + timedelta(minutes=seq)
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    store = MilvusStore(str(tmp_path_factory.mktemp("order") / "order.db"))
    store.create(1, DIMENSION)
    articles = [
        stored(seq, chunks=0, published_at=published(seq), tags=("odd",) if seq % 2 else ()) for seq in range(ARTICLES)
    ]
    store.upsert(1, [document_of(one, None) for one in articles], new=True)
    store.add_holders(1, {Kind.EXACT: WORDS, Kind.TITLE: {"wtitle": 5_000}})
    yield store
    store.close()


def in_order(seqs: range, *, newest: bool) -> list[int]:
    """All in order of time and number; those without a date last."""
    dated = sorted((int(when.timestamp()), seq) for seq in seqs if (when := published(seq)) is not None)
    undated = sorted(seq for seq in seqs if published(seq) is None)
    return [seq for _, seq in (dated[::-1] if newest else dated)] + (undated[::-1] if newest else undated)


@given(wanted=st.integers(0, ARTICLES + 5), over=st.integers(0, 40), newest=st.booleans(), odd=st.booleans())
@settings(max_examples=60)
def test_the_first_by_date_are_those_of_all_in_order_however_few_rows_an_answer_holds(
    store: MilvusStore, wanted: int, over: int, newest: bool, odd: bool
) -> None:
    filters = replace(anything(), tags=("odd",)) if odd else anything()
    expected = in_order(range(1 if odd else 0, ARTICLES, 2 if odd else 1), newest=newest)
    dated = Dated(store._connection, "dateline_1_articles", filters, newest, window=max(wanted + over, 1))
    seqs, is_all = dated.first(wanted)
    assert seqs.tolist() == expected[:wanted]
    assert is_all == (wanted >= len(expected))


def test_the_store_gives_the_newest_and_the_oldest(store: MilvusStore) -> None:
    seqs, is_all = store.within(1, anything(), 50, newest=True)
    assert (seqs.tolist(), is_all) == (in_order(range(ARTICLES), newest=True)[:50], False)
    seqs, is_all = store.within(1, anything(), 10**6, newest=False)
    assert (seqs.tolist(), is_all) == (in_order(range(ARTICLES), newest=False), True)
    seqs, is_all = store.within(1, replace(anything(), tags=("none",)), 5, newest=False)
    assert (seqs.tolist(), is_all) == ([], True)
    assert seqs.dtype == np.int64


@given(st.integers(-(10**11), 10**11), st.integers(2, 10**11), st.booleans(), st.sampled_from([0, 1_790_000_000]))
def test_what_lies_between_two_numbers_lies_between_them(one: int, apart: int, up: bool, origin: int) -> None:
    other = one + apart if up else one - apart
    for first, second in ((one, other), (origin, origin + apart), (origin - apart, origin)):
        middle = between(first, second, origin)
        assert min(first, second) < middle < max(first, second)


@given(
    prefix=st.sampled_from(["", "w", "wa", "w%", "w_", "w~", "wé", "wé3", "wx", "none"]),
    letters=st.none() | st.sampled_from([(2, 2), (3, 4), (9, 9)]),
    limit=st.integers(0, 30),
    window=st.integers(30, 500),
)
@settings(max_examples=80)
def test_the_words_with_a_beginning_that_most_articles_hold_come_first(
    store: MilvusStore, prefix: str, letters: tuple[int, int] | None, limit: int, window: int
) -> None:
    fitting = {
        word: held
        for word, held in WORDS.items()
        if word.startswith(prefix) and (letters is None or letters[0] <= len(word) <= letters[1])
    }
    found = beginning(store._connection, "dateline_1_words", (Kind.EXACT, prefix, letters), limit, window)
    assert all(fitting[word] == held for word, held in found)
    assert len(dict(found)) == len(found)
    assert [held for _, held in found] == sorted(fitting.values(), reverse=True)[:limit]


def test_words_are_counted_up_and_down_and_forgotten_at_none(store: MilvusStore) -> None:
    kind = Kind.AUTHOR
    store.add_holders(1, {kind: {"Ada": 2, 'O"Brien\\': 1, "é" * 3_000: 4, "": 1, "é" * 40_000: 1, "none": 0}})
    store.add_holders(1, {kind: {"Ada": 3, 'O"Brien\\': -1, "gone": -5}})
    asked = ["Ada", "ada", 'O"Brien\\', "é" * 3_000, "é" * 2_999, "", "é" * 40_000, "none", "gone"]
    assert store.holders(1, kind, asked) == {"Ada": 5, "é" * 3_000: 4, "": 1}
    assert store.holders(1, Kind.TAG, asked) == {}
    assert store.beginning(1, kind, "é", letters=None, limit=5) == [("é" * 3_000, 4)]
    assert store.holders(1, Kind.EXACT, [*WORDS, "nothing"]) == dict(WORDS)
    assert store.holders(1, kind, []) == {}
