"""What leaves an index and comes back: backups, and the articles themselves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer import backup as backups
from indexer.archive import Archive
from indexer.backup import Backup
from indexer.engines.milvus.carrying import renew_archive_id
from indexer.layout import IndexFolder
from indexer.records import record_from_article
from search_api.clock import utc_now


@dataclass(frozen=True, slots=True)
class BackupDone:
    """A backup that was made."""

    folder: Path
    backup: Backup
    seconds: float


@dataclass(frozen=True, slots=True)
class RestoreDone:
    """An index that was restored; `before` is where the one is that was there, None where there was none."""

    index: Path
    backup: Backup
    before: Path | None
    seconds: float


def backup(index: IndexFolder, to: Path) -> BackupDone:
    """Copy an index that may be in use; see `indexer.backup.make`."""
    started = time.monotonic()
    made = backups.make(index, to, now=utc_now())
    return BackupDone(to, made, time.monotonic() - started)


def restore(source: Path, index: IndexFolder) -> RestoreDone:
    """Put a backup in the place of an index; see `indexer.backup.restore`."""
    started = time.monotonic()
    restored, before = backups.restore(source, index)
    with Archive(index.archive) as archive:
        renew_archive_id(
            archive
        )  # what was written since the backup may be in Milvus, under numbers that are given again
    return RestoreDone(index.root, restored, before, time.monotonic() - started)


def exported(index: IndexFolder) -> Iterator[dict[str, Any]]:
    """The current articles as records, withheld ones too and deleted ones not, in order of arrival; all are of one moment."""
    with Archive(index.require_archive()) as archive:
        for article in archive.current_articles():
            yield record_from_article(article)
