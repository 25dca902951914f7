"""The reference: Sentence Transformers with torch, in fp32. Any model runs here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np

from indexer.errors import ModelError
from indexer.models import ModelFiles
from indexer.processes import usable_cores
from indexer.types import Embeddings

BATCH_SIZE = 32
_FP32: Any = {"dtype": "float32"}
"""Whatever a model's files are in."""


class NoTorch(ModelError):
    """What only the reference, and converting a model, need is not installed."""

    def __init__(self, files: ModelFiles, package: str) -> None:
        super().__init__(
            f"{files.name} is not converted yet, or cannot run converted here, and {package} is not installed; "
            "convert it where that is, such as in the full image: dateline search news, or the first dateline ingest of an index"
        )


def require_torch(files: ModelFiles) -> None:
    """Raises NoTorch where it is not installed; it is not loaded."""
    for module in ("torch", "sentence_transformers", "transformers"):
        if find_spec(module) is None:
            raise NoTorch(files, module.replace("_", "-"))


class ReferenceRuntime:
    """A model as its authors run it, with its own pooling and maximum length. Torch is loaded at the first use."""

    name = "sentence-transformers"

    def __init__(self, files: ModelFiles, device: str = "cpu") -> None:
        self._files = files
        self._device = device

    @cached_property
    def model(self) -> Any:
        """The `SentenceTransformer`; raises ModelError when the files are none, and NoTorch."""
        require_torch(self._files)
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        silence: Any = transformers_logging.disable_progress_bar
        silence()
        torch.set_num_threads(usable_cores())
        try:
            model = SentenceTransformer(
                str(self._files.folder), device=self._device, trust_remote_code=False, model_kwargs=_FP32
            )
        except Exception as error:
            raise ModelError(
                f"{self._files.folder} cannot be loaded as a Sentence Transformers model: {error}"
            ) from error
        with suppress(AttributeError):  # a static model has no limit, and takes none
            model.max_seq_length = self._files.max_tokens
        return model

    def warm_up(self) -> None:
        self.encode(["news"])

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Unit vectors of shape (len(texts), dimension)."""
        if not texts:
            return np.empty((0, 0), dtype=np.float32)
        vectors = self.model.encode(
            list(texts),
            batch_size=BATCH_SIZE,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def input_vectors(self) -> Embeddings | None:
        """The model's table of token vectors, shape (vocabulary, any); None when it has none."""
        transformer = getattr(self.model[0], "auto_model", None)
        if transformer is None:
            return None
        table: Embeddings = transformer.get_input_embeddings().weight.detach().numpy()
        return table


def forward(model: Any, input_ids: Any, attention_mask: Any) -> Any:
    """A whole `SentenceTransformer`, its pooling and further layers included, on tensors: unit vectors."""
    import torch

    features = {"input_ids": input_ids, "attention_mask": attention_mask}
    if "token_type_ids" in model.tokenizer.model_input_names:
        features["token_type_ids"] = torch.zeros_like(input_ids)
    return torch.nn.functional.normalize(model(features)["sentence_embedding"], dim=1)
