"""One system in a process of its own: reads a command a line, answers in a line.

python -m benchmarks.worker SYSTEM FOLDER

{"do": "index", "corpus": FOLDER, "count": N or null, "embeddings": FILE or null}  ->  {"seconds": ...}
{"do": "open"}                                                                     ->  {"seconds": ...}
{"do": "search", "queries": [...]}                          ->  {"ms": [...], "ids": [[...], ...], "memory_mb": ...}
{"do": "nearest", "vectors": FILE}                                                 ->  {"ids": [[...], ...]}
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.passages import Passages
from benchmarks.resources import process_mb
from benchmarks.system import System, SystemName, make_system


def answer(system: System, command: dict[str, Any]) -> dict[str, Any]:
    if command["do"] == "index":
        passages = Passages.read(Path(command["corpus"]), command["count"])
        embeddings = np.load(command["embeddings"])[: command["count"]] if command["embeddings"] else None
        system.load_model()
        started = time.perf_counter()
        system.index(passages, embeddings)
        return {"seconds": time.perf_counter() - started}
    if command["do"] == "open":
        started = time.perf_counter()
        system.open()
        return {"seconds": time.perf_counter() - started}
    if command["do"] == "nearest":
        return {"ids": [system.nearest(vector) for vector in np.load(command["vectors"])]}
    times, found = [], []
    for query in command["queries"]:
        started = time.perf_counter()
        found.append(system.search(query))
        times.append((time.perf_counter() - started) * 1000)
    return {"ms": times, "ids": found, "memory_mb": process_mb(os.getpid())}


def main(name: str, folder: str) -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    system = make_system(SystemName(name), Path(folder))
    for line in sys.stdin:
        answers.write(json.dumps(answer(system, json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
