"""Bulk embedding on a GPU: torch in bf16 where that agrees with the reference, in batches of inputs of one length."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from indexer.errors import ModelError, SettingError
from indexer.models import ModelFiles
from indexer.runtimes.check_texts import CHECK_TEXTS
from indexer.runtimes.fast import LEAST_COSINE
from indexer.runtimes.inputs import Inputs, batches
from indexer.runtimes.reference import ReferenceRuntime, forward
from indexer.types import Embeddings

BATCH_TOKENS = 65_536
"""Tokens of one batch at most, its padding counted. Halved when the memory is short."""

LEAST_BATCH_TOKENS = 1024

logger = logging.getLogger(__name__)


class AcceleratorRuntime:
    """A model on a device of torch. What a text is batched with may change the last digits of its embedding."""

    def __init__(self, files: ModelFiles, device: str) -> None:
        """Raises SettingError where torch has no such device, ModelError where the model does not agree with the reference."""
        require_device(device)
        expected = ReferenceRuntime(files).encode(CHECK_TEXTS)
        reference = ReferenceRuntime(files, device)
        self._device = device
        self.batch_tokens = BATCH_TOKENS
        self._model = reference.model.eval()
        failed: Exception | None = None
        agreement = 0.0
        for precision in _precisions(device):
            self.precision = precision
            try:
                self._inputs = Inputs(files, int(self._model.tokenizer.pad_token_id or 0))
                agreement = float(np.min(np.einsum("ij,ij->i", self.encode(CHECK_TEXTS), expected)))
            except Exception as error:  # whatever a model, or a precision, stumbles over on this device
                failed = error
                continue
            failed = None
            if agreement >= LEAST_COSINE:
                return
        if failed:
            raise ModelError(f"{files.name} cannot be run on {device} ({failed}); leave --device out") from failed
        raise ModelError(
            f"{files.name} on {device} agrees with sentence-transformers on the CPU only to {agreement:.4f}; leave --device out"
        )

    @property
    def name(self) -> str:
        return f"torch {self.precision} on {self._device}"

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Unit vectors of shape (len(texts), dimension)."""
        import torch

        if not texts:
            return np.empty((0, 0), dtype=np.float32)
        ids = self._inputs.ids(texts)
        while True:
            try:
                return self._encode(ids)
            except torch.OutOfMemoryError:
                if self.batch_tokens < LEAST_BATCH_TOKENS:
                    raise
            torch.cuda.empty_cache()
            self.batch_tokens //= 2
            logger.info(
                "the memory of %s is short; its batches hold %s tokens from now on", self._device, self.batch_tokens
            )

    def _encode(self, ids: Sequence[list[int]]) -> Embeddings:
        import torch

        parts: list[Any] = []
        order: list[int] = []
        half = self.precision == "bfloat16"
        with torch.inference_mode(), torch.autocast(self._device, dtype=torch.bfloat16, enabled=half):
            for length, rows in batches([self._inputs.length(one) for one in ids], self.batch_tokens):
                arrays = self._inputs.arrays([ids[row] for row in rows], length)
                tokens, mask = (torch.from_numpy(array).to(self._device) for array in arrays)
                parts.append(forward(self._model, tokens, mask).float())
                order += rows
            found: Embeddings = torch.cat(parts).cpu().numpy()
        vectors = np.empty_like(found)
        vectors[order] = found
        return vectors


def _precisions(device: str) -> tuple[str, ...]:
    """What to try, the faster first; an older GPU only imitates bf16, slowly."""
    import torch

    imitated = device == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False)
    return ("float32",) if imitated else ("bfloat16", "float32")


def require_device(device: str) -> None:
    """Raises SettingError, with what to do, when torch cannot use the device or is not here."""
    try:
        import torch
    except ModuleNotFoundError as error:
        raise SettingError(
            f"--device {device} needs {error.name}, which is not installed; use the full image"
        ) from error

    if device != "cpu" and not torch.cuda.is_available():
        built = (
            "finds no GPU"
            if torch.version.cuda
            else "is built without CUDA; install the build for your GPU (pytorch.org)"
        )
        raise SettingError(
            f"--device {device}: torch {torch.__version__} {built}, or leave --device out to use the CPU"
        )
