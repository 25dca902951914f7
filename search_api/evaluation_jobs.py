"""Judged collections measured over indexes of their own articles: `dateline evaluate`, and what the scripts share with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.encoder import load_encoder
from indexer.errors import SourceError
from indexer.layout import IndexFolder
from indexer.recipe import recipe_for
from search_api.clock import utc_now
from search_api.generation_jobs import renew
from search_api.jobs import ingest, opened
from search_api.judging import Judged, Task, judge_related, judge_search, read_collection
from search_api.library import Library
from search_api.query import Mode
from search_api.settings import Settings


@dataclass(frozen=True, slots=True)
class EvaluationDone:
    collection: str
    task: Task
    judged: list[Judged]


def evaluate(
    index: IndexFolder,
    folder: Path,
    task: Task,
    modes: Sequence[str],
    limit_queries: int | None = None,
    *,
    show_progress: bool = False,
) -> EvaluationDone:
    """Judge each mode over an index of the folder's own articles, kept beside `index` for the next time."""
    collection = read_collection(folder, task, limit_queries)
    now = utc_now()
    with evaluation_library(index, folder, show_progress=show_progress) as library:
        if task is Task.SEARCH:
            judged = [judge_search(library, collection, Mode(mode), now) for mode in modes]
        else:
            judged = [judge_related(library, collection, mode, now) for mode in modes]
    return EvaluationDone(collection.name, task, judged)


@contextmanager
def evaluation_library(index: IndexFolder, folder: Path, *, show_progress: bool = False) -> Iterator[Library]:
    """An index over the folder's own articles, made if missing and kept beside `index`, opened for reading."""
    own = _evaluation_index(index, folder)
    report = ingest(own, [str(folder / "articles.jsonl")], show_progress=show_progress).report
    if report.rejects:
        first = report.rejects[0]
        raise SourceError(
            f"{report.rejected} articles of {folder} cannot be read, the first at {first.place}: {first.reason}; "
            "mend the collection: figures over a part of it would mislead"
        )
    renew(own)
    with opened(own) as library:
        yield library


def _evaluation_index(index: IndexFolder, folder: Path) -> IndexFolder:
    """The folder named after the articles and the model: when one of them changes, another folder is used."""
    articles = folder / "articles.jsonl"
    try:
        with articles.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise SourceError(f"{articles} cannot be read ({error.strerror}); a judged collection needs it") from error
    digest.update(recipe_for(load_encoder(Settings().model)).key.encode())
    return IndexFolder(
        index.root.with_name(f"{index.root.name}-evaluate") / f"{folder.resolve().name}-{digest.hexdigest()[:12]}",
        models_of=index.root,
    )
