"""Workers, ingests and reindexes killed at random moments under a load of writes and searches.

DATELINE_KILLS says how often (20; `make faults` kills 200 times).
"""

from __future__ import annotations

import logging
import os
import random
import time
from pathlib import Path

import pytest

from tests.faults import checks
from tests.faults.load import Load, article
from tests.faults.service import Service
from tests.support import index_of

logger = logging.getLogger(__name__)

KILLS = int(os.environ.get("DATELINE_KILLS", "20"))


ANSWERS_BETWEEN = 30
"""Answers that come between two kills, so that each falls on a service at work."""

PATIENCE_S = 60.0


def wait_for_answers(load: Load) -> None:
    enough = load.ledger.answers + ANSWERS_BETWEEN
    deadline = time.monotonic() + PATIENCE_S
    while load.ledger.answers < enough:
        assert time.monotonic() < deadline, load.service.log[-3000:]
        time.sleep(0.02)


@pytest.mark.timeout(120 + 15 * KILLS)
def test_kills_at_random_moments_lose_nothing_and_tear_nothing(tmp_path: Path) -> None:
    chance = random.Random(KILLS)
    index = index_of(tmp_path, [article(number, 1) for number in range(5_000, 5_020)])
    with Service(index, tmp_path / "serve.log") as service:
        load = Load(service, tmp_path / "incoming")
        load.start()
        killed = {"worker": 0, "indexer": 0}
        while sum(killed.values()) < KILLS:
            wait_for_answers(load)
            time.sleep(chance.uniform(0, 1))
            if chance.random() < 0.4:
                killed["indexer"] += load.kill_indexer()
            else:
                killed["worker"] += service.kill_worker(chance)
        load.stop()
        service.wait_until_ready()
        checks.answers_were_whole(load.ledger)
        checks.nothing_acknowledged_is_lost(service, load.ledger)
        checks.searches_know_the_last_of_each(service, load.ledger)
        checks.the_index_is_sound(service)
        checks.searches_know_the_last_of_each(service, load.ledger)
        checks.nothing_of_the_dead_is_left(service, load.ledger)
        assert killed["worker"] >= KILLS // 4
        assert killed["indexer"] >= 1
        counted = dict(sorted(load.ledger.statuses.items()))
        logger.info(f"killed {killed}, answers {counted}, {len(load.ledger.entries)} articles")
