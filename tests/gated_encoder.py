"""The text-hash encoder of a Ray worker that is held in the middle of a portion until a test lets it go on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from indexer.encoder import Encoder, TextHashEncoder
from indexer.types import Embeddings

WAIT_S = 240.0


@dataclass(frozen=True, slots=True)
class Gate:
    """Workers pass while there are fewer than `free` shards in the folder `shards`, and once `open` is called."""

    folder: Path
    shards: Path
    free: int

    def is_reached_by(self, node: str) -> bool:
        """Whether a worker of that node has a portion, and all that pass have passed."""
        return (self.folder / node).exists() and self._is_closed

    def open(self) -> None:
        (self.folder / "open").touch()

    def pass_from(self, node: str) -> None:
        (self.folder / node).touch()
        until = time.monotonic() + WAIT_S
        while self._is_closed and time.monotonic() < until:
            time.sleep(0.02)

    @property
    def _is_closed(self) -> bool:
        return not (self.folder / "open").exists() and len(list(self.shards.glob("*.parquet"))) >= self.free


class GatedEncoder(TextHashEncoder):
    """Embeds as text-hash does, behind a gate."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def encode_documents(self, texts: Sequence[str]) -> Embeddings:
        import ray

        self._gate.pass_from(ray.get_runtime_context().get_node_id())
        return super().encode_documents(texts)


def behind(gate: Gate) -> partial[Encoder]:
    """What `Work.load` can be."""
    return partial(_load, gate)


def _load(gate: Gate, *_: Any, **__: Any) -> Encoder:
    return GatedEncoder(gate)
