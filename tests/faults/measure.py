"""Measure how soon a write is found, what a change of generation costs readers, and how long a rollback takes.

    python -m tests.faults.measure [--articles 2000] [--writes 100] [--write FILE]

Prints a small table as Markdown; `--write` also puts it into a page, between its two marks. The model is text-hash: what is
measured is the service, not the encoder.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.benchmark import around_the_figures, machine
from tests.faults.lines import a_line_to_each
from tests.faults.load import Load, article
from tests.faults.service import UNREACHED, Service
from tests.faults.visibility import seconds_until_found, share_of
from tests.support import command, index_of

QUIET_S = 15.0
"""How long searches are timed before generations change."""

MOVED_WITHIN_S = 60.0


def report(folder: Path, articles: int, writes: int) -> Iterator[str]:
    """The table, as lines of Markdown."""
    index = index_of(folder, [article(number, 1) for number in range(100_000, 100_000 + articles)])
    yield "| what | figure |\n|---|---|"
    yield f"| articles; load | {articles:,}; two workers, a writer and two readers without pause |"
    with Service(index, folder / "serve.log") as service:
        load = Load(service, folder / "incoming")
        load.start(writers=1, ingest=False)
        found = _told_s(seconds_until_found(service, writes))
        yield f"| from a write's acknowledgement until both workers find it: p50, p95, max ({writes} writes) | {found} |"
        yield from _changes(service, load)
        load.stop()
        statuses = load.ledger.statuses
        refused = sum(count for status, count in statuses.items() if status >= 500)
        yield f"| answers | {sum(statuses.values()):,} |"
        yield f"| refused (5xx); connections broken; torn | {refused}; {statuses.get(UNREACHED, 0)}; {len(load.ledger.torn)} |"


def _changes(service: Service, load: Load) -> Iterator[str]:
    """Searches while nothing changes, while a generation is built and moved to, and while it is gone back from."""
    before = Stretch(load)
    time.sleep(QUIET_S)
    yield f"| a search over HTTP before a change of generation: p50, p95, max | {before.told()} |"
    during = Stretch(load)
    _dateline("reindex", service)
    _wait_until_served(service, 2)
    yield f"| while one is built and both workers move to it ({during.seconds:.1f} s) | {during.told()} |"
    during = Stretch(load)
    seconds = _dateline("rollback", service)
    _wait_until_served(service, 1)
    yield f"| while it is rolled back ({during.seconds:.1f} s) | {during.told()} |"
    yield f"| of that, the rollback itself, without the start of the command | {seconds:.2f} s |"


class Stretch:
    """The searches from now on."""

    def __init__(self, load: Load) -> None:
        self._times = load.ledger.searched_s
        self._first = len(self._times)
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def told(self) -> str:
        values = self._times[self._first :]
        p50, p95, most = (1000 * share_of(values, share) for share in (0.5, 0.95, 1))
        return f"{p50:.0f} ms, {p95:.0f} ms, {most:.0f} ms ({len(values):,} searches)"


def _dateline(name: str, service: Service) -> float:
    """Run a command on the service's index; the seconds that it says it took."""
    done = command(name, "--index", str(service.index.root), "--json")
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(json.loads(done.stdout)["seconds"])


def _wait_until_served(service: Service, generation: int) -> None:
    deadline = time.monotonic() + MOVED_WITHIN_S
    with a_line_to_each(service) as lines:
        while [line.get("/readyz")["generation"] for line in lines] != [generation] * len(lines):
            if time.monotonic() > deadline:
                raise SystemExit(f"generation {generation} does not serve after {MOVED_WITHIN_S:.0f} s")
            time.sleep(0.02)


def _told_s(values: Sequence[float]) -> str:
    return ", ".join(f"{share_of(values, share):.2f} s" for share in (0.5, 0.95, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure writes, changes of generation and rollbacks under load.")
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--writes", type=int, default=100)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the figures between the marks of this page too")
    arguments = parser.parse_args()
    os.environ["DATELINE_MODEL"] = "text-hash"
    if arguments.write:
        around_the_figures(arguments.write)
    lines = [
        f"`python -m tests.faults.measure --articles {arguments.articles} --writes {arguments.writes}`\n",
        f"{machine()}\n",
    ]
    with tempfile.TemporaryDirectory() as folder:
        lines += report(Path(folder), arguments.articles, arguments.writes)
    sys.stdout.write("\n".join(lines) + "\n")
    if arguments.write:
        before, after = around_the_figures(arguments.write)
        arguments.write.write_text("\n".join([f"{before}\n", *lines, after]), encoding="utf-8")


if __name__ == "__main__":
    main()
