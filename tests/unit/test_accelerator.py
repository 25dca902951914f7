"""The runtime for GPUs, on the device that every machine has."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from indexer.encoder import load_encoder
from indexer.errors import ModelError, SettingError
from indexer.models import find_model
from indexer.runtimes import Device
from indexer.runtimes.accelerator import BATCH_TOKENS, AcceleratorRuntime, require_device
from indexer.runtimes.check_texts import CHECK_TEXTS
from indexer.runtimes.fast import LEAST_COSINE
from indexer.runtimes.reference import ReferenceRuntime
from tests.support import static_model

FILES = find_model("all-MiniLM-L6-v2")
accelerator: Any = importlib.import_module("indexer.runtimes.accelerator")


@pytest.fixture(scope="module")
def runtime() -> AcceleratorRuntime:
    return AcceleratorRuntime(FILES, "cpu")


def test_it_agrees_with_the_reference_text_by_text_in_the_order_given(runtime: AcceleratorRuntime) -> None:
    assert runtime.name == "torch bfloat16 on cpu"
    texts = [*CHECK_TEXTS, *reversed(CHECK_TEXTS)]
    cosines = np.einsum("ij,ij->i", runtime.encode(texts), ReferenceRuntime(FILES).encode(texts))
    assert cosines.min() >= LEAST_COSINE
    assert runtime.encode([]).shape[0] == 0


def test_short_memory_makes_the_batches_smaller(runtime: AcceleratorRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    forward, most = accelerator.forward, 2048

    def short(model: Any, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if tokens.numel() > most:
            raise torch.OutOfMemoryError("out of memory")
        vectors: torch.Tensor = forward(model, tokens, mask)
        return vectors

    monkeypatch.setattr(accelerator, "forward", short)
    monkeypatch.setattr(runtime, "batch_tokens", BATCH_TOKENS)
    texts = [f"{text} {number}" for number in range(20) for text in CHECK_TEXTS]
    assert runtime.encode(texts).shape[0] == len(texts)
    assert most // 2 <= runtime.batch_tokens <= most * 2
    most = 0
    with pytest.raises(torch.OutOfMemoryError):
        runtime.encode(texts)


def test_fp32_is_used_where_bf16_disagrees_and_nothing_where_that_does_too(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = accelerator.forward

    def wrong_in_bf16(model: Any, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = forward(model, tokens, mask)
        return -vectors if torch.is_autocast_enabled("cpu") else vectors

    monkeypatch.setattr(accelerator, "forward", wrong_in_bf16)
    assert AcceleratorRuntime(FILES, "cpu").precision == "float32"
    monkeypatch.setattr(accelerator, "forward", lambda *inputs: -forward(*inputs))
    with pytest.raises(ModelError, match="agrees with sentence-transformers on the CPU only to -1"):
        AcceleratorRuntime(FILES, "cpu")


def test_a_model_that_cannot_be_run_so_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot be run on cpu \(.*\); leave --device out"):
        AcceleratorRuntime(static_model(tmp_path / "model"), "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_error_says_what_to_do() -> None:
    with pytest.raises(SettingError, match=r"--device cuda: torch .* or leave --device out"):
        load_encoder(device=Device.CUDA)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_documents_agree_with_queries_on_the_cpu() -> None:
    require_device("cuda")
    encoder = load_encoder(device=Device.CUDA)
    documents = encoder.encode_documents(CHECK_TEXTS)
    queries = np.stack([encoder.encode_query(text) for text in CHECK_TEXTS])
    assert np.einsum("ij,ij->i", documents, queries).min() >= LEAST_COSINE
