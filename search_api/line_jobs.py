"""The lines that sites repeat: shown, kept or left out."""

from __future__ import annotations

from indexer.archive import Archive
from indexer.archive_lines import RepeatedLine
from indexer.encoder import load_encoder
from indexer.errors import SettingError
from indexer.ingest import Ingest
from indexer.layout import IndexFolder
from search_api.clock import utc_now
from search_api.jobs import model_of, written_archive


def repeated_lines(index: IndexFolder) -> list[RepeatedLine]:
    """The lines that sites were found to repeat."""
    with Archive(index.require_archive()) as archive:
        return archive.lines.all_repeated()


def settle_line(index: IndexFolder, line_id: int, *, kept: bool) -> int:
    """Put a line back into its site's articles, or leave it out again; returns how many articles changed."""
    index.require_archive()
    with written_archive(index) as archive:
        with archive.transaction():
            if not archive.lines.keep(line_id, kept=kept):
                raise SettingError(f"no repeated line has the number {line_id}; dateline lines shows them")
        report = Ingest(archive, load_encoder(model_of(archive), index.models), now=utc_now()).run(())
    return report.cleaned
