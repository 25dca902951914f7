"""Options and words that the commands have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from indexer.layout import IndexFolder
from indexer.runtimes import Device
from search_api.query import MAX_LIMIT, whole_text
from search_api.settings import Settings

IndexOption = Annotated[
    Path | None,
    typer.Option("--index", metavar="DIR", help="Folder of the index [default: $DATELINE_INDEX or var/index]."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
DeviceOption = Annotated[Device, typer.Option(help="Where to embed: cpu, or cuda (a GPU, through torch).")]
LimitOption = Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="How many articles.")]
MaxPerSourceOption = Annotated[int | None, typer.Option(min=1, help="How many articles each source may have.")]
DiversityOption = Annotated[float, typer.Option(min=0, max=1, help="How far apart alike articles are set.")]
MinScoreOption = Annotated[float | None, typer.Option(min=0, max=1, help="The least score shown.")]


def index_folder(index: Path | None) -> IndexFolder:
    """The index that was named, else the one of the settings."""
    return IndexFolder(index or Settings().index)


def whole_texts(values: list[str] | None) -> tuple[str, ...]:
    """What was typed, in whole characters: a terminal may send bytes that are none."""
    return tuple(whole_text(value) for value in values or ())
