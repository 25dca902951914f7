"""Embed articles by many processes or GPUs, on one machine or a Ray cluster, into Parquet that `dateline ingest` takes.

    python scripts/bulk_embed.py shards/ --to embedded/ --workers 8
    python scripts/bulk_embed.py shards/ --to /shared/embedded --address auto --gpus-per-worker 1
    dateline ingest embedded/

Reads JSONL and Parquet, compressed or not. `ingest` of what it writes embeds nothing again where its index has the same model.
Safe to run again: what has a shard is passed over, and a run that was killed is taken up. Needs the extra `dateline[ray]`.
How far it has come goes to stderr.

Exit status: 0 done, 1 some items were rejected, 2 wrong use, or it could not be finished (the report has the error).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from indexer.archive import Archive
from indexer.bulk.embedding import Work
from indexer.bulk.job import BATCH_ARTICLES, BulkReport, BulkRun
from indexer.bulk.on_ray import Workers
from indexer.bulk.plan import KEPT
from indexer.encoder import Encoder, load_encoder, prepare_encoder
from indexer.errors import DatelineError
from indexer.layout import IndexFolder
from indexer.recipe import check_model, recipe_for
from indexer.runtimes import Device
from indexer.sources import SourceListing, find_sources
from indexer.sources.items import Reading
from search_api.clock import utc_now
from search_api.ingest_report import SHOWN_REJECTS, rejects
from search_api.progress import LongRun, line_on_stderr
from search_api.query import whole_text
from search_api.settings import Settings

err = Console(stderr=True, soft_wrap=True)


def bulk_embed(
    sources: Sequence[str], work: Work, wanted: Workers, batch: int, *, shown: bool
) -> tuple[dict[str, Any], int]:
    """One run: its report, whatever happened, and the exit status. `error` is there only when it could not be finished."""
    run_shown = LongRun("bulk", err) if shown else None
    listing = SourceListing((), ())
    document: dict[str, Any] = {}

    def draw(report: BulkReport, done: int, of: int) -> None:
        if run_shown:
            new = report.passages - report.passages_before
            run_shown.at(done, of, new, f"{report.articles:,} articles, {report.rejections.rejected:,} rejected")

    run = BulkRun(work, line_on_stderr(shown=True), draw)
    try:
        listing = find_sources(sources)
        if run_shown:
            with run_shown.shown(lambda: None):
                run.run(listing.files, wanted, batch)
        else:
            run.run(listing.files, wanted, batch)
        code = 1 if run.report.rejections.rejected else 0
    except (DatelineError, OSError) as error:
        document["error"] = str(error)
        code = 2
    return {
        **_counts(run.report, work),
        "skipped": _skipped(listing),
        **rejects(run.report.rejections),
        **document,
    }, code


def _counts(report: BulkReport, work: Work) -> dict[str, Any]:
    return {
        "to": str(work.folder),
        "model": work.recipe.model_name,
        "recipe": work.recipe.key,
        "read": report.read,
        "articles": report.articles,
        "rejected": report.rejections.rejected,
        "passages": report.passages,
        "passages_before": report.passages_before,
        "shards": report.shards,
        "shards_before": report.shards_before,
        "other_shards": report.others,
        "seconds": round(report.seconds, 3),
    }


def _skipped(listing: SourceListing) -> list[dict[str, str]]:
    return [{"source": str(item.path), "reason": item.reason} for item in listing.skipped]


def encoder_of(index: IndexFolder | None, model: str | None, models: Path, device: Device) -> Encoder:
    """The encoder of an index, else of the model named, else of the settings; its fast form is made in `models` for all workers.

    Raises ModelError where the index has another model than the one named, or is cut by other rules.
    """
    if index is not None and index.archive.is_file():
        with Archive(index.archive) as archive:
            name = model or archive.meta("model_name") or Settings().model
            encoder = load_encoder(name, models, device=Device.CPU)
            check_model(archive, encoder)
    else:
        name = model or Settings().model
        encoder = load_encoder(name, models, device=Device.CPU)
    if device is Device.CPU:
        prepare_encoder(name, models, line_on_stderr(shown=True))
    return encoder


def _print(report: dict[str, Any]) -> None:
    print(
        f"{report['read']:,} read = {report['articles']:,} articles + {report['rejected']:,} rejected; "
        f"{report['passages']:,} passages, {report['passages_before']:,} of them embedded before; {report['seconds']:.1f} s"
    )
    print(f"{report['shards']:,} shards in {report['to']}, {report['shards_before']:,} of them there before")
    if report["other_shards"]:
        err.print(f"{report['other_shards']:,} shards of other sources stay there", highlight=False)
    for item in report["skipped"]:
        err.print(f"skipped {item['source']}: {item['reason']}", highlight=False, markup=False)
    for one in report["rejects"][:SHOWN_REJECTS]:
        err.print(f"rejected {one['source']} {one['place']}: {one['reason']}", highlight=False, markup=False)
    if report["rejected"] > SHOWN_REJECTS:
        err.print(f"and {report['rejected'] - SHOWN_REJECTS:,} more; all of them by reason:")
        for reason, number in report["rejected_by_reason"].items():
            err.print(f"  {number:,} {reason}", highlight=False, markup=False)


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Embed articles by many workers into Parquet that dateline ingest takes."
    )
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="files, folders or globs of JSONL or Parquet")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where the shards go")
    parser.add_argument(
        "--model", metavar="NAME", help="embedding model (default: that of the index, else of the settings)"
    )
    parser.add_argument(
        "--index", type=Path, metavar="DIR", help="index that the shards are for: its model, and its models/"
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes that embed (default: as many as there is room for)"
    )
    parser.add_argument(
        "--cpus-per-worker", type=int, default=1, metavar="N", help="cores of each (default: %(default)s)"
    )
    parser.add_argument(
        "--gpus-per-worker", type=float, default=0, metavar="N", help="1, or a share such as 0.5 (default: 0, the CPU)"
    )
    parser.add_argument(
        "--batch-size",
        type=int,
        default=BATCH_ARTICLES,
        metavar="N",
        help="most articles of a shard (default: %(default)s)",
    )
    parser.add_argument(
        "--address", metavar="ADDRESS", help="Ray cluster: auto or HOST:PORT (default: this machine, for this run)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    given = parser.parse_args()
    wanted = Workers(given.workers, given.cpus_per_worker, given.gpus_per_worker, given.address)
    counts = (given.cpus_per_worker, given.batch_size, 1 if given.workers is None else given.workers)
    if min(counts) < 1 or not 0 <= given.gpus_per_worker <= 1:  # a model runs on one
        parser.error("--workers, --cpus-per-worker and --batch-size are 1 or more, --gpus-per-worker is from 0 to 1")
    index = IndexFolder(given.index) if given.index else None
    folder = given.to.absolute()
    models = index.models.absolute() if index else folder / KEPT / "models"
    device = Device.CUDA if given.gpus_per_worker else Device.CPU
    try:
        encoder = encoder_of(index, given.model, models, device)
    except (DatelineError, OSError) as error:
        if given.json:
            print(json.dumps({"error": str(error)}, ensure_ascii=False))
        parser.error(str(error))
    work = Work(folder, recipe_for(encoder), models, device, Reading(utc_now()))
    report, code = bulk_embed(given.sources, work, wanted, given.batch_size, shown=not given.json)
    if given.json:
        print(whole_text(json.dumps(report, ensure_ascii=False, indent=2)))
    else:
        _print(report)
    if "error" in report:
        err.print(f"error: {report['error']}", highlight=False, markup=False)
    return code


if __name__ == "__main__":
    sys.exit(main())
