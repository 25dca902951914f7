"""The rows of a CSV file, each of bounded size; a broken one costs no other. Pure."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from indexer.errors import SourceError
from indexer.sources.jsonl import MAX_LINE_BYTES

_MAX_ROW_LINES = 100_000


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that breaks the rules of CSV, and how."""

    fault: str


class _Lines(Iterator[str]):
    """Lines of text for the row being read; raises SourceError when the row is too long to be one."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._waiting: deque[str] = deque()
        self._row: list[str] = []
        self._size = 0
        self.number = 0
        """How many lines were read before and in the row."""

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._text.readline(MAX_LINE_BYTES + 1)
        if not line:
            raise StopIteration
        self._size += len(line)
        if self._size > MAX_LINE_BYTES or len(self._row) == _MAX_ROW_LINES:
            raise SourceError(
                f"is longer than {MAX_LINE_BYTES:,} characters or {_MAX_ROW_LINES:,} lines; is a quote not closed?"
            )
        self.number += 1
        self._row.append(line)
        return line.replace("\0", "")

    def begin_row(self) -> None:
        self._row.clear()
        self._size = 0

    def return_rows(self, delimiter: str, delimiters: int) -> None:
        """Gives back the lines after the row's first, to be read as rows, where each of them looks like one."""
        further = self._row[1:]
        doubtful = len(further) == 1 and delimiters == 1 and delimiter == ","  # prose has a comma too
        if not doubtful and all(line.count(delimiter) == delimiters for line in further if line.strip()):
            self._waiting.extendleft(reversed(further))
            self.number -= len(further)
            del self._row[1:]

    @property
    def where(self) -> str:
        """The place of the row's lines in the file."""
        first = self.number - len(self._row) + 1
        return f"line {first}" if first == self.number else f"lines {first} to {self.number}"

    @property
    def row(self) -> tuple[str, ...]:
        """The lines of the row."""
        return tuple(self._row)


def read_rows(opened: BinaryIO, encoding: str, delimiter: str) -> Iterator[list[str] | BrokenRow]:
    """The rows that hold anything, the header first. Bytes that are not in the encoding become surrogates.

    Raises SourceError, naming the row, for one over MAX_LINE_BYTES characters.
    """
    csv.field_size_limit(2 * MAX_LINE_BYTES)
    errors = "surrogatepass" if encoding == "utf-16" else "surrogateescape"
    text = io.TextIOWrapper(opened, encoding=encoding, errors=errors, newline="")
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    count, delimiters, after_broken = 0, 0, False
    while True:
        lines.begin_row()
        try:
            row: list[str] | BrokenRow = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            row = _broken(lines, delimiter, delimiters, str(error))
        except SourceError as error:
            raise SourceError(f"row {count} {error}" if count else f"its header {error}") from None
        except UnicodeError as error:
            raise SourceError(f"cannot be decoded: {error}; save it as UTF-8") from None
        if after_broken and isinstance(row, list) and sum(line.count('"') for line in lines.row) % 2:
            row = BrokenRow(f"is no CSV at {lines.where}: the rest of the broken row before it?")
        after_broken = isinstance(row, BrokenRow) or (after_broken and not row)
        if isinstance(row, BrokenRow) or any(cell.strip() for cell in row):
            if not count:
                delimiters = len(row) - 1 if isinstance(row, list) else 0
            yield row
            count += 1
    text.detach()


def _broken(lines: _Lines, delimiter: str, delimiters: int, error: str) -> list[str] | BrokenRow:
    """What is wrong with a row; its cells where tabs part them, for such files often have no quoting."""
    if delimiter == "\t" and len(lines.row) == 1 and lines.row[0].count("\t") == delimiters:
        return lines.row[0].rstrip("\r\n").split("\t")
    lines.return_rows(delimiter, delimiters)
    fault = f"is no CSV at {lines.where} ({error}); is a quote not closed, or not doubled within a cell?"
    return BrokenRow(fault)
