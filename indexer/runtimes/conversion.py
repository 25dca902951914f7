"""A model converted once for the fast runtime, in a process of its own: torch never enters the caller's memory."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from indexer.errors import ModelError
from indexer.models import ModelFiles, find_model
from indexer.runtimes.check_texts import CHECK_TEXTS
from indexer.runtimes.quiet import import_openvino
from indexer.runtimes.reference import ReferenceRuntime, forward

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
GRAPH = "model.xml"
CHECK_VECTORS = "check_vectors.npy"
INPUT_VECTORS = "input_vectors.npy"

_PACKAGES = str(Path(__file__).parents[2])
"""Where Dateline is. A script's own folder, first of its path, stays out: torch would import a `profile.py` there."""

_LONGEST_MESSAGE = 300
_NOT_CONVERTIBLE = 3
"""The exit status that says so of the model itself."""


def convert_apart(files: ModelFiles, folder: Path) -> None:
    """Fill an empty folder with the converted model.

    Raises ModelError when OpenVINO cannot take this model, and ChildProcessError when something else went wrong, such as a full
    disk or short memory, so that another try may do better.
    """
    done = subprocess.run(
        [sys.executable, "-c", "from indexer.runtimes.conversion import main; main()", files.name, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (_PACKAGES, os.environ.get("PYTHONPATH"))))},
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.returncode:
        return
    ended = f"ended by signal {-done.returncode} (is memory short?)" if done.returncode < 0 else "no message"
    said = (done.stderr.strip().splitlines() or [ended])[-1][:_LONGEST_MESSAGE]
    if done.returncode == _NOT_CONVERTIBLE:
        raise ModelError(f"{files.name} cannot be converted: {said}")
    raise ChildProcessError(f"converting {files.name} failed: {said}")


def main() -> None:
    """What the process apart runs: convert the model named first into the folder named second."""
    name, folder = sys.argv[1:3]
    _convert(find_model(name), Path(folder))


def _convert(files: ModelFiles, folder: Path) -> None:
    """Write the graph, the reference's vectors of the check texts, the token vectors and, last, the manifest."""
    openvino = import_openvino()
    reference = ReferenceRuntime(files)
    model = reference.model
    try:
        graph, pad_id = _graph(model), int(model.tokenizer.pad_token_id or 0)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}: {' '.join(str(error).split())}\n")
        raise SystemExit(_NOT_CONVERTIBLE) from error
    openvino.save_model(graph, folder / GRAPH, compress_to_fp16=False)
    np.save(folder / CHECK_VECTORS, reference.encode(CHECK_TEXTS))
    table = reference.input_vectors()
    if table is not None:
        np.save(folder / INPUT_VECTORS, table)
    manifest = {
        "format_version": FORMAT_VERSION,
        "fingerprint": files.fingerprint,
        "max_tokens": files.max_tokens,
        "pad_id": pad_id,
        "openvino": openvino.__version__,
        "files": {path.name: sha256(path) for path in sorted(folder.iterdir())},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _graph(model: Any) -> Any:
    """The whole model, its pooling and further layers included: token ids and their mask in, unit vectors out."""
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return forward(self.model, input_ids, attention_mask)

    example = {
        "input_ids": torch.randint(5, 100, (2, 16)),
        "attention_mask": torch.ones(2, 16, dtype=torch.int64),
    }
    frontend = FrontEndManager().load_by_framework("pytorch")
    with torch.no_grad():
        decoder = TorchScriptPythonDecoder(Whole().eval(), example_input=example)  # must outlive what is loaded from it
        return frontend.convert(frontend.load(decoder))


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
