"""A disk that fills up: writes and builds are refused in words, searches go on, and all is well when there is room again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from search_api import jobs
from tests.faults import checks
from tests.faults.load import Load, article
from tests.faults.service import Service
from tests.faults.small_disk import SmallDisk, may_mount, run_as_root_of_a_namespace, small_disk
from tests.support import command, index_of, write_jsonl

logger = logging.getLogger(__name__)

DISK_MB = 16
PATIENCE_S = 60.0

ROOMS_KB = (0, 40, 100)
"""Room that is left: for nothing, for SQLite's, and for a part of a generation, so that each library runs out of it."""


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SmallDisk | None]:
    """A small disk; None where the test has already run as root of a namespace."""
    if may_mount(tmp_path / "probe"):
        with small_disk(tmp_path / "disk", DISK_MB) as disk:
            yield disk
    else:
        run_as_root_of_a_namespace(request.node.nodeid)
        yield None


@pytest.mark.timeout(300)
def test_a_full_disk_refuses_writes_and_nothing_else_until_there_is_room(
    tmp_path: Path, disk: SmallDisk | None
) -> None:
    if disk is None:
        return
    index = index_of(disk.folder, [article(number, 1) for number in range(5_000, 5_030)])
    with Service(index, tmp_path / "serve.log") as service:
        load = Load(service, tmp_path / "incoming", articles=12)
        load.start(ingest=False)
        until(lambda: len(load.ledger.entries) >= 6, "first writes")
        _fill_up(disk, service, load)
        disk.free()
        acknowledged = load.ledger.acknowledgements
        until(lambda: load.ledger.acknowledgements >= acknowledged + 20, "writes after there was room again")
        load.stop()
        checks.answers_were_whole(load.ledger)
        checks.nothing_acknowledged_is_lost(service, load.ledger)
        checks.searches_know_the_last_of_each(service, load.ledger)
        checks.the_index_is_sound(service)
        checks.searches_know_the_last_of_each(service, load.ledger)
        logger.info("answers %s", dict(sorted(load.ledger.statuses.items())))


def _fill_up(disk: SmallDisk, service: Service, load: Load) -> None:
    """Fill the disk until every writer is refused; readers must be answered as before."""

    def refused() -> bool:
        disk.fill()
        return load.ledger.statuses.get(507, 0) >= 10

    until(refused, "refused writes")
    answered = len(load.ledger.searched_s)
    until(lambda: len(load.ledger.searched_s) >= answered + 50, "searches on a full disk")
    assert service.ask("GET", "/readyz").status == 200
    assert "no room is left" in service.log


@pytest.mark.timeout(200)
def test_what_builds_on_a_full_disk_says_so_in_one_line_and_the_serving_generation_stays(
    tmp_path: Path, disk: SmallDisk | None
) -> None:
    if disk is None:
        return
    index = index_of(disk.folder, [article(number, 1) for number in range(5_000, 5_200)])
    source = str(write_jsonl(tmp_path / "more.jsonl", [article(number, 1) for number in range(6_000, 6_400)]))
    asked = [(room_kb, ["reindex"]) for room_kb in ROOMS_KB] + [(0, ["ingest", source])]
    for room_kb, arguments in asked:
        disk.fill(but_kb=room_kb)
        done = command(*arguments, "--index", str(index.root), "--json")
        assert done.returncode == 2, (room_kb, arguments, done.stderr)
        (line,) = done.stderr.strip().splitlines()
        assert line.startswith("error: "), line
        assert "room" in line, line
        assert index.current() == 1
    disk.free()
    assert jobs.verify(index) == []
    for arguments in (["ingest", source], ["reindex"]):
        assert command(*arguments, "--index", str(index.root), "--json").returncode == 0
    assert jobs.verify(index) == []
    assert (index.current(), index.numbers()) == (2, [1, 2])


def until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, f"there were no {what} within {PATIENCE_S:.0f} s"
        time.sleep(0.05)
