"""One file's articles, its format told by its content."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from indexer.errors import SourceError
from indexer.sources.delimited import read_csv
from indexer.sources.detection import SAMPLE_BYTES, SourceFormat, detect_format
from indexer.sources.feed import read_feed
from indexer.sources.html import read_html
from indexer.sources.items import Reading
from indexer.sources.json_array import read_json_array
from indexer.sources.json_feed import read_json_feed
from indexer.sources.jsonl import read_jsonl
from indexer.sources.newsml_g2 import read_newsml_g2
from indexer.sources.ninjs import read_ninjs
from indexer.sources.nitf import read_nitf
from indexer.sources.page_text import read_page_text
from indexer.sources.parquet import read_parquet
from indexer.sources.sitemap import read_sitemap
from indexer.sources.source_file import SourceFile
from indexer.sources.warc import read_warc
from indexer.sources.wordpress_export import read_wordpress_export
from indexer.sources.wordpress_json import read_wordpress_json
from indexer.types import Found, Reject

Reader = Callable[[SourceFile, Reading], Iterator[Found | Reject]]

_READERS: Mapping[SourceFormat, Reader] = {
    SourceFormat.JSONL: read_jsonl,
    SourceFormat.JSON: read_json_array,
    SourceFormat.HTML: read_html,
    SourceFormat.CSV: read_csv,
    SourceFormat.PARQUET: read_parquet,
    SourceFormat.PAGE_TEXT: read_page_text,
    SourceFormat.NEWSML_G2: read_newsml_g2,
    SourceFormat.NITF: read_nitf,
    SourceFormat.NINJS: read_ninjs,
    SourceFormat.FEED: read_feed,
    SourceFormat.JSON_FEED: read_json_feed,
    SourceFormat.SITEMAP: read_sitemap,
    SourceFormat.WARC: read_warc,
    SourceFormat.WORDPRESS_EXPORT: read_wordpress_export,
    SourceFormat.WORDPRESS_JSON: read_wordpress_json,
}


def open_source(
    path: Path,
    *,
    now: datetime,
    format: SourceFormat | None = None,
    columns: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Found | Reject]:
    """The articles of a file in its order, and a Reject for each part of it that is none.

    Dates past `now` are refused. `format` overrides what the content looks like; `columns` is as in `Reading`.
    """
    return read_source(SourceFile.on_disk(path), Reading(now, dict(columns)), format)


def read_source(file: SourceFile, how: Reading, format: SourceFormat | None = None) -> Iterator[Found | Reject]:
    """The same for a file on disk or in memory."""
    try:
        with file.open() as opened:
            sample = opened.read(SAMPLE_BYTES)
        if not sample.strip():
            yield Reject(file.name, "file", "file is empty")
            return
        chosen = format or detect_format(sample, file.suffix)
        if chosen is None:
            yield Reject(file.name, "file", "looks like binary data; docs/sources.md lists the formats that are read")
            return
        yield from _READERS[chosen](file, how)
    except OSError as error:
        yield Reject(file.name, "file", f"cannot be read: {error.strerror or error}")
    except SourceError as error:
        yield Reject(file.name, "file", str(error))
