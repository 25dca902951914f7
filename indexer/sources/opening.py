"""One file's articles, its format told by its content."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from indexer.sources.detection import SAMPLE_BYTES, SourceFormat, detect_format
from indexer.sources.html import read_html
from indexer.sources.jsonl import read_jsonl
from indexer.sources.page_text import read_page_text
from indexer.types import Found, Reject

_READERS = {SourceFormat.JSONL: read_jsonl, SourceFormat.HTML: read_html, SourceFormat.PAGE_TEXT: read_page_text}


def open_source(path: Path, *, now: datetime, format: SourceFormat | None = None) -> Iterator[Found | Reject]:
    """The articles of a file in its order, and a Reject for each part of it that is none.

    Dates past `now` are refused. `format` overrides what the content looks like.
    """
    try:
        with path.open("rb") as file:
            sample = file.read(SAMPLE_BYTES)
    except OSError as error:
        yield Reject(str(path), "file", f"cannot be read: {error.strerror}")
        return
    if not sample.strip():
        yield Reject(str(path), "file", "file is empty")
        return
    chosen = format or detect_format(sample, path.name)
    if chosen is None:
        yield Reject(str(path), "file", "looks like binary data; expected JSONL, a saved HTML page or plain text")
        return
    yield from _READERS[chosen](path, now=now)
