"""Where articles are searched in these tests: in the index's own files, or in a Milvus that the environment names."""

from __future__ import annotations

import itertools
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from indexer.engines.milvus.store import MilvusStore
from indexer.layout import IndexFolder
from search_api import generation_jobs
from search_api.engine_choice import open_library, store_of
from search_api.library import Library

WAIT_S = 60.0
"""How long anything is waited for on a busy machine."""

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """An engine as the environment names it; `uri` is None for the embedded one."""

    name: str
    uri: str | None

    @property
    def is_embedded(self) -> bool:
        return self.uri is None

    @property
    def is_shared(self) -> bool:
        """Whether several processes can have it open: a file of Milvus Lite belongs to one."""
        return self.uri is None or not self.uri.endswith(".db")

    @contextmanager
    def chosen(self) -> Iterator[None]:
        """The engine as the settings' choice, with collections of its own, which are dropped afterwards."""
        prefix = f"t{os.getpid()}_{next(_numbers)}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATELINE_MODEL", "text-hash")
            patch.setenv("DATELINE_ENGINE", "embedded" if self.uri is None else "milvus")
            patch.setenv("DATELINE_MILVUS_PREFIX", prefix)
            if self.uri:
                patch.setenv("DATELINE_MILVUS_URI", self.uri)
            yield
            store = store_of(IndexFolder(Path("none")))
            if store:
                dropped(store, prefix)


def dropped(store: MilvusStore, prefix: str) -> None:
    """Drop every collection of a prefix, the serving ones, too."""
    connection = store._connection
    if store.active() is not None:
        connection.arrange("drop_alias", alias=prefix)
    for name in connection.read("list_collections"):
        if name.startswith(f"{prefix}_"):
            connection.arrange("drop_collection", collection_name=name)
    store.close()


@contextmanager
def lite_server(folder: Path) -> Iterator[str]:
    """Milvus Lite behind a port of its own, as a process; the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    arguments = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(folder / "data"), "--port", str(port)]
    with (folder / "log").open("wb") as log, subprocess.Popen(arguments, stdout=log, stderr=log) as process:
        deadline = time.monotonic() + WAIT_S
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                pytest.fail(f"Milvus Lite did not start: {(folder / 'log').read_text()[-500:]}")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.wait(WAIT_S)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def copied(index: IndexFolder, folder: Path) -> IndexFolder:
    """The same archive in another folder, with a new generation in the engine that the settings name."""
    folder.mkdir(parents=True)
    copy = IndexFolder(folder)
    with closing(sqlite3.connect(index.archive)) as source, closing(sqlite3.connect(copy.archive)) as target:
        source.backup(target)
    generation_jobs.reindex(copy)
    return copy


def opened(index: IndexFolder) -> Library:
    """The index in the engine that the settings name, its changes taken up."""
    library = open_library(index)
    library.refresh()
    return library


def reader_without_archive(folder: Path) -> Library:
    """Another machine's view: an empty folder, and the same Milvus."""
    folder.mkdir(parents=True, exist_ok=True)
    return opened(IndexFolder(folder))


def lacks_words(index: IndexFolder) -> str | None:
    """Why the engine finds no words; None where it does."""
    store = store_of(index)
    return store.capabilities.missing if store else None


def until(met: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + WAIT_S
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def taken_up(library: Library) -> Library:
    """The library, once it has taken up what there is now."""
    library.refresh()
    return library
