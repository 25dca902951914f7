"""Progress bars and lines on stderr for the commands that take a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from indexer.ingest import IngestReport


class IngestProgress:
    """Moves a bar by articles within files; the total is the number of lines and pages there are."""

    def __init__(self, progress: Progress, files: Sequence[Path]) -> None:
        self._progress = progress
        self._task = progress.add_task("ingest", total=sum(_expected_articles(path) for path in files), note="")

    def item_done(self, report: IngestReport) -> None:
        rate = report.read / report.seconds if report.seconds else 0.0
        note = f"{report.read:,} articles, {rate:,.0f}/s, {report.rejected:,} rejected"
        self._progress.update(self._task, completed=report.read, note=note)

    def file_done(self, path: Path) -> None:
        self._progress.update(self._task, description=path.name)


def line_on_stderr(*, shown: bool) -> Callable[[str], None]:
    """What to call with a line that is worth a look while a command runs."""
    return (lambda line: Console(stderr=True).print(line, highlight=False, markup=False)) if shown else (lambda _: None)


@contextmanager
def ingest_progress(files: Sequence[Path], *, shown: bool) -> Iterator[IngestProgress]:
    with _progress(shown) as progress:
        yield IngestProgress(progress, files if shown else ())


@contextmanager
def reindex_progress(what: str, articles: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """Yields what to call with the number of articles done."""
    with _progress(shown) as progress:
        task = progress.add_task(what, total=articles, note="")
        yield lambda count: progress.update(task, advance=count)
        progress.update(task, completed=articles)


def _progress(shown: bool) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not shown,
    )


def _expected_articles(path: Path) -> int:
    """Lines of a JSONL file; 1 for a page, or for a file that cannot be read."""
    if path.suffix not in (".jsonl", ".ndjson"):
        return 1
    lines = 0
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                lines += block.count(b"\n")
    except OSError:
        return 1
    return lines
