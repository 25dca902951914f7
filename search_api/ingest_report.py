"""What `ingest` prints: for people, or one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.markup import escape

from indexer.archive_lines import RepeatedLine
from indexer.fetching import Polled, PollResult
from indexer.ingest_report import IngestReport
from search_api.jobs import IngestDone
from search_api.query import whole_text
from search_api.report import document, err, out
from search_api.watch_jobs import WatchDone

SHOWN_REJECTS = 10


def ingest(done: IngestDone, *, as_json: bool, dry_run: bool) -> None:
    """A finished ingest of files, or of the quarantine."""
    if as_json:
        document(
            {
                **counts(done.report),
                "skipped": [{"source": str(item.path), "reason": item.reason} for item in done.listing.skipped],
                "generation_built": done.built.number if done.built else None,
                "dry_run": dry_run,
                "quarantine": str(done.quarantine),
                "not_quarantined": done.not_kept,
                **rejects(done.report),
            }
        )
        return
    _sums(done.report, dry_run=dry_run)
    for reason, paths in done.listing.skipped_by_reason().items():
        err.print(f"skipped {_named(paths)}: {reason}", highlight=False, markup=False)
    _rejected(done.report)
    if done.report.rejected and not dry_run:
        left = f" ({done.not_kept:,} had no room there)" if done.not_kept else ""
        err.print(
            f"rejected items are in {done.quarantine}{left}; mend them there, then: dateline ingest --retry",
            markup=False,
        )
    if done.built and done.built.number > 1:
        out.print(f"Built generation {done.built.number}: many articles had changed since the one before")
    elif done.built:
        out.print(f"Built generation {done.built.number}. Next: dateline search QUESTION, or dateline serve")


def watch(done: WatchDone, *, as_json: bool) -> None:
    """All polls of a watch that ended."""
    failed = [poll for poll in done.polls if poll.result is PollResult.FAILED]
    if as_json:
        document(
            {
                **counts(done.report),
                "feeds": done.feeds,
                "polls": [_poll_document(poll) for poll in done.polls],
                **rejects(done.report),
            }
        )
        return
    out.print(f"{done.feeds:,} feeds, {len(done.polls):,} polls, {len(failed):,} of them failed", highlight=False)
    _sums(done.report, dry_run=False)
    _rejected(done.report)
    if not done.polls:
        err.print("no feed is due yet; each says in watch/ of the index when it is", highlight=False)


def polled(poll: Polled) -> None:
    """One poll, as it happens."""
    said = f": {poll.reason}" if poll.reason else ""
    pages = f", {poll.pages:,} from their pages" if poll.pages else ""
    err.print(f"{poll.address} {poll.result}, {poll.items:,} items{pages}{said}", highlight=False, markup=False)
    for page in poll.pages_not_read:
        err.print(f"  page not read: {page.address}: {page.reason}", highlight=False, markup=False)


def lines(repeated: Sequence[RepeatedLine], changed: int, *, as_json: bool) -> None:
    """The lines that sites repeat, and in how many articles one was just put back or left out."""
    if as_json:
        document({"lines": [asdict(line) for line in repeated], "articles_changed": changed})
        return
    for line in repeated:
        what = "kept" if line.kept else "left out"
        out.print(
            f"{line.line_id} {line.site}, {line.articles:,} articles, {what}: {line.text}",
            highlight=False,
            markup=False,
        )
    out.print(f"{len(repeated):,} lines; {changed:,} articles changed", highlight=False)


def counts(report: IngestReport) -> dict[str, Any]:
    """Everything counted, JSON-ready."""
    return {**report.counts(), "seconds": round(report.seconds, 3)}


def rejects(report: IngestReport) -> dict[str, Any]:
    """The rejects, the first of them each and all by the kind of their reason, JSON-ready."""
    return {
        "rejected_by_reason": dict(by_reason(report)),
        "rejects": [
            {name: whole_text(getattr(reject, name)) for name in ("source", "place", "reason")}
            for reject in report.rejects
        ],
    }


def by_reason(report: IngestReport) -> list[tuple[str, int]]:
    """(kind of reason, how many), the commonest first."""
    return [(whole_text(kind), number) for kind, number in report.reasons.most_common()]


def _sums(report: IngestReport, *, dry_run: bool) -> None:
    out.print(
        f"{'Dry run, nothing stored: ' if dry_run else ''}{report.read:,} read = {report.new:,} new + "
        f"{report.updated:,} updated + {report.unchanged:,} unchanged + {report.rejected:,} rejected"
    )
    out.print(f"{report.duplicates:,} duplicates of other articles; {report.seconds:.1f} s", highlight=False)
    if report.brought or report.damaged_embeddings:
        out.print(
            f"{report.brought:,} embeddings came with the articles, {report.encoded:,} were made"
            + (f"; {report.damaged_embeddings:,} that came are damaged" if report.damaged_embeddings else ""),
            highlight=False,
        )
    if report.cleaned:
        out.print(
            f"{report.cleaned:,} stored articles lost a line that their site repeats; dateline lines shows which",
            highlight=False,
        )
    if report.taken_down:
        err.print(f"{report.taken_down:,} of the unchanged were taken down before and stay out", highlight=False)
    if report.superseded:
        err.print(
            f"{report.superseded:,} of the unchanged repeat an older version; to go back to one, give it a later updated_at",
            highlight=False,
        )


def _rejected(report: IngestReport) -> None:
    for reject in report.rejects[:SHOWN_REJECTS]:
        err.print(
            whole_text(f"rejected {reject.source} {reject.place}: {reject.reason}"), highlight=False, markup=False
        )
    if report.rejected > SHOWN_REJECTS:
        err.print(f"and {report.rejected - SHOWN_REJECTS:,} more; all of them by reason:")
        for reason, number in by_reason(report):
            err.print(f"  {number:,} {escape(reason)}", highlight=False)


def _poll_document(poll: Polled) -> dict[str, Any]:
    return {
        "address": poll.address,
        "result": str(poll.result),
        "reason": poll.reason,
        "items": poll.items,
        "pages": poll.pages,
        "rejects": poll.rejects,
        "waiting": poll.waiting,
        "pages_not_read": [{"address": page.address, "reason": page.reason} for page in poll.pages_not_read],
        "next_poll_at": poll.next_poll_at.isoformat() if poll.next_poll_at else None,
    }


def _named(paths: Sequence[Path]) -> str:
    """`a/x.tsv and 3 more`."""
    return f"{paths[0]} and {len(paths) - 1:,} more" if len(paths) > 1 else str(paths[0])
