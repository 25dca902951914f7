"""The inputs of a bulk run cut into portions, and the plan of them that is kept beside the shards.

A portion is a run of lines or rows of one input, and becomes one shard. The plan is kept, so that a run which is taken up
again, with however many workers, has the portions of the first, and its shards the same names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from indexer.errors import SourceError
from indexer.layout import replace_text
from indexer.recipe import Recipe
from indexer.sources import SourceFormat
from indexer.sources.detection import SAMPLE_BYTES, detect_format
from indexer.sources.parquet import count_rows
from indexer.sources.source_file import SourceFile
from indexer.types import Reject

FORMAT_VERSION = 1
KEPT = ".bulk"
"""The folder, beside the shards, of the plan and of shards that are being written."""

MOST_BYTES = 8 << 20
LEAST_BYTES = 16 << 10
PORTIONS_PER_WORKER = 8
"""A small input is cut into so many portions for each worker, so that all of them have work to the end."""

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Size:
    """How large a portion may be: a number of articles, and about so many bytes of text."""

    articles: int
    bytes: int

    @classmethod
    def for_workers(cls, workers: int, articles: int, paths: Sequence[Path]) -> Size:
        total = sum(path.stat().st_size for path in paths if path.is_file())
        return cls(articles, min(MOST_BYTES, max(LEAST_BYTES, total // (workers * PORTIONS_PER_WORKER))))


@dataclass(frozen=True, slots=True)
class Portion:
    """`count` lines or rows of an input from the one numbered `first` (from 0); lines begin at byte `offset` and have `bytes`."""

    first: int
    count: int
    offset: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Input:
    """One source of the run as it was when it was planned, and its portions in order."""

    number: int
    path: str
    size: int
    changed_ns: int
    format: SourceFormat
    portions: tuple[Portion, ...]

    @property
    def origin(self) -> str:
        """What tells this input from others, without its name: 16 hex digits of the SHA-256 of its path."""
        return hashlib.sha256(self.path.encode(errors="surrogatepass")).hexdigest()[:16]

    @property
    def is_as_planned(self) -> bool:
        """Whether nobody has changed the file since; raises OSError where it cannot be looked at."""
        stat = Path(self.path).stat()
        return (stat.st_size, stat.st_mtime_ns) == (self.size, self.changed_ns)

    def portion_key(self, number: int) -> str:
        """What tells a portion from all others of this input, of another plan or another state of the file too."""
        one = self.portions[number]
        return f"{self.size}-{self.changed_ns}-{one.first}-{one.count}-{one.offset}-{one.bytes}"

    def shard(self, number: int) -> str:
        """The name of a portion's shard; in order of name, shards are in the order of the inputs and of what is in them."""
        return f"{self.number:05}-{number:06}.parquet"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a folder of shards is made of."""

    recipe: Recipe
    inputs: tuple[Input, ...]

    def save(self, folder: Path) -> None:
        (folder / KEPT).mkdir(parents=True, exist_ok=True)
        stated = {
            "format_version": FORMAT_VERSION,
            "model_name": self.recipe.model_name,
            "recipe": self.recipe.key,
            "inputs": [
                asdict(one) | {"portions": [[p.first, p.count, p.offset, p.bytes] for p in one.portions]}
                for one in self.inputs
            ],
        }
        replace_text(_plan_file(folder), orjson.dumps(stated, option=orjson.OPT_INDENT_2).decode())


def load_plan(folder: Path) -> Plan | None:
    """The plan of a folder of shards, None where there is none; raises SourceError when it cannot be read."""
    path = _plan_file(folder)
    try:
        stated: dict[str, Any] = orjson.loads(path.read_bytes())
        if stated["format_version"] != FORMAT_VERSION:
            raise ValueError(f"it has format {stated['format_version']!r}, this Dateline reads {FORMAT_VERSION}")
        inputs = [
            Input(
                **{
                    **one,
                    "format": SourceFormat(one["format"]),
                    "portions": tuple(Portion(*portion) for portion in one["portions"]),
                }
            )
            for one in stated["inputs"]
        ]
        return Plan(Recipe.of_key(stated["model_name"], stated["recipe"]), tuple(inputs))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SourceError(
            f"{path} is no plan of a bulk run ({type(error).__name__}: {error}); embed into another folder"
        ) from None


def _plan_file(folder: Path) -> Path:
    return folder / KEPT / "plan.json"


def planned(path: Path, number: int, size: Size) -> Input | Reject:
    """The portions of one source, or why it has none."""
    file = SourceFile.on_disk(path)
    try:
        stat = path.stat()
        with file.open() as opened:
            sample = opened.read(SAMPLE_BYTES)
        if not sample.strip():
            return Reject(file.name, "file", "file is empty")
        found = detect_format(sample, file.suffix)
        if found is SourceFormat.JSONL:
            with file.open() as opened:
                portions = tuple(_of_lines(opened, size))
        elif found is SourceFormat.PARQUET:
            portions = tuple(_of_rows(count_rows(file), stat.st_size, size))
        else:
            kind = found or "of no known format"
            return Reject(
                file.name, "file", f"is {kind}; only JSONL and Parquet are read here: dateline ingest takes it"
            )
    except OSError as error:
        return Reject(file.name, "file", f"cannot be read: {error.strerror or error}")
    except SourceError as error:
        return Reject(file.name, "file", str(error))
    return Input(number, str(path.absolute()), stat.st_size, stat.st_mtime_ns, found, portions)


def _of_lines(opened: BinaryIO, size: Size) -> Iterator[Portion]:
    first = count = offset = length = 0
    cut_off = False
    while piece := opened.readline(_PIECE_BYTES):
        length += len(piece)
        cut_off = not piece.endswith(b"\n")
        if cut_off:
            continue
        count += 1
        if count >= size.articles or length >= size.bytes:
            yield Portion(first, count, offset, length)
            first, offset, count, length = first + count, offset + length, 0, 0
    if length:
        yield Portion(first, count + cut_off, offset, length)


def _of_rows(rows: int, file_bytes: int, size: Size) -> Iterator[Portion]:
    at_once = max(1, min(size.articles, size.bytes * rows // max(file_bytes, 1)))
    for first in range(0, rows, at_once):
        yield Portion(first, min(at_once, rows - first))
