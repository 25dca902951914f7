"""How far a long command has come: a bar on a terminal, else a plain line every few seconds; on stderr."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from indexer.ingest_report import IngestReport
from indexer.sources import ReadPosition

LINE_EVERY_S = 5.0
RATE_OVER_S = 30.0
"""Passages a second, and the time left, are those of the last half minute."""

_DRAW_EVERY_S = 0.1


class Rate:
    """How fast a count has been growing lately, up to when it grew last: it grows in steps, some of them far apart."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, float]] = deque([(time.monotonic(), 0.0)])

    def note(self, count: float) -> None:
        now = time.monotonic()
        if count == self._marks[-1][1]:
            return
        self._marks.append((now, count))
        while len(self._marks) > 2 and self._marks[1][0] <= now - RATE_OVER_S:
            self._marks.popleft()

    def per_second(self) -> float:
        (start, before), (end, after) = self._marks[0], self._marks[-1]
        return (after - before) / (end - start) if end > start else 0.0


class LongRun:
    """One long run, shown as it goes; each figure is drawn at most ten times a second."""

    def __init__(self, what: str, console: Console) -> None:
        self._what = what
        self._console = console
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(what, total=None, note="")
        self._done, self._passages = Rate(), Rate()
        self._drawn = self._said = time.monotonic()

    @contextmanager
    def shown(self, draw: Callable[[], None]) -> Iterator[None]:
        """Shows the bar within; `draw` is called once more at the end."""
        with self._bar:
            yield
            draw()

    def is_due(self) -> bool:
        """Whether it is time for other figures."""
        return time.monotonic() - self._drawn >= _DRAW_EVERY_S

    def at(self, done: float, of: float, passages: int, note: str, *, name: str | None = None) -> None:
        """It has come to `done` of `of`, in any unit, and has embedded so many passages."""
        self._drawn = time.monotonic()
        self._done.note(done)
        self._passages.note(passages)
        note += f", {self._passages.per_second():,.0f} passages/s" if passages else ""
        left = (of - done) / self._done.per_second() if self._done.per_second() > 0 else None
        note += f", {duration(left)} left" if left is not None and done < of else ""
        if self._console.is_terminal:
            self._bar.update(self._task, description=name or self._what, completed=done, total=of or None, note=note)
        elif self._drawn - self._said >= LINE_EVERY_S:
            self._said = self._drawn
            share = f" {100 * done / of:.0f}%," if of else ""
            self._console.print(f"{self._what}:{share} {note}", highlight=False, markup=False, soft_wrap=True)


def duration(seconds: float) -> str:
    """`45 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60:02} min"


def line_on_stderr(*, shown: bool) -> Callable[[str], None]:
    """What to call with a line that is worth a look while a command runs."""
    if not shown:
        return lambda _: None
    err = Console(stderr=True, soft_wrap=True)
    return lambda line: err.print(line, highlight=False, markup=False)


@contextmanager
def ingest_progress(position: ReadPosition, *, shown: bool) -> Iterator[Callable[[IngestReport, int], None]]:
    """Yields what to call with the report so far, and how many of the articles read are not stored yet."""
    if not shown:
        yield lambda _report, _waiting: None
        return
    run, last = LongRun("ingest", Console(stderr=True)), (IngestReport(), 0)

    def draw() -> None:
        report, waiting = last
        settled = report.read - waiting
        done = position.at * settled / report.read if report.read else 0
        name = position.path.name if position.path else None
        run.at(done, position.of, report.encoded, f"{settled:,} articles, {report.rejected:,} rejected", name=name)

    def note(report: IngestReport, waiting: int) -> None:
        nonlocal last
        last = report, waiting
        if run.is_due():
            draw()

    with run.shown(draw):
        yield note


@contextmanager
def reindex_progress(what: str, articles: int, *, shown: bool) -> Iterator[Callable[..., None]]:
    """Yields what to call with how many of the articles to do, and how many passages of them, were just done."""
    if not (shown and articles):
        yield lambda _articles, _passages=0: None
        return
    run, done, embedded = LongRun(what, Console(stderr=True)), 0, 0

    def draw() -> None:
        run.at(done, articles, embedded, f"{done:,} of {articles:,} articles")

    def note(count: int, passages: int = 0) -> None:
        nonlocal done, embedded
        done, embedded = done + count, embedded + passages
        if run.is_due():
            draw()

    with run.shown(draw):
        yield note
