"""The `dateline` command. Results on stdout, progress and messages on stderr.

Exit status: 0 done, 1 some items were rejected or a check failed, 2 wrong use or no usable index.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from indexer.errors import DatelineError
from indexer.fetching import PollResult
from indexer.filters import Filters
from indexer.layout import IndexFolder
from indexer.processes import yield_to_readers
from indexer.runtimes import Device
from indexer.sources import SourceFormat
from indexer.sources.columns import parse_columns
from search_api import generation_jobs, ingest_report, jobs, report, serving
from search_api.cli_options import (
    DeviceOption,
    DiversityOption,
    IndexOption,
    JsonOption,
    LimitOption,
    MaxPerSourceOption,
    MinScoreOption,
    index_folder,
    whole_texts,
)
from search_api.clock import utc_now
from search_api.evaluation_jobs import evaluate as run_evaluation
from search_api.judging import RELATED_MODES, Task
from search_api.moving import asked_window
from search_api.query import (
    DEFAULT_LIMIT,
    Collapse,
    Dates,
    Facet,
    Fallback,
    Mode,
    RelatedMode,
    RelatedQuery,
    SearchQuery,
    Sort,
    clean_query_text,
    make_filters,
    whole_text,
)
from search_api.recency import asked_recency
from search_api.settings import Settings
from search_api.starting import wrong_settings
from search_api.upkeep_cli import upkeep
from search_api.watch_jobs import is_feed_address
from search_api.watch_jobs import watch as run_watch

app = typer.Typer(
    help="Semantic search and related articles for news.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command(short_help="Take articles in from files, folders and feeds.")
def ingest(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE...", help="Files, folders, globs, or addresses of feeds.")
    ] = None,
    index: IndexOption = None,
    format: Annotated[
        SourceFormat | None, typer.Option(help="Read every file as this, instead of by its content.")
    ] = None,
    columns: Annotated[
        list[str] | None, typer.Option(metavar="FIELD=COLUMN", help="Which column of a table holds a field; repeat.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Poll feeds (addresses, OPML files, lists) until stopped.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="With --watch: poll the feeds that are due, then end.")] = False,
    fetch_pages: Annotated[
        bool, typer.Option("--fetch-pages", help="With feeds: fetch the page of each new item.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Take in what was rejected before and mended since.")] = False,
    device: DeviceOption = Device.CPU,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; store nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Take articles in: clean, compare, embed and store them; they are searchable at once."""
    arguments = sources or []
    if retry == bool(arguments):
        raise typer.BadParameter("give SOURCE..., or --retry without any")
    for_files = dry_run or columns or format or device is not Device.CPU
    if retry and (watch or once or fetch_pages or for_files):
        raise typer.BadParameter("--retry goes with no other option of ingest; ingest the source itself to use one")
    feeds = watch or any(map(is_feed_address, arguments))
    if feeds and for_files:
        raise typer.BadParameter("--dry-run, --columns, --format and --device are for files, not for feeds")
    if (once or fetch_pages) and not feeds:
        raise typer.BadParameter("--once and --fetch-pages go with feeds: give --watch or the address of a feed")
    folder = index_folder(index)
    yield_to_readers()
    if feeds:
        polled = (lambda _: None) if json else ingest_report.polled
        watched = run_watch(folder, arguments, fetch_pages=fetch_pages, once=once or not watch, polled=polled)
        ingest_report.watch(watched, as_json=json)
        failed = watched.report.rejected or any(poll.result is PollResult.FAILED for poll in watched.polls)
        raise typer.Exit(1 if failed else 0)
    if retry:
        done = jobs.retry(folder)
    else:
        names, shown = parse_columns(columns or []), not json
        done = jobs.ingest(
            folder, arguments, source_format=format, columns=names, device=device, dry_run=dry_run, show_progress=shown
        )
    if not dry_run:
        done = _folded(folder, done, show_progress=not json)
    ingest_report.ingest(done, as_json=json, dry_run=dry_run)
    raise typer.Exit(1 if done.report.rejected else 0)


def _folded(folder: IndexFolder, done: jobs.IngestDone, *, show_progress: bool) -> jobs.IngestDone:
    """With the generation that a long tail was folded into; a failure to do so is only told, for all is stored."""
    try:
        folded = generation_jobs.fold_long_tail(folder, show_progress=show_progress)
    except (DatelineError, OSError) as error:
        report.failure(f"the articles are stored, but no generation could be built of them: {error}")
        return done
    return replace(done, built=folded.manifest) if folded else done


@app.command(short_help="Answer over HTTP.")
def serve(
    index: IndexOption = None,
    host: Annotated[str | None, typer.Option(help="Address to bind to [default: $DATELINE_HOST or 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port [default: $DATELINE_PORT or 8000].")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
) -> None:
    """Answer over HTTP: the search page at /, the API under /v1, its documentation at /docs."""
    settings = Settings()
    serving.serve(
        index_folder(index),
        settings,
        host=host or settings.host,
        port=settings.port if port is None else port,
        workers=workers,
    )


@app.command(short_help="Answer a typed question.", context_settings={"ignore_unknown_options": True})
def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A question or words.")],
    index: IndexOption = None,
    mode: Annotated[Mode, typer.Option(help="Which arms answer.")] = Mode.HYBRID,
    limit: LimitOption = DEFAULT_LIMIT,
    from_: Annotated[str | None, typer.Option("--from", metavar="DATE", help="Published at or after.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Published before, or on that day.")] = None,
    section: Annotated[list[str] | None, typer.Option(help="Only this section; repeat for several.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source.")] = None,
    exclude_source: Annotated[list[str] | None, typer.Option(help="Not this source.")] = None,
    author: Annotated[list[str] | None, typer.Option(help="Only this author.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Only this language, such as en.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only articles with this tag.")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="Answer as if it were then.")] = None,
    sort: Annotated[Sort, typer.Option(help="What comes first.")] = Sort.RELEVANCE,
    recency: Annotated[
        str, typer.Option(help="How age lowers a score: auto, off, or a half-life such as 7d.")
    ] = "auto",
    dates: Annotated[Dates, typer.Option(help="Whether time words become a date filter.")] = Dates.AUTO,
    collapse: Annotated[
        Collapse, typer.Option(help="What is folded into one result: copies of a text, all of a story, or nothing.")
    ] = Collapse.DUPLICATES,
    max_per_source: MaxPerSourceOption = None,
    diversity: DiversityOption = 0.0,
    min_score: MinScoreOption = None,
    facet: Annotated[list[Facet] | None, typer.Option(help="Count all results by this; repeat for several.")] = None,
    cursor: Annotated[str | None, typer.Option(help="The next_cursor of the page before.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say how each score came about.")] = False,
    json: JsonOption = False,
) -> None:
    """Answer a typed question from the index.

    Operators: "exact phrase", -excluded, field:value (title, section, source, author, tag, language, date, from, to), OR.
    """
    words = {
        "section": section,
        "source": source,
        "exclude_source": exclude_source,
        "author": author,
        "language": language,
        "tag": tag,
    }
    given = {name: whole_texts(values) for name, values in words.items() if values}
    asked_recency(recency)
    bounds = {"from": from_, "to": to, "as_of": as_of}
    asked = SearchQuery(
        text=clean_query_text(query),
        filters=make_filters(utc_now(), given, bounds, lambda name: f"--{name.replace('_', '-')}"),
        mode=mode,
        sort=sort,
        recency=recency,
        dates=dates,
        collapse=collapse,
        max_per_source=max_per_source,
        diversity=diversity,
        min_score=min_score,
        facets=tuple(facet or ()),
        limit=limit,
        cursor=cursor,
        explain=explain,
    )
    report.search(jobs.search(index_folder(index), asked), as_json=json)


@app.command(short_help="Show articles related to one.")
def related(
    article_id: Annotated[str | None, typer.Argument(metavar="[ARTICLE_ID]", help="Id of a stored article.")] = None,
    index: IndexOption = None,
    file: Annotated[Path | None, typer.Option(metavar="PAGE", help="A page or record that need not be stored.")] = None,
    mode: Annotated[
        RelatedMode, typer.Option(help="Closest, newer developments, older background, or one unfolding story.")
    ] = RelatedMode.RELATED,
    limit: LimitOption = DEFAULT_LIMIT,
    window: Annotated[str | None, typer.Option(help="How far from the article's date: 12h, 7d, 4w or 1y.")] = None,
    section: Annotated[list[str] | None, typer.Option(help="Only this section; repeat for several.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="ID", help="Leave this article out.")] = None,
    max_per_source: MaxPerSourceOption = None,
    diversity: DiversityOption = 0.0,
    min_score: MinScoreOption = None,
    fallback: Annotated[Fallback | None, typer.Option(help="What fills a list that is too short.")] = None,
    json: JsonOption = False,
) -> None:
    """Show the articles related to a stored one, or to a page."""
    if (article_id is None) == (file is None):
        raise typer.BadParameter("give either an article's id or --file PAGE")
    asked = RelatedQuery(
        Filters(utc_now(), sections=whole_texts(section), sources=whole_texts(source)),
        mode=mode,
        limit=limit,
        window=asked_window(window) if window else None,
        exclude=whole_texts(exclude),
        max_per_source=max_per_source,
        diversity=diversity,
        min_score=min_score,
        fallback=fallback,
    )
    named = whole_text(article_id) if article_id is not None else None
    report.related(jobs.related(index_folder(index), asked, article_id=named, file=file), as_json=json)


@app.command(short_help="Measure on judged queries.")
def evaluate(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A judged collection: articles.jsonl, queries.jsonl, qrels.tsv.")
    ],
    index: IndexOption = None,
    task: Annotated[Task, typer.Option(help="What is judged.")] = Task.SEARCH,
    mode: Annotated[str | None, typer.Option(help="Only this mode [default: all].")] = None,
    limit_queries: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N queries.")] = None,
    json: JsonOption = False,
) -> None:
    """Measure search or related articles on judged queries, over an index of the folder's own articles."""
    modes = list(Mode) if task is Task.SEARCH else list(RELATED_MODES)
    if mode is not None and mode not in modes:
        raise typer.BadParameter(f"--mode {mode!r} is not one of {', '.join(modes)}")
    done = run_evaluation(
        index_folder(index), folder, task, [mode] if mode else modes, limit_queries, show_progress=not json
    )
    report.evaluation(done, as_json=json)


app.add_typer(upkeep)


def main() -> None:
    """Run the command; what Dateline foresees ends in one line on stderr and status 2."""
    try:
        app()
    except DatelineError as error:
        report.failure(str(error))
        raise SystemExit(2) from None
    except OSError as error:
        report.failure(f"{error}; check the room and the health of the disk")
        raise SystemExit(2) from None
    except (SettingsError, ValidationError) as error:
        for line in wrong_settings(error):
            report.failure(line)
        raise SystemExit(2) from None
