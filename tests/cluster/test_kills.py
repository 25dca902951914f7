"""Processes of a Milvus cluster killed with SIGKILL under a load of writes and searches: nothing acknowledged is lost.

DATELINE_CLUSTER_REPORT names a file to which what each client saw of each kill is written, one JSON object a line.
"""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.kills import KILLS
from tests.cluster.load import Load
from tests.cluster.system import MilvusArticles, article_id

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1200)]
logger = logging.getLogger(__name__)

ANSWERS = 20
"""Answers to each client before the next kill, so that each falls on a cluster at work."""

SETTLE_S = 10.0


def seen(load: Load, killed: str, start: float, end: float) -> list[dict[str, str | int | float]]:
    return [
        {
            "killed": killed,
            "client": client.name,
            "answered": client.answered(start, end),
            "failed": client.failed(start, end),
            "longest_silence_s": round(client.longest_silence_s(start, end), 2),
        }
        for client in load.clients
    ]


def test_kills_of_every_role_lose_nothing_and_no_search_is_wrong(cluster: Cluster) -> None:
    articles = MilvusArticles(cluster.uri, "kills")
    articles.create()
    load = Load(articles)
    load.start()
    report: list[dict[str, str | int | float]] = []
    try:
        load.wait_for_answers(ANSWERS, since=time.monotonic())
        for killed, kill in KILLS.items():
            start = time.monotonic()
            kill(cluster)
            load.wait_for_answers(ANSWERS, since=time.monotonic())
            time.sleep(SETTLE_S)
            load.wait_for_answers(ANSWERS, since=time.monotonic())
            report += seen(load, killed, start, time.monotonic())
    finally:
        load.stop()
    for line in report:
        logger.info(json.dumps(line))
    if path := os.environ.get("DATELINE_CLUSTER_REPORT"):
        Path(path).write_text("".join(json.dumps(line) + "\n" for line in report), encoding="utf-8")
    assert not load.wrong
    acknowledged = {article_id(number) for number in load.acknowledged}
    attempted = {article_id(number) for number in load.attempted}
    logger.info(f"{len(acknowledged)} articles acknowledged")
    for _ in range(2):
        present = articles.ids()
        assert acknowledged <= set(present) <= attempted
        assert len(present) == len(set(present))
        articles.read_from_disk()
