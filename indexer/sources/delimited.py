"""CSV and TSV: one article a row, under a header that names the columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence

from charset_normalizer import from_bytes

from indexer.errors import SourceError
from indexer.sources.columns import distinct_names, known_columns, table_places
from indexer.sources.delimited_rows import BrokenRow, read_rows
from indexer.sources.items import Reading
from indexer.sources.rows import row_item
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject

_DELIMITERS = ",;\t|"
_SAMPLE_BYTES = 1 << 16
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_UNDECODED = re.compile("[\ud800-\udfff]")


def read_csv(file: SourceFile, how: Reading) -> Iterator[Found | Reject]:
    """Each row's article; places are row numbers, 1 for the first below the header. Cells may hold line breaks in quotes.

    Raises SourceError for a table without a column that can be a title or a body, and for a row over MAX_LINE_BYTES.
    """
    encoding, delimiter = _form(file, how.columns)
    with file.open() as opened:
        rows = read_rows(opened, encoding, delimiter)
        header = next(rows, [])
        if isinstance(header, BrokenRow) or _is_undecoded(header):
            raise SourceError(
                f"its header {header.fault if isinstance(header, BrokenRow) else _encoding_fault(encoding)}"
            )
        names = distinct_names(header)
        fields = table_places(names, how.columns)
        for number, row in enumerate(rows, start=1):
            place = f"row {number}"
            if isinstance(row, BrokenRow):
                yield Reject(file.name, place, row.fault)
            elif fault := _fault(row, names, encoding, delimiter):
                yield Reject(file.name, place, fault)
            else:
                yield row_item(dict(zip(names, row, strict=False)), fields, file.name, place, how)


def _fault(row: Sequence[str], names: Sequence[str], encoding: str, delimiter: str) -> str | None:
    """What keeps a row from being a record; more cells than the header's do not where they are empty."""
    if _is_undecoded(row):
        return _encoding_fault(encoding)
    broken = any("\n" in cell for cell in row)
    if len(row) < len(names) or any(cell.strip() for cell in row[len(names) :]):
        advice = "is a quote not closed?" if broken else f"quote cells that hold {delimiter!r}"
        return f"has {len(row)} cells, expected {len(names)} as in the header; {advice}"
    if broken and any(_holds_rows(cell, len(names) - 1, delimiter) for cell in row):
        return f"has a cell with lines of {len(names)} cells each, like other rows; is a quote not closed?"
    return None


def _holds_rows(cell: str, delimiters: int, delimiter: str) -> bool:
    """Whether a cell's further lines look like rows of the table; one comma in each is too little to tell."""
    further = [line for line in cell.split("\n")[1:] if line.strip()]
    if len(further) < 2 or delimiters < (2 if delimiter == "," else 1):
        return False
    return all(line.count(delimiter) == delimiters for line in further)


def _is_undecoded(row: Sequence[str]) -> bool:
    return any(not cell.isascii() and _UNDECODED.search(cell) for cell in row)


def _encoding_fault(encoding: str) -> str:
    return f"holds bytes that are not {encoding.removesuffix('-sig')}; save the file as UTF-8"


def _form(file: SourceFile, columns: Mapping[str, str]) -> tuple[str, str]:
    """Encoding and delimiter, from the first bytes: the delimiter that gives the header the most known names."""
    with file.open() as opened:
        sample = opened.read(_SAMPLE_BYTES)
    encoding = next((name for mark, name in _MARKS if sample.startswith(mark)), None) or _encoding(sample)
    text = sample.decode(encoding, errors="replace").lstrip("\ufeff\r\n")
    header = re.split("[\r\n]", text, maxsplit=1)[0]

    def likeliness(delimiter: str) -> tuple[int, int]:
        names = next(csv.reader([header], delimiter=delimiter), [])
        return known_columns(distinct_names(names), columns), header.count(delimiter)

    return encoding, max(_DELIMITERS, key=likeliness)


def _encoding(sample: bytes) -> str:
    """UTF-8 when the sample is but for a few bytes, else what it looks like: cp1252 before its like."""
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4 and not _is_mostly_utf8(sample):
            matches = list(from_bytes(sample))
            likely = [
                match
                for match in matches
                if (match.chaos, -match.coherence) <= (matches[0].chaos, -matches[0].coherence)
            ]
            western = not matches or any("cp1252" in match.could_be_from_charset for match in likely)
            return "cp1252" if western else matches[0].encoding
    return "utf-8"


def _is_mostly_utf8(sample: bytes) -> bool:
    """Whether more characters of other scripts than stray bytes are in it; in other encodings they are hardly ever."""
    beyond = [character for character in sample.decode("utf-8", errors="surrogateescape") if not character.isascii()]
    stray = sum("\udc80" <= character <= "\udcff" for character in beyond)
    return len(beyond) > 2 * stray
