"""How a model is run: by Sentence Transformers (the reference), converted to OpenVINO (faster and as good), or on a GPU."""

from indexer.runtimes.accelerator import require_device
from indexer.runtimes.routes import Device, Embedder, Runtime, choose_runtime, on_device, prepare_model

__all__ = ["Device", "Embedder", "Runtime", "choose_runtime", "on_device", "prepare_model", "require_device"]
