from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from indexer.ingest_report import IngestReport
from indexer.sources import ReadPosition
from search_api import progress
from search_api.progress import LongRun, Rate, duration, ingest_progress, reindex_progress
from tests.support import record, write_jsonl


class Clock:
    """Time that passes when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("search_api.progress.time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, force_terminal=terminal, width=140), written


def test_a_rate_is_that_of_the_last_half_minute(clock: Clock) -> None:
    rate = Rate()
    assert rate.per_second() == 0
    for second in range(1, 101):
        clock.now += 1
        rate.note(second * (1 if second <= 50 else 10))
    assert rate.per_second() == pytest.approx(10, rel=0.05)


def test_a_rate_holds_while_a_long_step_is_under_way(clock: Clock) -> None:
    rate = Rate()
    for _ in range(4):
        clock.now += 50
        rate.note(10 * (clock.now - 1000))
    before = rate.per_second()
    assert before == pytest.approx(10)
    for _ in range(90):
        clock.now += 0.5
        rate.note(2000)
    assert rate.per_second() == before


def test_lines_come_every_five_seconds_where_there_is_no_terminal(clock: Clock) -> None:
    where, written = console(terminal=False)
    run = LongRun("ingest", where)
    with run.shown(lambda: None):
        for tenth in range(1, 121):
            clock.now += 0.1
            if run.is_due():
                run.at(tenth, 200, tenth * 3, f"{tenth} articles, 0 rejected", name="[b]file[/b].jsonl")
    lines = written.getvalue().splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"ingest: 2\d%, \d\d articles, 0 rejected, \d\d passages/s, 1[45] s left", lines[0])


def test_a_terminal_gets_a_bar_with_the_file_s_name(clock: Clock) -> None:
    where, written = console(terminal=True)
    run = LongRun("ingest", where)
    with run.shown(lambda: None):
        clock.now += 10
        run.at(50, 200, 0, "20 articles, 1 rejected", name="[b]file[/b].jsonl")
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written.getvalue())
    assert "[b]file[/b].jsonl" in shown
    assert "25%" in shown
    assert "20 articles, 1 rejected, 30 s left" in shown


def test_an_ingest_counts_what_is_stored_not_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    where, written = console(terminal=False)
    monkeypatch.setattr(progress, "Console", lambda **_options: where)
    source = write_jsonl(tmp_path / "a.jsonl", [record(1)])
    position = ReadPosition([source])
    position.finished(source)
    with ingest_progress(position, shown=True) as note:
        for waiting in (80, 20):
            clock.now += 6
            note(IngestReport(read=100, encoded=60, rejected=2), waiting)
    first, second = written.getvalue().splitlines()
    assert first.startswith("ingest: 20%, 20 articles, 2 rejected, 10 passages/s")
    assert second.startswith("ingest: 80%, 80 articles, 2 rejected, 10 passages/s")


@pytest.mark.parametrize(
    "context", [ingest_progress(ReadPosition([]), shown=False), reindex_progress("x", 5, shown=False)]
)
def test_nothing_is_said_when_nothing_is_to_be_shown(context: Any, capfd: pytest.CaptureFixture[str]) -> None:
    with context as note:
        note(3, 2)
    assert capfd.readouterr() == ("", "")


def test_a_reindex_says_of_how_many_articles(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    where, written = console(terminal=False)
    monkeypatch.setattr(progress, "Console", lambda **_options: where)
    with reindex_progress("embedding", 1000, shown=True) as note:
        clock.now += 6
        note(250, 300)
    assert written.getvalue() == "embedding: 25%, 250 of 1,000 articles, 50 passages/s, 18 s left\n"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (65, "1 min 05 s"), (3600, "1 h 00 min"), (93784, "26 h 03 min")]
)
def test_durations_are_short(seconds: float, words: str) -> None:
    assert duration(seconds) == words
