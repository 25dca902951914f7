"""The commands that keep an index in order: look into it, rebuild it, take out of it, save and restore it."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Annotated

import typer

from indexer.processes import yield_to_readers
from indexer.runtimes import Device
from search_api import (
    backup_jobs,
    generation_jobs,
    ingest_report,
    jobs,
    line_jobs,
    recall_jobs,
    takedown_jobs,
    upkeep_report,
)
from search_api.cli_options import DeviceOption, IndexOption, JsonOption, index_folder
from search_api.clock import utc_now
from search_api.keys import Keys, Scope
from search_api.query import whole_text

upkeep = typer.Typer()

MAX_LINE_ID = 2**63 - 1


@upkeep.command(short_help="Show what the index holds and what serves.")
def status(index: IndexOption = None, json: JsonOption = False) -> None:
    """Show what the index holds and what is serving."""
    upkeep_report.status(jobs.status(index_folder(index)), as_json=json)


@upkeep.command(short_help="Check every checksum, count and reference.")
def verify(
    index: IndexOption = None,
    recall: Annotated[
        bool, typer.Option("--recall", help="Also compare what is found by meaning with a look at every passage.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Check every checksum, count and cross-reference of the index."""
    folder = index_folder(index)
    problems = jobs.verify(folder)
    figures = recall_jobs.measure(folder) if recall and not problems else []
    problems += recall_jobs.problems_of(figures)
    upkeep_report.verify(problems, figures, as_json=json)
    raise typer.Exit(1 if problems else 0)


@upkeep.command(short_help="Show the lines that sites repeat, and keep one.")
def lines(
    index: IndexOption = None,
    keep: Annotated[
        int | None,
        typer.Option(min=1, max=MAX_LINE_ID, metavar="LINE_ID", help="This line belongs to the articles; put it back."),
    ] = None,
    drop: Annotated[
        int | None, typer.Option(min=1, max=MAX_LINE_ID, metavar="LINE_ID", help="Take back --keep.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show the lines that are left out of articles because their site repeats them."""
    if keep is not None and drop is not None:
        raise typer.BadParameter("give --keep or --drop, not both")
    folder = index_folder(index)
    changed = line_jobs.settle_line(folder, keep, kept=True) if keep is not None else 0
    changed += line_jobs.settle_line(folder, drop, kept=False) if drop is not None else 0
    ingest_report.lines(line_jobs.repeated_lines(folder), changed, as_json=json)


@upkeep.command(short_help="Build a new generation from the archive.")
def reindex(
    index: IndexOption = None,
    model: Annotated[str | None, typer.Option(help="Embed with this model from now on: a name, or a folder.")] = None,
    gate: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Judged queries; a generation that answers them worse is not activated."),
    ] = None,
    gate_step: Annotated[
        float, typer.Option(min=0, max=1, help="With --gate: how much nDCG@10 may fall.")
    ] = generation_jobs.GATE_STEP,
    device: DeviceOption = Device.CPU,
    activate: Annotated[bool, typer.Option(help="Make the new generation the serving one.")] = True,
    regroup: Annotated[bool, typer.Option("--regroup", help="Find all copies and stories anew.")] = False,
    keep: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many generations to keep that served before.")
    ] = generation_jobs.KEPT,
    json: JsonOption = False,
) -> None:
    """Build a new generation from the archive; texts embedded before are not embedded again."""
    yield_to_readers()
    done = generation_jobs.reindex(
        index_folder(index),
        model=model,
        device=device,
        gate=gate,
        gate_step=gate_step,
        activate=activate,
        regroup=regroup,
        keep=keep,
        show_progress=not json,
    )
    upkeep_report.reindex(done, as_json=json)
    raise typer.Exit(0 if done.gate is None or done.gate.passed else 1)


@upkeep.command(short_help="Let the generation from before serve again.")
def rollback(index: IndexOption = None, json: JsonOption = False) -> None:
    """Let the generation that served before the serving one serve again; nothing written since is lost."""
    done = generation_jobs.rollback(index_folder(index), show_progress=not json)
    upkeep_report.rollback(done, as_json=json)


@upkeep.command(short_help="Take an article out for good, with a receipt.")
def takedown(
    article_id: Annotated[str, typer.Argument(metavar="ARTICLE_ID", help="Id of a stored article.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept with the receipt.")],
    index: IndexOption = None,
    json: JsonOption = False,
) -> None:
    """Take an article out of the index for good and print a receipt; status 1 when a file still holds a passage of it."""
    receipt = takedown_jobs.takedown(
        index_folder(index), whole_text(article_id), whole_text(reason), show_progress=not json
    )
    upkeep_report.takedown(receipt, as_json=json)
    raise typer.Exit(1 if receipt.traces else 0)


@upkeep.command(short_help="Print the current articles as JSONL.")
def export(index: IndexOption = None) -> None:
    """Print the current articles as JSONL, one record a line, withheld ones too; `dateline ingest` reads it."""
    stdout = typer.get_binary_stream("stdout")
    for record in backup_jobs.exported(index_folder(index)):
        stdout.write(json_text.dumps(record, ensure_ascii=False).encode() + b"\n")


@upkeep.command(short_help="Save the index to a folder while it serves.")
def backup(
    to: Annotated[Path, typer.Argument(metavar="TO", help="A new folder, an empty one, or an earlier backup.")],
    index: IndexOption = None,
    json: JsonOption = False,
) -> None:
    """Save articles, the serving generation, keys, quarantine and what is known of feeds to a folder, while all goes on."""
    upkeep_report.backup(backup_jobs.backup(index_folder(index), to), as_json=json)


@upkeep.command(short_help="Put a backup in the place of the index.")
def restore(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="A folder that dateline backup made.")],
    index: IndexOption = None,
    json: JsonOption = False,
) -> None:
    """Put a backup in the place of the index, once it is found whole; the old index is kept beside it."""
    upkeep_report.restore(backup_jobs.restore(source, index_folder(index)), as_json=json)


@upkeep.command(short_help="List, make and revoke keys.")
def keys(
    index: IndexOption = None,
    new: Annotated[str | None, typer.Option(metavar="NAME", help="Make a key of this name, shown this once.")] = None,
    scope: Annotated[Scope | None, typer.Option(help="With --new: what the key may do [default: write].")] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN", help="With --scope widget: whose pages it is for, such as https://news.example."
        ),
    ] = None,
    revoke: Annotated[str | None, typer.Option(metavar="NAME", help="This key counts no more, at once.")] = None,
    json: JsonOption = False,
) -> None:
    """List the keys for reading and writing over HTTP and for related-news widgets; make one, or revoke one."""
    if new is not None and revoke is not None:
        raise typer.BadParameter("give --new or --revoke, not both")
    if scope is not None and new is None:
        raise typer.BadParameter("--scope goes with --new")
    if origin and new is None:
        raise typer.BadParameter("--origin goes with --new")
    held = Keys.of(index_folder(index))
    if new is not None:
        name, granted = whole_text(new), scope or Scope.WRITE
        key = held.add(name, granted, now=utc_now(), origins=origin or ())
        upkeep_report.new_key(name, granted, key, as_json=json)
    elif revoke is not None:
        held.revoke(whole_text(revoke))
        upkeep_report.revoked_key(whole_text(revoke), as_json=json)
    else:
        upkeep_report.keys(held.all(), as_json=json)
