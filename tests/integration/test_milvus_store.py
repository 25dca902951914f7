"""Articles in Milvus, kept in a file of Milvus Lite: what comes back, what a change leaves behind, which generation serves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.engines.documents import Document, document_of
from indexer.engines.milvus.keys import Key
from indexer.engines.milvus.pieces import WORDS_BYTES, joined
from indexer.engines.milvus.rows import MOST_CHUNKS, chunk_rows
from indexer.engines.milvus.store import WINDOW, MilvusStore
from indexer.engines.terms import BREAK, Terms
from indexer.errors import EngineError, GenerationMissing, SettingError
from indexer.types import PubStatus, Vector
from tests.invented_documents import DIMENSION, assert_same, document, met_of, stored
from tests.support import anything


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    store = MilvusStore(str(tmp_path_factory.mktemp("store") / "store.db"))
    store.create(1, DIMENSION)
    yield store
    store.close()


@pytest.fixture
def store(shared: MilvusStore) -> MilvusStore:
    """The store with nothing in generation 1."""
    shared.delete(1, [one.facts.seq for batch in shared.scan(1) for one in batch])
    assert shared.count(1) == 0
    return shared


def own_vector(given: Document) -> Vector:
    vector: Vector = given.embeddings[0].astype(np.float32)
    return vector


def test_a_document_comes_back_as_it_was_given(store: MilvusStore) -> None:
    given = document(
        7,
        chunks=3,
        section='The "World"',
        source="Wire\\Press",
        authors=("Ada L.", "高橋"),
        tags=("Ünï", "100%", "a_b"),
        language="pt-BR",
        body="Der Fluß führt Hochwasser. — «اخبار» 東京 don't stop.\n\nSecond paragraph.",
    )
    store.upsert(1, [given])
    (found,) = store.met(1, [7], fresh=True)
    assert_same(found, met_of(given))
    assert store.records(1, [7]) == {7: (1, given.record)}


def test_a_document_with_nothing_optional_comes_back(store: MilvusStore) -> None:
    bare = stored(8, chunks=0, url=None, published_at=None, language="und", pubstatus=PubStatus.WITHHELD)
    given = document_of(replace(bare, story=None), None)
    store.upsert(1, [given])
    (found,) = store.met(1, [8])
    assert_same(found, met_of(given))
    assert found.embeddings.shape == (0, DIMENSION)
    assert (found.facts.section, found.facts.source, found.story_id) == (None, None, None)
    assert store.count(1, anything()) == 0


def test_long_texts_come_back_whole_and_their_words_up_to_the_limit(store: MilvusStore) -> None:
    words = " ".join(f"é{'é' * (number % 9)}" for number in range(40_000))
    given = document(9, body=words[:200_000], title="é" * 5_000, tags=tuple(f"tag {n} {'é' * 600}" for n in range(300)))
    store.upsert(1, [given])
    ((version, record),) = store.records(1, [9]).values()
    assert (version, record) == (1, given.record)
    (found,) = store.met(1, [9])
    kept = len(found.terms.text)
    assert 0 < kept < len(given.terms.text)
    assert found.terms.text == given.terms.text[:kept]
    assert len(joined(given.terms.text[: kept + 1], most_bytes=2 * WORDS_BYTES).encode()) > WORDS_BYTES
    assert found.facts == given.facts
    assert store.count(1, replace(anything(), tags=(given.facts.tags[299],))) == 1


def test_two_million_characters_that_hardly_compress_come_back(store: MilvusStore) -> None:
    drawn = np.random.default_rng(3).integers(0x4E00, 0x9FFF, size=2_000_000)
    given = document(10, body="x", title="x")
    given = replace(given, record="".join(map(chr, drawn.tolist())))
    store.upsert(1, [given, document(11)])
    assert store.records(1, [10, 11])[10] == (1, given.record)


def test_chunks_past_the_most_are_left_out(store: MilvusStore) -> None:
    given = document(12, chunks=MOST_CHUNKS + 5)
    store.upsert(1, [given])
    (found,) = store.met(1, [12])
    assert found.embeddings.shape == (MOST_CHUNKS, DIMENSION)
    assert found.facts.spans == given.facts.spans[:MOST_CHUNKS]
    np.testing.assert_array_equal(found.embeddings, given.embeddings[:MOST_CHUNKS].astype(np.float32))


def test_storing_twice_is_storing_once(store: MilvusStore) -> None:
    given = [document(seq) for seq in range(20, 30)]
    store.upsert(1, given)
    store.upsert(1, given)
    assert store.count(1) == 10
    owners, _ = store.nearest(1, own_vector(given[0]), 1_000, anything())
    assert len(owners) == 20


def test_of_one_seq_twice_in_a_batch_the_later_is_stored(store: MilvusStore) -> None:
    store.upsert(1, [document(5, version=1, chunks=4), document(6), document(5, version=2, chunks=1)])
    assert store.count(1) == 2
    (found,) = store.met(1, [5])
    assert_same(found, met_of(document(5, version=2, chunks=1)))
    owners, _ = store.nearest(1, own_vector(document(5, version=1, chunks=4)), 1_000, anything())
    assert sorted(owners.tolist()) == [5, 6, 6]


def test_a_version_with_fewer_chunks_leaves_none_of_the_earlier_behind(store: MilvusStore) -> None:
    store.upsert(1, [document(5, version=1, chunks=40), document(6, version=1, chunks=3)])
    store.upsert(1, [document(5, version=2, chunks=2), document(6, version=2, chunks=0)])
    owners, _ = store.nearest(1, own_vector(document(5)), 1_000, anything())
    assert owners.tolist() == [5, 5]
    assert_same(store.met(1, [5])[0], met_of(document(5, version=2, chunks=2)))
    assert store.met(1, [6])[0].embeddings.shape == (0, DIMENSION)


def test_an_article_whose_new_chunks_alone_were_stored_is_met_without_chunks_until_it_is_stored_again(
    store: MilvusStore,
) -> None:
    old, new = document(5, version=1, chunks=3), document(5, version=2, chunks=2)
    store.upsert(1, [old])
    store._connection.write("upsert", collection_name="dateline_1_chunks", data=chunk_rows(new))
    (found,) = store.met(1, [5])
    assert (found.facts.version, found.facts.spans) == (1, old.facts.spans)
    np.testing.assert_array_equal(found.embeddings, old.embeddings[2:].astype(np.float32))
    store.upsert(1, [new])
    assert_same(store.met(1, [5])[0], met_of(new))
    owners, _ = store.nearest(1, own_vector(new), 1_000, anything())
    assert owners.tolist() == [5, 5]


def test_a_deleted_article_is_gone_with_its_chunks_and_others_stay(store: MilvusStore) -> None:
    store.upsert(1, [document(seq) for seq in (1, 2, 3)])
    store.delete(1, [2, 99])
    store.delete(1, [])
    assert [one.facts.seq for one in store.met(1, [3, 2, 1])] == [3, 1]
    assert store.records(1, [2]) == {}
    owners, _ = store.nearest(1, own_vector(document(2)), 100, anything())
    assert sorted(owners.tolist()) == [1, 1, 3, 3]


def test_articles_come_in_the_order_asked_and_missing_ones_are_left_out(store: MilvusStore) -> None:
    store.upsert(1, [document(seq) for seq in range(1, 700)])
    asked = [650, 3, 9_999, 400, 3, 1]
    assert [one.facts.seq for one in store.met(1, asked)] == [650, 3, 400, 3, 1]
    assert set(store.records(1, asked)) == {650, 3, 400, 1}
    assert store.met(1, []) == []


def test_articles_are_found_by_every_key(store: MilvusStore) -> None:
    given = [document(seq) for seq in range(30, 60)]
    store.upsert(1, given)
    one = given[4]
    for key, value, expected in (
        (Key.SEQ, 34, [34]),
        (Key.ID, "a34", [34]),
        (Key.URL_KEY, one.url_key, [34]),
        (Key.TEXT_KEY, one.text_key, [34]),
        (Key.TEXT_GROUP, 17, [34, 35]),
        (Key.STORY, 11, [33, 34, 35]),
        (Key.STORY_ID, "story11", [33, 34, 35]),
    ):
        assert value is not None
        assert store.find(1, key, [value], fresh=True).tolist() == expected
    assert store.find(1, Key.ID, ["a31", "A31", "none", 'x" or seq > 0 or "']).tolist() == [31]
    assert store.find(1, Key.ID, []).tolist() == []
    assert len(store.find(1, Key.SEQ, list(range(30, 60)), limit=7)) == 7


def test_the_nearest_chunks_come_first_with_their_cosines(store: MilvusStore) -> None:
    given = [document(seq, chunks=3) for seq in range(1, 80)]
    store.upsert(1, given)
    question = own_vector(document(500))
    owners, scores = store.nearest(1, question, 25, anything())
    pairs = [(float(vector @ question), one.facts.seq) for one in given for vector in one.embeddings.astype(np.float32)]
    pairs.sort(reverse=True)
    assert owners.tolist() == [seq for _, seq in pairs[:25]]
    np.testing.assert_allclose(scores, [score for score, _ in pairs[:25]], atol=1e-5)
    assert owners.dtype == np.int64
    assert scores.dtype == np.float32
    assert len(store.nearest(1, question, 10 * WINDOW, anything())[0]) == len(pairs)
    assert len(store.nearest(1, question, 0, anything())[0]) == 0


def test_the_articles_that_hold_the_most_and_rarest_words_come_first(store: MilvusStore) -> None:
    store.upsert(
        1,
        [
            document(1, body="The Übergröße was measured twice."),
            document(2, body="A zebra crossed. The zebra slept."),
            document(3, body="A zebra crossed the border while nobody was looking at it, or so the guard said."),
            document(4, body="Zebra.", pubstatus=PubStatus.WITHHELD),
        ],
    )
    (term,) = {"zebra"} & set(document(2, body="zebra").terms.text)
    assert store.by_words(1, [term], 10, anything()).tolist() == [2, 3]
    assert store.by_words(1, [term], 1, anything()).tolist() == [2]
    assert store.by_words(1, ["nowhere"], 10, anything()).tolist() == []
    assert store.by_words(1, [], 10, anything()).tolist() == []
    (odd,) = set(document(1, body="Übergröße", title="x").terms.text) - set(document(1, body="", title="x").terms.text)
    assert store.by_words(1, [odd], 10, anything()).tolist() == [1]


def test_a_scan_gives_every_article_once_in_order_over_gaps(store: MilvusStore) -> None:
    seqs = [1, 2, 3, 40, WINDOW - 1, WINDOW, 5 * WINDOW + 1, 900_000, 2**40]
    store.upsert(1, [document(seq, published_at=None) for seq in seqs])
    batches = list(store.scan(1, batch=2))
    assert [one.facts.seq for batch in batches for one in batch] == seqs
    assert max(map(len, batches)) == 2


def test_a_batch_larger_than_a_message_is_stored_in_several(store: MilvusStore) -> None:
    given = [document(seq, chunks=0) for seq in range(1, 5)]
    drawn = np.random.default_rng(4).integers(0x4E00, 0x9FFF, size=(4, 1_000_000))
    given = [replace(one, record="".join(map(chr, row.tolist()))) for one, row in zip(given, drawn, strict=True)]
    store.upsert(1, given)
    assert store.records(1, [1, 2, 3, 4]) == {one.facts.seq: (1, one.record) for one in given}


def test_generations_are_made_served_and_dropped(tmp_path: Path) -> None:
    store = MilvusStore(str(tmp_path / "generations.db"), prefix="one")
    other = MilvusStore(str(tmp_path / "generations.db"), prefix="one_2")
    assert (store.active(), store.generations(), store.manifest(1), store.mark("taken")) == (None, [], None, None)
    with pytest.raises(GenerationMissing, match="no generation 1"):
        store.activate(1)
    store.create(1, DIMENSION)
    store.upsert(1, [document(1)])
    store.create(1, DIMENSION)
    assert store.count(1) == 0
    store.upsert(1, [document(1)])
    store.put_manifest(1, {"model": "é", "articles": 1})
    store.activate(1)
    store.create(2, 2 * DIMENSION)
    assert (store.active(), store.generations(), other.generations()) == (1, [1, 2], [])
    store.activate(2)
    assert (store.active(), store.count(1), store.count(2)) == (2, 1, 0)
    for refused in (store.drop, lambda number: store.create(number, DIMENSION)):
        with pytest.raises(EngineError, match="generation 2 serves"):
            refused(2)
    assert store.manifest(1) == {"model": "é", "articles": 1}
    store.drop(1)
    store.drop(1)
    assert (store.generations(), store.manifest(1)) == ([2], None)
    with pytest.raises(GenerationMissing):
        store.met(1, [1])
    store.put_mark("taken", 2**60)
    store.put_mark("taken", 2**60 + 1)
    store.close()
    assert (store.mark("taken"), store.active()) == (2**60 + 1, 2)
    store.health()


@pytest.mark.parametrize("prefix", ["", "1st", "a-b", "a b", "é", "a" * 200])
def test_a_prefix_that_milvus_would_refuse_is_refused_before(prefix: str) -> None:
    with pytest.raises(SettingError, match="letters, digits"):
        MilvusStore("store.db", prefix=prefix)


def test_the_terms_of_a_withheld_article_are_nowhere(store: MilvusStore) -> None:
    store.upsert(1, [document(4, body="Secret plan.", pubstatus=PubStatus.WITHHELD)])
    (found,) = store.met(1, [4])
    assert found.terms == Terms("en", (BREAK,))
