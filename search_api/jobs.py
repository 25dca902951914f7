"""What each command does, without printing: used by the command line and by the scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from indexer import generations
from indexer.archive import Archive
from indexer.building import build
from indexer.encoder import Encoder, load_encoder
from indexer.errors import EngineLacks, EngineUnavailable, SourceError
from indexer.generations import Manifest
from indexer.ingest import Ingest
from indexer.ingest_report import IngestReport
from indexer.layout import IndexFolder
from indexer.quarantine import Quarantine, entry_id, read_again
from indexer.recipe import recipe_for
from indexer.runtimes import Device
from indexer.sources import ReadPosition, SourceFormat, SourceListing, find_sources, open_source, read_files
from indexer.sources.items import Reading
from indexer.takedown import stays_out
from indexer.types import Found
from search_api.clock import utc_now
from search_api.engine_choice import open_library, shelf_of, store_of
from search_api.index_facts import size_of
from search_api.library import Library
from search_api.milvus_shelf import MilvusShelf
from search_api.progress import ingest_progress, line_on_stderr
from search_api.query import RelatedQuery, SearchQuery
from search_api.related import related as find_related
from search_api.related import related_to_draft
from search_api.results import RelatedAnswer, SearchAnswer
from search_api.searcher import search as run_search
from search_api.settings import Settings


@dataclass(frozen=True, slots=True)
class IngestDone:
    """A finished ingest: its report, the files passed over, the first generation if this run built it, where rejected items are
    kept, and how many of them had no room there."""

    report: IngestReport
    listing: SourceListing
    built: Manifest | None
    quarantine: Path
    not_kept: int = 0


def ingest(
    index: IndexFolder,
    arguments: Sequence[str],
    *,
    source_format: SourceFormat | None = None,
    columns: Mapping[str, str] = MappingProxyType({}),
    device: Device = Device.CPU,
    dry_run: bool = False,
    show_progress: bool = False,
) -> IngestDone:
    """Take in every article of the sources; builds the first generation when there is none.

    What is rejected goes to the quarantine, in place of what was rejected of the same sources before.
    """
    listing = find_sources(arguments)
    how = Reading(utc_now(), dict(columns))
    with _dry_archive(index) if dry_run else written_archive(index) as archive:
        encoder = load_encoder(model_of(archive), index.models, device=device, told=line_on_stderr(shown=show_progress))
        run = Ingest(archive, encoder, now=how.now, dry_run=dry_run)
        position = ReadPosition(listing.files)
        with ingest_progress(position, shown=show_progress) as progress:
            report = run.run(read_files(listing.files, how, source_format, position), progress)
        quarantine = quarantine_of(index)
        if dry_run:
            return IngestDone(report, listing, None, quarantine.folder)
        kept = [reject for reject in report.rejects if not stays_out(reject, archive)]
        rejects = [replace(reject, source=str(Path(reject.source).absolute())) for reject in kept]
        read = [str(path.absolute()) for path in (*listing.files, *listing.folders)]
        quarantine.forget_sources(read, but=rejects)
        not_kept = quarantine.put(rejects, at=how.now) + report.rejected - len(rejects)
        built = build_first(index, archive, encoder)
        return IngestDone(report, listing, built, quarantine.folder, not_kept)


def retry(index: IndexFolder) -> IngestDone:
    """Take in what is in the quarantine, as it is there now; what goes in leaves it, unless very much is rejected again."""
    quarantine, how = quarantine_of(index), Reading(utc_now())
    index.require_archive()
    entries = quarantine.entries()
    with written_archive(index) as archive:
        encoder = load_encoder(model_of(archive), index.models)
        report = Ingest(archive, encoder, now=how.now).run(read_again(entries, how))
        built = build_first(index, archive, encoder)
        rejects = [reject for reject in report.rejects if not stays_out(reject, archive)]
        not_kept = quarantine.put(rejects, at=how.now) + report.rejected - len(rejects)
        if report.all_kept:  # else nobody knows which entries were rejected again
            again = {entry_id(reject.source, reject.place) for reject in rejects}
            quarantine.remove(entry.entry_id for entry in entries if entry.entry_id not in again)
        return IngestDone(report, SourceListing((), ()), built, quarantine.folder, not_kept)


def quarantine_of(index: IndexFolder) -> Quarantine:
    return Quarantine(index.root / "quarantine")


def build_first(index: IndexFolder, archive: Archive, encoder: Encoder, *, carries: bool = True) -> Manifest | None:
    """Build and activate a generation where there is none and there is something to serve.

    Where one serves in Milvus, what is new is carried into it, unless somebody else `carries` it.

    The first one, where the run that built it was killed before it pointed to it, is activated. What else is damaged or not
    pointed to is for `reindex` and for the service to put right.
    """
    there = index.numbers()
    if isinstance(shelf := shelf_of(index), MilvusShelf):
        return _build_first_in_milvus(index, archive, encoder, shelf, carries=carries)
    if there:
        if len(there) == 1 and not index.has_pointer:
            with index.building():
                generations.activate_left(index, archive)
        return None
    if archive.last_change() == 0:
        return None
    with index.building():
        built = build(index, archive, recipe_for(encoder), now=utc_now(), encode=encoder.encode_query)
        generations.activate(index, archive, built)
    return built


def _build_first_in_milvus(
    index: IndexFolder, archive: Archive, encoder: Encoder, shelf: MilvusShelf, *, carries: bool
) -> Manifest | None:
    serving = shelf.serving()
    if serving is not None:
        if carries:
            shelf.bring_up_to_date(archive, serving)
        return None
    if archive.last_change() == 0:
        return None
    with index.building():
        built = shelf.build(archive, encoder, lambda _: None)
        shelf.activate(archive, built)
    return built


@contextmanager
def written_archive(index: IndexFolder) -> Iterator[Archive]:
    with index.writing():
        check_writable(index)
        with Archive(index.archive, create=True) as archive:
            yield archive


def check_writable(index: IndexFolder) -> None:
    """Raise EngineLacks, or IndexDamaged, where an index in Milvus is of another archive than this folder's, or it has none:
    numbers that it gave to articles would be given again."""
    shelf = shelf_of(index)
    if not isinstance(shelf, MilvusShelf):
        return
    try:
        is_serving = shelf.serving() is not None
    except EngineUnavailable:
        if index.archive.is_file():  # it is written to all the same: who carries looks whose the generation is
            return
        raise
    if not is_serving:
        return
    if not index.archive.is_file():
        raise EngineLacks(
            f"{index.root} has no archive, and what serves in Milvus has one elsewhere: this process only reads; write where "
            "that archive is, or give this index collections of its own by DATELINE_MILVUS_PREFIX"
        )
    with Archive(index.archive) as archive:
        shelf.check_origin(archive)


@contextmanager
def _dry_archive(index: IndexFolder) -> Iterator[Archive]:
    """The archive to compare with, an empty one elsewhere when there is none: a dry run leaves no trace."""
    with TemporaryDirectory() as folder:
        path = index.archive if index.archive.is_file() else Path(folder) / index.archive.name
        with Archive(path, create=True) as archive:
            yield archive


def model_of(archive: Archive) -> str:
    """The name of the model that the archive's serving embeddings are of; the setting for a new archive."""
    return archive.meta("model_name") or Settings().model


@contextmanager
def opened(index: IndexFolder, *, generation: int | None = None) -> Iterator[Library]:
    """The index opened for reading, its changes taken up, or, with a word on stderr, without them when they cannot be."""
    if store_of(index) is None:
        index.require_archive()
    library = open_library(index, generation=generation)
    try:
        try:
            library.refresh()
        except Exception as error:
            if library.view is None:
                raise
            library.note_trouble(error)
        yield library
    finally:
        library.close()


def search(index: IndexFolder, query: SearchQuery) -> SearchAnswer:
    with opened(index) as library:
        return run_search(library, query)


def related(index: IndexFolder, query: RelatedQuery, *, article_id: str | None, file: Path | None) -> RelatedAnswer:
    """The articles related to a stored article, or to the first article of a file."""
    with opened(index) as library:
        if article_id is not None:
            return find_related(library, article_id, query)
        assert file is not None
        first = next(iter(open_source(file, now=query.filters.now)), None)
        if not isinstance(first, Found):
            raise SourceError(f"{file}: {first.reason if first else 'holds no article'}")
        return related_to_draft(library, first.article, query)


def status(index: IndexFolder) -> dict[str, Any]:
    """What the index holds and what is serving."""
    with Archive(index.require_archive()) as archive:
        counts = archive.counts(archive.meta("recipe"))
        change = archive.last_change()
        shelf = shelf_of(index)
        number = shelf.serving()
        manifest = shelf.manifest(number) if number is not None else None
        return {
            "index": str(index.root),
            "archive": {**counts, "change": change, "bytes": size_of(index.root, "archive.sqlite*")},
            "model": {"name": archive.meta("model_name"), "fingerprint": archive.meta("model")},
            "generation": {
                "number": manifest.number,
                "built_at": manifest.built_at,
                "change": manifest.change,
                "articles": manifest.articles,
                "chunks": manifest.chunks,
                "bytes": size_of(index.generation(manifest.number), "**/*"),  # none where it is in Milvus
            }
            if manifest
            else None,
            "changes_since_generation": change - manifest.change if manifest else change,
            "generations": shelf.numbers(),
        }


def verify(index: IndexFolder) -> list[str]:
    """Everything wrong with the index, in plain words with the fix."""
    shelf = shelf_of(index)
    if not isinstance(shelf, MilvusShelf):
        return generations.verify(index)
    with Archive(index.require_archive()) as archive:
        return [*generations.problems_of_archive(archive), *shelf.problems(archive)]
