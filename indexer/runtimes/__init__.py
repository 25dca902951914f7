"""How a model is run: by Sentence Transformers (the reference), or converted to OpenVINO, which is faster and as good."""

from indexer.runtimes.routes import Runtime, choose_runtime, prepare_model

__all__ = ["Runtime", "choose_runtime", "prepare_model"]
