"""Send articles to a running service: any files, folders or globs that `dateline ingest` reads.

    DATELINE_KEY=dl_... python scripts/push_articles.py --service https://search.example incoming/
    python scripts/push_articles.py --service http://127.0.0.1:8000 --key-file key.txt --json export.jsonl.gz

What is rejected here or there stops nothing else; a request that got no answer is sent again. Safe to run again: what the service
has already is unchanged. Over HTTP an article replaces the stored one whole. How far it has come goes to stderr.

Exit status: 0 done, 1 some items were rejected, 2 wrong use, or it could not be finished (the report has the error).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from indexer.errors import DatelineError
from indexer.ingest_report import IngestReport
from indexer.records import record_from_article
from indexer.sources import ReadPosition, SourceFormat, SourceListing, find_sources, read_files
from indexer.sources.columns import parse_columns
from indexer.sources.items import Reading
from indexer.types import Found, Reject
from search_api.client import BulkResult, Dateline, DatelineClientError, Retries
from search_api.clock import utc_now
from search_api.ingest_report import SHOWN_REJECTS, counts, rejects
from search_api.progress import LongRun
from search_api.query import whole_text

RETRIES = Retries(attempts=20, total_s=600, wait_s=0.5, wait_max_s=30)
"""Long enough for a service that is being restarted."""

COUNTS = ("read", "new", "updated", "unchanged", "rejected", "taken_down", "seconds")

err = Console(stderr=True, soft_wrap=True)


class Push:
    """One run: what is read is sent, and what becomes of it is counted as `dateline ingest` does."""

    def __init__(self, dateline: Dateline, listing: SourceListing, *, shown: bool = False) -> None:
        self.report = IngestReport()
        self.listing = listing
        self._dateline = dateline
        self._position = ReadPosition(listing.files)
        self._sent: deque[tuple[str, str]] = deque()
        self._run = LongRun("push", err) if shown else None

    def run(self, how: Reading, source_format: SourceFormat | None = None) -> None:
        """Send all of it. Raises DatelineClientError when the service cannot be had, and DatelineError for a source."""
        began = time.monotonic()
        try:
            items = read_files(self.listing.files, how, source_format, self._position)
            results = self._dateline.bulk(self._articles(items), resend=True)
            if self._run:
                with self._run.shown(self._draw):
                    self._count(results)
            else:
                self._count(results)
        finally:
            self.report.seconds = time.monotonic() - began

    def _articles(self, items: Iterator[Found | Reject]) -> Iterator[dict[str, Any]]:
        """The articles as the API takes them; an id that was derived is left out, since the service may know the address."""
        for item in items:
            if isinstance(item, Reject):
                self.report.read += 1
                self.report.reject(item)
                continue
            self._sent.append((item.source, item.place))
            record = record_from_article(item.article)
            record.pop("published_from", None)
            if not item.stated_id:
                record.pop("id")
            yield record

    def _count(self, results: Iterator[BulkResult]) -> None:
        for result in results:
            (source, place), report = self._sent.popleft(), self.report
            report.read += 1
            if result.status == "created":
                report.new += 1
            elif result.status == "updated":
                report.updated += 1
            elif result.status == "unchanged":
                report.unchanged += 1
            elif result.status == "taken_down":
                report.unchanged += 1
                report.taken_down += 1
            else:
                report.reject(Reject(source, place, result.problem or result.status))
            if self._run and self._run.is_due():
                self._draw()

    def _draw(self) -> None:
        assert self._run
        read = self.report.read
        done = self._position.at * read / (read + len(self._sent)) if read else 0
        name = self._position.path.name if self._position.path else None
        self._run.at(done, self._position.of, 0, f"{read:,} articles, {self.report.rejected:,} rejected", name=name)


def push(
    arguments: Sequence[str], dateline: Dateline, how: Reading, source_format: SourceFormat | None, *, shown: bool
) -> tuple[dict[str, Any], int]:
    """One run: its report, whatever happened, and the exit status. `error` is there only when it could not be finished."""
    done: Push | None = None
    document: dict[str, Any] = {}
    try:
        done = Push(dateline, find_sources(arguments), shown=shown)
        done.run(how, source_format)
        code = 1 if done.report.rejected else 0
    except (DatelineClientError, DatelineError) as error:
        document["error"] = str(error)
        code = 2
    report = done.report if done else IngestReport()
    skipped = done.listing.skipped if done else ()
    counted = counts(report)
    return {
        **{name: counted[name] for name in COUNTS},
        "skipped": [{"source": str(item.path), "reason": item.reason} for item in skipped],
        **rejects(report),
        **document,
    }, code


def key_of(key_file: Path | None) -> str:
    """The key in the file, else of DATELINE_KEY. Raises ValueError when there is none."""
    try:
        key = key_file.read_text(encoding="utf-8").strip() if key_file else os.environ.get("DATELINE_KEY", "").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--key-file {key_file} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not key:
        place = f"{key_file} is empty" if key_file else "there is no key"
        raise ValueError(
            f"{place}; make one with `dateline keys --new push --scope write`, and give it by --key-file or DATELINE_KEY"
        )
    return key


def _retried(details: RetryDetails) -> None:
    err.print(f"{details.caused_by}; again in {details.wait_for:.1f} s", highlight=False, markup=False)


def _print(report: dict[str, Any]) -> None:
    print(
        f"{report['read']:,} read = {report['new']:,} new + {report['updated']:,} updated + "
        f"{report['unchanged']:,} unchanged + {report['rejected']:,} rejected; {report['seconds']:.1f} s"
    )
    for item in report["skipped"]:
        err.print(f"skipped {item['source']}: {item['reason']}", highlight=False, markup=False)
    for one in report["rejects"][:SHOWN_REJECTS]:
        err.print(f"rejected {one['source']} {one['place']}: {one['reason']}", highlight=False, markup=False)
    if report["rejected"] > SHOWN_REJECTS:
        err.print(f"and {report['rejected'] - SHOWN_REJECTS:,} more; all of them by reason:")
        for reason, number in report["rejected_by_reason"].items():
            err.print(f"  {number:,} {reason}", highlight=False, markup=False)


def main() -> int:
    parser = argparse.ArgumentParser(description="Send articles of any source to a running service.")
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="files, folders or globs of articles")
    parser.add_argument("--service", required=True, metavar="URL", help="where the service answers")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="holds the key (default: DATELINE_KEY)")
    parser.add_argument("--format", type=SourceFormat, choices=list(SourceFormat), help="read every file as this")
    parser.add_argument(
        "--columns", action="append", default=[], metavar="FIELD=COLUMN", help="column of a table; repeat"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    given = parser.parse_args()
    try:
        how = Reading(utc_now(), parse_columns(given.columns))
        dateline = Dateline(given.service, key=key_of(given.key_file), retries=RETRIES)
    except (ValueError, DatelineError) as error:
        parser.error(str(error))
    set_on_retry_hooks([_retried])
    with dateline:
        report, code = push(given.sources, dateline, how, given.format, shown=not given.json)
    if given.json:
        print(whole_text(json.dumps(report, ensure_ascii=False, indent=2)))
    else:
        _print(report)
        if "error" in report:
            err.print(f"error: {report['error']}", highlight=False, markup=False)
    return code


if __name__ == "__main__":
    sys.exit(main())
