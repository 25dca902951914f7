"""HTTP in front of systems that have no service which takes text: FastAPI, one route, nothing else.

Chroma's own server takes embeddings, so its client embeds the query here and asks it; LanceDB is a library.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from benchmarks.system import SystemName

SYSTEM = "BENCHMARK_SYSTEM"
FOLDER = "BENCHMARK_FOLDER"
CHROMA_PORT = "BENCHMARK_CHROMA_PORT"


def create_app() -> FastAPI:
    """The front of the system that the environment names."""
    search = _searching(SystemName(os.environ[SYSTEM]))
    search("ready")
    app = FastAPI()

    @app.get("/search")
    def get_search(q: str) -> dict[str, Any]:
        return {"hits": search(q)}

    return app


def _searching(name: SystemName) -> Callable[[str], list[dict[str, Any]]]:
    if name is SystemName.CHROMA:
        import chromadb

        from benchmarks import chroma_system

        client = chromadb.HttpClient(host="127.0.0.1", port=int(os.environ[CHROMA_PORT]))
        embed = chroma_system.embedding_function()
        collection = client.get_collection(chroma_system.COLLECTION, embedding_function=embed)
        return lambda text: chroma_system.hits(collection, text)
    from benchmarks import lancedb_system

    table = lancedb_system.opened(Path(os.environ[FOLDER]))
    return lambda text: lancedb_system.hits(table, text)
