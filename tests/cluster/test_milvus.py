"""What Milvus 2.3.5 really does where an engine on it must know: limits, levels of consistency, aliases, silent refusals."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pymilvus import DataType, Function, FunctionType, MilvusClient, MilvusException

from tests.cluster.cluster import Cluster
from tests.cluster.load import BOUNDED_S
from tests.cluster.system import DIMENSION, MilvusArticles, article_id, is_unavailable, vector

pytestmark = pytest.mark.cluster

MOST_HITS = 16_384
LANGUAGES = [f"l{number}" for number in range(12)]


@pytest.fixture
def client(cluster: Cluster) -> Iterator[MilvusClient]:
    """A client, to a cluster that has no collection but those of the test."""
    client = MilvusClient(cluster.uri, timeout=30)
    yield client
    for name in client.list_collections():
        for alias in client.list_aliases(name)["aliases"]:
            client.drop_alias(alias)
        client.drop_collection(name)


@pytest.fixture
def articles(cluster: Cluster, client: MilvusClient) -> MilvusArticles:
    """A loaded collection of 5,000 articles."""
    articles = MilvusArticles(cluster.uri, "articles")
    articles.create()
    for start in range(0, 5_000, 1_000):
        articles.upsert(range(start, start + 1_000))
    assert client.has_collection("articles")
    return articles


def schema_with(*fields: tuple[str, DataType, dict[str, Any]]) -> Any:
    """An id, these fields, and a vector."""
    schema = MilvusClient.create_schema(auto_id=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
    for name, kind, options in fields:
        schema.add_field(name, kind, **options)
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=DIMENSION)
    return schema


def index_and_load(client: MilvusClient, name: str) -> None:
    index = client.prepare_index_params()
    index.add_index("dense", index_type="HNSW", metric_type="COSINE", params={"M": 16, "efConstruction": 100})
    client.create_index(name, index)
    client.load_collection(name)


def test_a_strong_search_sees_an_acknowledged_write_and_a_bounded_one_sees_it_in_time(articles: MilvusArticles) -> None:
    for number in range(5_000, 5_005):
        articles.upsert([number])
        assert articles.nearest(number, strong=True) == article_id(number)
    articles.upsert([5_005])
    time.sleep(BOUNDED_S)
    assert articles.nearest(5_005, strong=False) == article_id(5_005)


def test_pages_and_the_iterator_list_every_id_once_sealed_or_not(articles: MilvusArticles) -> None:
    def iterated() -> list[str]:
        pages = articles.client.query_iterator(articles.name, batch_size=700, output_fields=["id"])
        found: list[str] = []
        while page := pages.next():
            found += [row["id"] for row in page]
        pages.close()
        return sorted(found)

    expected = [article_id(number) for number in range(12_000)]
    articles.client.flush(articles.name)
    articles.upsert(range(4_000, 12_000))
    assert articles.ids() == expected
    time.sleep(BOUNDED_S)
    assert iterated() == expected
    articles.read_from_disk()
    assert articles.ids() == expected
    assert iterated() == expected


def test_a_search_gives_at_most_16384_hits_and_says_so(articles: MilvusArticles) -> None:
    (hits,) = articles.client.search(articles.name, data=[vector(1)], limit=MOST_HITS, consistency_level="Strong")
    assert len({hit["id"] for hit in hits}) == len(hits)
    with pytest.raises(MilvusException, match=r"top k should be in range \[1, 16384\], but got 16385") as raised:
        articles.client.search(articles.name, data=[vector(1)], limit=MOST_HITS + 1)
    assert not is_unavailable(raised.value)


def test_a_wrong_filter_is_not_taken_for_an_outage(articles: MilvusArticles) -> None:
    for wrong in ("absent == 3", "id ==", 'id like "%7"'):
        with pytest.raises(MilvusException, match="cannot parse expression") as raised:
            articles.client.query(articles.name, filter=wrong, output_fields=["id"])
        assert not is_unavailable(raised.value)


def test_a_released_collection_takes_writes_and_refuses_searches(articles: MilvusArticles) -> None:
    articles.client.release_collection(articles.name)
    articles.upsert([6_000])
    with pytest.raises(MilvusException, match="collection not loaded") as raised:
        articles.client.search(articles.name, data=[vector(1)], limit=1)
    assert is_unavailable(raised.value)
    articles.client.load_collection(articles.name, replica_number=2)
    assert articles.nearest(6_000, strong=True) == article_id(6_000)


def test_an_insert_of_a_known_id_stores_it_twice_and_an_upsert_makes_it_one_again(articles: MilvusArticles) -> None:
    def stored() -> int:
        (row,) = articles.client.query(articles.name, output_fields=["count(*)"], consistency_level="Strong")
        return int(row["count(*)"])

    articles.client.insert(articles.name, [{"id": article_id(7), "dense": vector(7)}])
    assert stored() == 5_001
    articles.upsert([7])
    assert stored() == 5_000


def test_an_alias_moves_at_once_and_a_collection_behind_one_can_be_dropped(articles: MilvusArticles) -> None:
    client = articles.client
    client.create_alias(articles.name, "live")
    client.create_collection("next", schema=schema_with())
    with pytest.raises(MilvusException, match="alias already exist"):
        client.create_alias("next", "live")
    client.alter_alias("next", "live")
    assert client.describe_alias("live")["collection_name"] == "next"
    assert client.describe_collection("live")["collection_name"] == "next"
    client.drop_collection("next")
    assert client.list_collections() == [articles.name]
    client.drop_alias("live")


@pytest.mark.parametrize("kind", [DataType.VARCHAR, DataType.INT64], ids=str)
def test_upserts_with_a_partition_key_replace_also_where_the_key_changes(client: MilvusClient, kind: DataType) -> None:
    def key(number: int) -> str | int:
        return LANGUAGES[number] if kind == DataType.VARCHAR else number

    options: dict[str, Any] = {"is_partition_key": True}
    if kind == DataType.VARCHAR:
        options["max_length"] = 8
    schema = schema_with(("key", kind, options), ("version", DataType.INT64, {}))
    client.create_collection("keyed", schema=schema, num_shards=2)
    index_and_load(client, "keyed")
    chance = random.Random(7)
    expected: dict[str, tuple[str | int, int]] = {}
    for version in range(40):
        drawn = chance.sample(range(1_500), chance.choice([1, 10, 500]))
        batch = {article_id(number): (key(chance.randrange(len(LANGUAGES))), version) for number in drawn}
        rows = [{"id": it, "key": k, "version": v, "dense": vector(1)} for it, (k, v) in batch.items()]
        client.upsert("keyed", rows)
        expected |= batch
        if version == 20:
            client.flush("keyed")
    rows = client.query(
        "keyed", filter="version >= 0", output_fields=["key", "version"], limit=5_000, consistency_level="Strong"
    )
    assert len(rows) == len(expected)
    assert {row["id"]: (row["key"], row["version"]) for row in rows} == expected


def test_a_second_vector_field_is_refused(client: MilvusClient) -> None:
    with pytest.raises(MilvusException, match="multiple vector fields is not supported"):
        client.create_collection("two", schema=schema_with(("half", DataType.FLOAT16_VECTOR, {"dim": DIMENSION})))


def test_an_analyzer_and_a_bm25_function_are_accepted_and_forgotten(client: MilvusClient) -> None:
    schema = schema_with(
        ("text", DataType.VARCHAR, {"max_length": 100, "enable_analyzer": True, "enable_match": True}),
        ("words", DataType.SPARSE_FLOAT_VECTOR, {}),
    )
    schema.add_function(
        Function(name="bm25", input_field_names=["text"], output_field_names=["words"], function_type=FunctionType.BM25)
    )
    client.create_collection("wordy", schema=schema)
    assert not client.describe_collection("wordy").get("functions")
    index = client.prepare_index_params()
    index.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    with pytest.raises(MilvusException, match="is not supported"):
        client.create_index("wordy", index)
    assert client.get_server_version().startswith("v2.3.5")


def test_lengths_are_counted_in_bytes(client: MilvusClient) -> None:
    client.create_collection("long", schema=schema_with(("body", DataType.VARCHAR, {"max_length": 65_535})))
    client.upsert("long", [{"id": "a", "body": "ü" * 32_767, "dense": vector(1)}])
    with pytest.raises(MilvusException, match=r"the length \(65536\) of 0th string exceeds max length \(65535\)"):
        client.upsert("long", [{"id": "a", "body": "ü" * 32_768, "dense": vector(1)}])
    with pytest.raises(MilvusException, match=r"should be in \(0, 65535\]"):
        client.create_collection("longer", schema=schema_with(("body", DataType.VARCHAR, {"max_length": 65_536})))
