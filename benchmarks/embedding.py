"""The embeddings that all systems are given, and what exact search is made of: Sentence Transformers, as it comes.

python -m benchmarks.embedding TEXTS.json OUT.npy
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from benchmarks.system import model_folder


def main(texts: str, out: str) -> None:
    model = SentenceTransformer(model_folder(), device="cpu")
    listed = json.loads(Path(texts).read_text(encoding="utf-8"))
    vectors = model.encode(listed, normalize_embeddings=True, show_progress_bar=False)
    np.save(out, vectors.astype(np.float32))


if __name__ == "__main__":
    main(*sys.argv[1:])
