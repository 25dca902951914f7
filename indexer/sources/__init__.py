"""Files in, articles or rejects out: one module per format, chosen by content."""

from indexer.sources.detection import SourceFormat
from indexer.sources.listing import SkippedFile, SourceListing, find_sources
from indexer.sources.opening import open_source

__all__ = ["SkippedFile", "SourceFormat", "SourceListing", "find_sources", "open_source"]
