"""What must hold after everything that broke."""

from __future__ import annotations

import time
from collections.abc import Sequence

from indexer.archive import Archive
from search_api import generation_jobs, jobs
from tests.faults.lines import Line, a_line_to_each
from tests.faults.load import Entry, Ledger, article, token
from tests.faults.service import Service


def nothing_acknowledged_is_lost(service: Service, ledger: Ledger) -> None:
    """Each article is there in the version acknowledged last, or gone if that was its deletion: over HTTP and in the archive."""
    assert ledger.entries
    for article_id, entry in ledger.entries.items():
        answer = service.ask("GET", f"/v1/articles/{article_id}")
        if entry.deleted:
            assert answer.status == 404, (article_id, entry)
            continue
        assert answer.status == 200, (article_id, entry, answer)
        found = answer.json()
        assert found["version"] == entry.version, (article_id, entry)
        assert token(int(article_id[1:]), entry.take) in found["title"], (article_id, entry, found["title"])
    with Archive(service.index.archive) as archive:
        for article_id, entry in ledger.entries.items():
            known, stored = archive.known(article_id), archive.article(article_id)
            assert known, article_id
            assert stored, article_id
            assert (known.version, known.deleted) == (entry.version, entry.deleted), article_id
            assert token(int(article_id[1:]), entry.take) in stored[0].body, article_id


def searches_know_the_last_of_each(service: Service, ledger: Ledger) -> None:
    """Every process finds what was acknowledged, and no earlier version."""
    with a_line_to_each(service) as lines:
        _wait_until_taken_up(service, lines)
        for article_id, entry in ledger.entries.items():
            word = token(int(article_id[1:]), entry.take)
            for line in lines:
                found = [(hit["id"], hit["version"]) for hit in line.get(f"/v1/search?q=%22{word}%22&limit=5")["hits"]]
                assert found == ([] if entry.deleted else [(article_id, entry.version)]), (word, entry, found)


def answers_were_whole(ledger: Ledger) -> None:
    """Nothing was torn, and nothing failed but in ways that are understood."""
    assert not ledger.torn, "\n".join(ledger.torn[:5])
    assert not ledger.failures, "\n".join(ledger.failures[:5])
    assert ledger.statuses.get(200, 0) > 20, ledger.statuses


def the_index_is_sound(service: Service) -> None:
    """Once a build that was killed has been taken up again, nothing is wrong and nothing is left of it."""
    generation_jobs.reindex(service.index)
    assert jobs.verify(service.index) == []
    assert [path.name for path in service.index.generations.glob(".*") if path.is_dir()] == []


def nothing_of_the_dead_is_left(service: Service, ledger: Ledger) -> None:
    """The next to make a working copy removes those of processes that ended; for a new generation every worker makes one."""
    number = int(next(iter(ledger.entries))[1:])
    take = ledger.next_take(number)
    answer = service.ask("PUT", f"/v1/articles/w{number}", article(number, take))
    assert answer.status in (200, 201), answer
    ledger.acknowledged(f"w{number}", Entry(take, answer.json()["version"]))
    with a_line_to_each(service) as lines:
        _wait_until_taken_up(service, lines)
    owners = {int(path.name.partition("-")[0]) for path in service.index.tails.iterdir()}
    assert owners <= set(service.workers), (owners, service.workers)


def _wait_until_taken_up(service: Service, lines: Sequence[Line], timeout_s: float = 30.0) -> None:
    """Until each worker answers with the last change; all are asked by turns, for a connection that rests is closed."""
    with Archive(service.index.archive) as archive:
        change = archive.last_change()
    deadline = time.monotonic() + timeout_s
    while True:
        states = [(line.get("/readyz"), line.status) for line in lines]
        if all(status == 200 and state["change"] >= change for state, status in states):
            return
        assert time.monotonic() < deadline, (states, service.log[-2000:])
        time.sleep(0.05)
