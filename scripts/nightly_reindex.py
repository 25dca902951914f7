"""New files in, a new generation built, judged and activated, old ones deleted: one JSON report on stdout.

    python scripts/nightly_reindex.py --index var/index incoming/
    python scripts/nightly_reindex.py --index var/index --gate judged/ --keep 2 --service http://127.0.0.1:8000 incoming/

Safe to run twice, and to be killed and run again: what was taken in before is unchanged and costs no embedding, and a
generation is built only where the serving one lacks a change or is damaged. Another process that writes or builds is waited
for. How far it has come goes to stderr. `--service` waits until a running service answers from the generation that serves now.

Exit status: 0 done, 1 some items were rejected, the gate refused the new generation or the service did not take it up, 2 it could
not be finished (the report has the error), 3 another nightly run is under way.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from indexer.articles import format_time
from indexer.errors import DatelineError, IndexBusy, IndexDamaged
from indexer.layout import IndexFolder, held_lock
from indexer.processes import yield_to_readers
from indexer.runtimes import Device
from search_api import generation_jobs, jobs
from search_api.client import Dateline, DatelineClientError
from search_api.clock import utc_now
from search_api.engine_choice import shelf_of, store_of
from search_api.ingest_report import counts, rejects
from search_api.query import whole_text
from search_api.settings import Settings
from search_api.upkeep_report import reindex_document

WAITS_S = 900.0
"""How long another process that writes or builds is waited for."""

LOOKS_EVERY_S = 5.0

TAKES_UP_S = 60.0
"""How long a running service has to answer from the generation that serves now; it looks every second."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a night is to do: the options of the command."""

    sources: Sequence[str]
    gate: Path | None = None
    gate_step: float = generation_jobs.GATE_STEP
    keep: int = generation_jobs.KEPT
    device: Device = Device.CPU
    service: str | None = None


def nightly(index: IndexFolder, wanted: Wanted) -> tuple[dict[str, Any], int]:
    """One night: its report, whatever happened, and the exit status.

    The report is {"started_at", "seconds", "ingest", "reindex", "status", "service", "error"}: what was not come to, or not
    needed, is None, `service` is there only when it was asked about, and `error` when something failed.
    """
    began = time.monotonic()
    report: dict[str, Any] = {
        "started_at": format_time(utc_now()),
        "seconds": 0.0,
        "ingest": None,
        "reindex": None,
        "status": None,
    }
    try:
        code = _alone(index, wanted, report)
    except Exception as error:
        if not isinstance(error, DatelineError):
            traceback.print_exc()
        report["error"] = str(error) or type(error).__name__
        code = 2
    report["seconds"] = round(time.monotonic() - began, 3)
    return report, code


def _alone(index: IndexFolder, wanted: Wanted, report: dict[str, Any]) -> int:
    missing, busy = (
        f"no index can be made at {index.root}",
        f"is at the nightly run of {index.root}; wait until it is done",
    )
    with ExitStack() as held:
        try:
            held.enter_context(held_lock(index.root, missing, busy, name="nightly.lock"))
        except IndexBusy as error:
            report["error"] = str(error)
            return 3
        return _night(index, wanted, report)


def _night(index: IndexFolder, wanted: Wanted, report: dict[str, Any]) -> int:
    """Do what is wanted and note it in the report; returns the exit status."""
    taken = _in_turn(lambda: jobs.ingest(index, wanted.sources, device=wanted.device, show_progress=True))
    report["ingest"] = {**counts(taken.report), **rejects(taken.report)}
    damage = _damage(index)
    if damage:
        _say(f"the serving generation is replaced, without a gate, since it cannot be compared with: {damage}")
    refused = False
    if damage or _is_behind(index):
        built = _in_turn(
            lambda: generation_jobs.reindex(
                index,
                device=wanted.device,
                gate=None if damage else wanted.gate,
                gate_step=wanted.gate_step,
                keep=wanted.keep,
                show_progress=True,
            )
        )
        report["reindex"] = reindex_document(built)
        refused = built.gate is not None and not built.gate.passed
    report["status"] = jobs.status(index)
    is_behind = wanted.service is not None and not _taken_up(wanted.service, report)
    return 1 if refused or taken.report.rejected or is_behind else 0


def _taken_up(address: str, report: dict[str, Any]) -> bool:
    """Whether a running service answers from the generation that serves now; notes what it answers from in the report."""
    serving = report["status"]["generation"]
    until = time.monotonic() + TAKES_UP_S
    with Dateline(address, retries=None) as dateline:
        while True:
            try:
                ready = dateline.ready()
                said = {"status": ready.status, "generation": ready.generation}
                is_there = ready.status == "ready" and ready.generation == (serving and serving["number"])
            except DatelineClientError as error:
                said, is_there = {"status": str(error), "generation": None}, False
            report["service"] = {"address": address, **said}
            if is_there or time.monotonic() >= until:
                return is_there
            time.sleep(1)


def _damage(index: IndexFolder) -> str | None:
    """What is wrong with the serving generation; None when nothing is, or none serves yet."""
    try:
        shelf = shelf_of(index)
        number = shelf.serving()
        return next(iter(shelf.wrong(shelf.manifest(number))), None) if number is not None else None
    except IndexDamaged as error:
        return str(error)


def _is_behind(index: IndexFolder) -> bool:
    """Whether a generation has to be built for what changed; in Milvus it was carried into the serving one as it was taken in."""
    status = jobs.status(index)
    if store_of(index) and status["generation"]:
        return False
    return bool(status["changes_since_generation"])


def _in_turn(action: Callable[[], T]) -> T:
    """What the action returns, begun again for a while as long as another process writes or builds."""
    until = time.monotonic() + WAITS_S
    while True:
        try:
            return action()
        except IndexBusy as error:
            if time.monotonic() >= until:
                raise
            _say(str(error))
            time.sleep(LOOKS_EVERY_S)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Nightly batch: ingest new files, reindex, activate, prune.")
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="files, folders or globs of articles")
    parser.add_argument("--index", type=Path, metavar="DIR", help="folder of the index (default: that of the settings)")
    parser.add_argument("--gate", type=Path, metavar="FOLDER", help="judged queries that must not be answered worse")
    parser.add_argument(
        "--gate-step",
        type=float,
        metavar="STEP",
        default=generation_jobs.GATE_STEP,
        help="how much nDCG@10 may fall (default: %(default)s)",
    )
    parser.add_argument(
        "--keep",
        type=int,
        metavar="N",
        default=generation_jobs.KEPT,
        help="generations kept that served before (default: %(default)s)",
    )
    parser.add_argument("--device", type=Device, choices=list(Device), default=Device.CPU, help="where to embed")
    parser.add_argument("--service", metavar="URL", help="running service that is to take up the new generation")
    given = parser.parse_args()
    if not 0 <= given.gate_step <= 1 or given.keep < 0:
        parser.error("--gate-step is from 0 to 1, --keep is 0 or more")
    if given.service:
        try:
            Dateline(given.service).close()
        except ValueError as error:
            parser.error(f"--{error}")
    wanted = Wanted(given.sources, given.gate, given.gate_step, given.keep, given.device, given.service)
    report, code = nightly(IndexFolder(given.index or Settings().index), wanted)
    print(whole_text(json.dumps(report, ensure_ascii=False)))
    return code


if __name__ == "__main__":
    yield_to_readers()
    sys.exit(main())
