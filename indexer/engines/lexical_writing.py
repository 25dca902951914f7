"""Articles put into a tantivy index, and a copy of one that is made without copying."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tantivy import Query

from indexer.engines.lexical_schema import document, schema
from indexer.types import Article

WRITER_HEAP_BYTES = 64_000_000


def add_articles(index: Any, rows: Iterable[tuple[int, Article]], dead_rows: Iterable[int]) -> None:
    """Add articles, each with its row, and take dead rows out; all of it is durable, and can be searched, when this returns."""
    writer = index.writer(heap_size=WRITER_HEAP_BYTES, num_threads=1)
    dead = list(dead_rows)
    if dead:
        writer.delete_documents_by_query(Query.term_set_query(schema(), "row", dead))
    for row, article in rows:
        writer.add_document(document(row, article))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()


def linked_copy(base: Path, folder: Path) -> None:
    """Make the folder a copy of the index at `base`: segment files never change, so they are linked."""
    folder.mkdir(parents=True)
    for path in base.iterdir():
        if path.suffix == ".lock":
            continue
        if path.suffix == ".json":
            shutil.copyfile(path, folder / path.name)
        else:
            _link(path, folder / path.name)


def _link(path: Path, target: Path) -> None:
    try:
        target.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, target)
