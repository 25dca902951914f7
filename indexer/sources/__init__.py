"""Files in, articles or rejects out: one module per format, chosen by content."""

from indexer.sources.detection import SourceFormat
from indexer.sources.listing import SkippedFile, SourceListing, find_sources
from indexer.sources.opening import open_source, read_source
from indexer.sources.reading import ReadPosition, read_files

__all__ = [
    "ReadPosition",
    "SkippedFile",
    "SourceFormat",
    "SourceListing",
    "find_sources",
    "open_source",
    "read_files",
    "read_source",
]
