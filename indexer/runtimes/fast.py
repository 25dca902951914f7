"""The fast runtime: a converted model run by OpenVINO, in bf16 where the processor has it, without torch.

An embedding depends on its text alone, never on the texts beside it: every input is padded to the next multiple of
LENGTH_STEP and shares a batch only with inputs of that length, for which OpenVINO gives the same bits in any batch, with any
number of threads. So a run that was killed and taken up again ends with equal embeddings.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from indexer.errors import ModelError
from indexer.models import ModelFiles
from indexer.processes import usable_cores
from indexer.runtimes.check_texts import CHECK_TEXTS
from indexer.runtimes.conversion import CHECK_VECTORS, FORMAT_VERSION, GRAPH, INPUT_VECTORS, MANIFEST, sha256
from indexer.runtimes.inputs import Inputs, batches
from indexer.runtimes.quiet import import_openvino
from indexer.shared_cores import CORES
from indexer.types import Embeddings

BATCH_TOKENS = 2048
"""Tokens of one batch at most, its padding counted: past it, activations leave the processor's cache."""

LEAST_COSINE = 0.999
"""How near each check text's vector must be to the reference's."""

WINDOW = 2048
"""Texts that are sorted by length at a time, while the next ones are being tokenised."""

FEW_TEXTS = 16
"""So few are encoded one by one, like queries."""

QUERY_THREADS = 4
"""Most threads that share one query: its matrices are too small for more."""


class Company(StrEnum):
    """Whether a query has cores for itself."""

    ALONE = "alone"
    AMONG_OTHERS = "among others"


class FastRuntime:
    """A converted model, opened from its folder. Threads may share it."""

    def __init__(self, files: ModelFiles, folder: Path) -> None:
        """Raises ModelError when the folder does not hold the whole, undamaged conversion of this very model."""
        manifest = read_manifest(files, folder)
        self._core = import_openvino().Core()
        self._graph = self._core.read_model(folder / GRAPH)
        self._inputs = Inputs(files, int(manifest["pad_id"]))
        self._check_vectors: Embeddings = np.load(folder / CHECK_VECTORS)
        table = folder / INPUT_VECTORS
        self._input_vectors = np.load(table, mmap_mode="r") if table.is_file() else None
        self._local = threading.local()
        self._one_window = threading.Lock()
        self.precision = "bf16" if "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
        if self.precision == "bf16" and not self.agreement() >= LEAST_COSINE:
            self.precision = "f32"
            self._local = threading.local()
            vars(self).pop("_alone", None)
            vars(self).pop("_one_a_core", None)

    @property
    def name(self) -> str:
        return f"openvino {self.precision}"

    def agreement(self) -> float:
        """The least cosine between this runtime's vector of a check text and the reference's."""
        cosines = [
            float(self._encode_one(ids) @ row)
            for ids, row in zip(self._inputs.ids(CHECK_TEXTS), self._check_vectors, strict=True)
        ]
        return float(np.min(cosines))  # not a number when one of them is none

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Unit vectors of shape (len(texts), dimension), equal for equal texts whatever is beside them."""
        if not texts:
            return np.empty((0, 0), dtype=np.float32)
        if len(texts) < FEW_TEXTS:
            return np.stack([self._encode_one(ids) for ids in self._inputs.ids(texts)])
        windows = [texts[first : first + WINDOW] for first in range(0, len(texts), WINDOW)]
        with ThreadPoolExecutor(1) as tokenising:
            coming = tokenising.submit(self._inputs.ids, windows[0])
            done = []
            for following in [*windows[1:], None]:
                ids = coming.result()
                if following is not None:
                    coming = tokenising.submit(self._inputs.ids, following)
                done.append(self._encode_window(ids))
        return np.concatenate(done)

    def input_vectors(self) -> Embeddings | None:
        """The model's table of token vectors, shape (vocabulary, any), mapped from disk; None when it has none."""
        return self._input_vectors

    def warm_up(self) -> None:
        """Make ready for one query alone, and for several at a time."""
        (ids,) = self._inputs.ids(["news"])
        for company in Company:
            self._inferred(company, ids)

    def _encode_one(self, ids: list[int]) -> Embeddings:
        """By several cores while they are free, else by one; the vector is the same."""
        more = min(QUERY_THREADS, usable_cores()) - 1
        if not CORES.take(more):
            return self._inferred(Company.AMONG_OTHERS, ids)
        try:
            return self._inferred(Company.ALONE, ids)
        finally:
            CORES.give_back(more)

    def _inferred(self, company: Company, ids: list[int]) -> Embeddings:
        requests = vars(self._local)
        if company not in requests:
            compiled = self._alone if company is Company.ALONE else self._one_a_core
            requests[company] = compiled.create_infer_request()
        request = requests[company]
        request.infer(self._arrays([ids], self._inputs.length(ids)))
        row: Embeddings = request.get_output_tensor(0).data[0].copy()
        return row

    def _encode_window(self, ids: Sequence[list[int]]) -> Embeddings:
        """Batch by batch: one for each core, and as many that are ready when these are done.

        Without AsyncInferQueue: its callbacks need the interpreter's lock on threads of OpenVINO, and a model that is dropped
        meanwhile waits for these threads while it holds that lock, for ever.
        """
        vectors = np.empty((len(ids), self._check_vectors.shape[1]), dtype=np.float32)
        with self._one_window:
            free = [self._one_a_core.create_infer_request() for _ in range(2 * usable_cores())]
            begun: deque[tuple[Any, list[int]]] = deque()

            def keep_oldest() -> None:
                request, rows = begun.popleft()
                request.wait()
                vectors[rows] = request.get_output_tensor(0).data
                free.append(request)

            for length, rows in batches([self._inputs.length(one) for one in ids], BATCH_TOKENS):
                if not free:
                    keep_oldest()
                request = free.pop()
                request.start_async(self._arrays([ids[row] for row in rows], length))
                begun.append((request, rows))
            while begun:
                keep_oldest()
        return vectors

    def _arrays(self, ids: Sequence[list[int]], length: int) -> dict[str, Any]:
        tokens, mask = self._inputs.arrays(ids, length)
        return {"input_ids": tokens, "attention_mask": mask}

    @cached_property
    def _alone(self) -> Any:
        """Compiled for one input at a time on several cores, where there are several, or one on each few of many cores."""
        cores = usable_cores()
        if cores == 1:
            return self._one_a_core
        each = min(QUERY_THREADS, cores)
        return self._compiled("LATENCY", streams=cores // each, threads=cores // each * each)

    @cached_property
    def _one_a_core(self) -> Any:
        """Compiled for several batches or queries at a time, each on a core of its own."""
        return self._compiled("THROUGHPUT", streams=usable_cores(), threads=usable_cores())

    def _compiled(self, hint: str, *, streams: int, threads: int) -> Any:
        settings = {
            "PERFORMANCE_HINT": hint,
            "INFERENCE_PRECISION_HINT": self.precision,
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": threads,
        }
        return self._core.compile_model(self._graph, "CPU", settings)


def read_manifest(files: ModelFiles, folder: Path) -> dict[str, Any]:
    """The manifest of a whole and undamaged conversion of that model; raises ModelError when the folder holds none."""
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        expected = (FORMAT_VERSION, files.fingerprint, files.max_tokens)
        if (manifest["format_version"], manifest["fingerprint"], manifest["max_tokens"]) != expected:
            raise ValueError("it is of another model or format")
        for name, digest in manifest["files"].items():
            if sha256(folder / name) != digest:
                raise ValueError(f"{name} is damaged (its SHA-256 is not the manifest's)")
        int(manifest["pad_id"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{folder} does not hold a whole converted model: {error}") from error
    return manifest
