"""`dateline serve` over a Milvus cluster: services with the archive write, one without it reads, while nothing or much is killed.

DATELINE_PRODUCT_REPORT names a file to which what each client saw of each kill is written, one JSON object a line.
"""

from __future__ import annotations

import json
import logging
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from indexer.engines.milvus.store import MilvusStore
from indexer.layout import IndexFolder
from indexer.records import stored_article
from tests.cluster.cluster import Cluster
from tests.cluster.kills import KILLS
from tests.cluster.load import PATIENCE_S
from tests.cluster.product_load import ProductLoad, article, article_id, question
from tests.faults.service import Service

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]
logger = logging.getLogger(__name__)

WRITES = 20
MOST_S = 15.0
"""What a slow machine may take from a write to its being found; docs/reliability.md says what was measured."""

ANSWERS = 20
SETTLE_S = 10.0


@dataclass(frozen=True, slots=True)
class Services:
    """Two on the folder of the archive, one with an empty folder, and the collections that all three have."""

    first: Service
    second: Service
    reader: Service
    store: MilvusStore


@pytest.fixture(scope="module")
def services(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("product")
    settings = {
        "DATELINE_ENGINE": "milvus",
        "DATELINE_MILVUS_URI": cluster.uri,
        "DATELINE_MILVUS_PREFIX": "product",
        "DATELINE_MILVUS_REPLICAS": "2",
        "DATELINE_RATE_KEY": "",
    }
    with ExitStack() as stack:

        def serving(name: str, index: str) -> Service:
            service = Service(IndexFolder(folder / index), folder / f"{name}.log", workers=1, **settings)
            return stack.enter_context(service)

        first = serving("first", "archive")
        stored(first, 999_999, 1)
        yield Services(
            first,
            serving("second", "archive"),
            serving("reader", "none"),
            MilvusStore(cluster.uri, prefix="product", replicas=2),
        )


def stored(service: Service, number: int, take: int) -> float:
    """Write an article, and give the moment of its acknowledgement."""
    answer = service.ask("PUT", f"/v1/articles/{article_id(number)}", article(number, take))
    assert answer.status in (200, 201), answer
    return time.monotonic()


def is_found(service: Service, number: int, take: int, version: int) -> bool:
    """Whether an article is found by its id, and first by a search for its text, in this version."""
    by_id = service.ask("GET", f"/v1/articles/{article_id(number)}")
    if by_id.status != 200 or by_id.json()["version"] != version:
        return False
    hits = service.ask("GET", question(number, take)).json()["hits"]
    return [(hit["id"], hit["version"]) for hit in hits[:1]] == [(article_id(number), version)]


def is_gone(service: Service, number: int, take: int) -> bool:
    hits = service.ask("GET", question(number, take)).json()["hits"]
    is_hit = article_id(number) in [hit["id"] for hit in hits]
    return not is_hit and service.ask("GET", f"/v1/articles/{article_id(number)}").status == 404


def seconds_until(come: Callable[[], bool], since: float) -> float:
    while not come():
        assert time.monotonic() < since + PATIENCE_S
        time.sleep(0.02)
    return time.monotonic() - since


@pytest.mark.parametrize("other", ["reader", "second"])
def test_a_write_acknowledged_by_one_service_is_found_replaced_and_gone_in_another(
    services: Services, other: str
) -> None:
    asked: Service = getattr(services, other)
    chance = random.Random(3)
    start = 1_000_000 if other == "reader" else 1_100_000
    took_s: dict[str, list[float]] = {"new": [], "update": [], "gone": []}
    for number in range(start, start + WRITES):
        time.sleep(chance.random())
        when = stored(services.first, number, 1)
        took_s["new"].append(seconds_until(partial(is_found, asked, number, 1, 1), when))
    for number in range(start, start + WRITES, 2):
        when = stored(services.first, number, 2)
        took_s["update"].append(seconds_until(partial(is_found, asked, number, 2, 2), when))
    for number in range(start, start + WRITES, 4):
        if number % 8:
            assert services.first.ask("DELETE", f"/v1/articles/{article_id(number)}").status == 200
        else:
            withheld = article(number, 2) | {"pubstatus": "withheld"}
            assert services.first.ask("PUT", f"/v1/articles/{article_id(number)}", withheld).status == 200
        when = time.monotonic()
        took_s["gone"].append(seconds_until(partial(is_gone, asked, number, 2), when))
    for what, each in took_s.items():
        logger.info(
            "%s, %s: %.2f s (median), %.2f s (longest) of %d",
            other,
            what,
            statistics.median(each),
            max(each),
            len(each),
        )
    assert max(map(max, took_s.values())) < MOST_S


def test_services_that_share_an_archive_see_each_other_s_writes_and_take_turns(services: Services) -> None:
    versions = dict.fromkeys(range(1_200_000, 1_200_004), 0)
    for take in range(1, 5):
        for number in versions:
            writer = services.first if (number + take) % 2 else services.second
            when = stored(writer, number, take)
            versions[number] = take
        for number, version in versions.items():
            for service in (services.first, services.second, services.reader):
                seconds_until(partial(is_found, service, number, version, version), when)


def test_a_service_without_the_archive_refuses_writes_with_501(services: Services) -> None:
    record = json.dumps(article(1_300_000, 1))
    for method, path, body, kind in (
        ("PUT", "/v1/articles/p1300000", record, "application/json"),
        ("DELETE", "/v1/articles/p999999", None, "application/json"),
        ("POST", "/v1/articles:bulk", record, "application/x-ndjson"),
    ):
        answer = services.reader.ask(method, path, body, kind)
        assert (answer.status, answer.headers["content-type"]) == (501, "application/problem+json"), answer
    assert not services.reader.index.archive.exists()
    assert is_found(services.reader, 999_999, 1, 1)


def test_articles_are_compared_by_the_numbers_that_they_have(services: Services) -> None:
    for number in range(1_400_000, 1_400_005):
        when = stored(services.first, number, 1)
        seconds_until(partial(is_found, services.reader, number, 1, 1), when)
    generation = services.store.active()
    assert generation is not None
    seqs = [met.facts.seq for batch in services.store.scan(generation) for met in batch]
    vectors = services.store.vectors(generation, seqs)
    for seq in seqs[-5:]:
        found, scores = services.store.article_scores(generation, vectors[seq], seqs)
        assert found[0] == seq
        assert sorted(found.tolist()) == seqs
        assert scores[0] == pytest.approx(1, abs=1e-3)


def seen(load: ProductLoad, killed: str, start: float, end: float) -> dict[str, str | int | float]:
    return {
        "killed": killed,
        "reads": len([call for call in load.raw.calls if start <= call.ended < end]),
        "failed": load.raw.failed(start, end),
        "reads_silent_s": round(load.raw.longest_silence_s(start, end), 2),
        "client_silent_s": round(load.patient.longest_silence_s(start, end), 2),
        "longest_write_s": round(load.longest_write_s(start, end), 2),
        "longest_until_carried_s": round(load.longest_until_carried_s(start, end), 2),
    }


def test_kills_of_every_role_lose_no_acknowledged_article_and_no_answer_is_wrong(
    cluster: Cluster, services: Services
) -> None:
    before = set(held(services.store))
    load = ProductLoad(services.first, services.reader)
    load.start()
    report: list[dict[str, str | int | float]] = []
    try:
        load.wait_for_answers(ANSWERS)
        for killed, kill in KILLS.items():
            start = time.monotonic()
            kill(cluster)
            load.wait_for_answers(ANSWERS)
            time.sleep(SETTLE_S)
            load.wait_for_answers(ANSWERS)
            report.append(seen(load, killed, start, time.monotonic()))
            logger.info(json.dumps(report[-1]))
        load.stop()
        load.wait_until_carried()
    finally:
        load.stop()
        if path := os.environ.get("DATELINE_PRODUCT_REPORT"):
            Path(path).write_text("".join(json.dumps(line) + "\n" for line in report), encoding="utf-8")
    logger.info("%d articles acknowledged", len(load.stored))
    assert not load.wrong, load.wrong[:20]
    expected = {article_id(one.number): one.version for one in load.stored.values()}
    present = {one: version for one, version in held(services.store).items() if one not in before}
    assert present == expected
    for one in load.stored.values():
        answer = services.reader.ask("GET", f"/v1/articles/{article_id(one.number)}")
        assert (answer.status, answer.json()["version"]) == (200, one.version)


def held(store: MilvusStore) -> dict[str, int]:
    """The id and the version of every article that serves in Milvus, none of them twice."""
    generation = store.active()
    assert generation is not None
    seqs = [met.facts.seq for batch in store.scan(generation) for met in batch]
    records = store.records(generation, seqs)
    ids = {stored_article(record).id: version for version, record in records.values()}
    assert len(ids) == len(seqs) == len(set(seqs))
    return ids
