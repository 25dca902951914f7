"""How a service opens an index: at once where files are as they were when they were checked, and ready when it can answer."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.checksums import record_of
from indexer.generations import Manifest, check_files
from indexer.layout import IndexFolder
from search_api import generation_jobs
from search_api.app import create_app
from search_api.embedded_library import EmbeddedLibrary
from search_api.settings import Settings
from tests.support import index_of, record

WITHIN_S = 20.0


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return index_of(tmp_path, [record(number) for number in range(40)])


def flipped_unseen(path: Path) -> None:
    """Another byte in a file that looks as it did: what a failing disk does, and nothing that writes files."""
    facts = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def read_files(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The generations whose files are all read, from now on."""
    found: list[int] = []

    def noted(folder: IndexFolder, manifest: Manifest) -> list[str]:
        found.append(manifest.number)
        return check_files(folder, manifest)

    monkeypatch.setattr("search_api.opening.check_files", noted)
    return found


def test_files_that_were_checked_are_opened_unread_and_read_later(
    index: IndexFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = read_files(monkeypatch)
    library = EmbeddedLibrary(index)
    library.refresh()
    assert (read, library.has_unread) == ([], True)
    library.read_what_was_trusted()
    assert (read, library.has_unread) == ([1], False)
    library.refresh()
    assert library.view is not None


@pytest.mark.parametrize("how", ["no record", "another time"])
def test_files_that_may_have_changed_are_read_before_they_are_opened(
    index: IndexFolder, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "no record":
        record_of(index.generation(1)).unlink()
    else:
        os.utime(index.generation(1) / "columns" / "seq.npy", ns=(1, 1))
    read = read_files(monkeypatch)
    library = EmbeddedLibrary(index)
    library.refresh()
    assert (read, library.has_unread) == ([1], False)
    EmbeddedLibrary(index).refresh()
    assert read == [1]


def test_damage_that_the_file_system_does_not_tell_of_is_found_after_the_start_by_one_process_for_all(
    index: IndexFolder,
) -> None:
    generation_jobs.reindex(index)
    readers = [EmbeddedLibrary(index), EmbeddedLibrary(index)]
    flipped_unseen(index.generation(2) / "vectors" / "embeddings.npy")
    for reader in readers:
        reader.refresh()
        assert reader.view is not None
        assert reader.view.manifest.number == 2
    readers[0].read_what_was_trusted()
    for reader in readers:
        reader.refresh()
        assert reader.view is not None
        assert reader.view.manifest.number == 1
        assert reader.needs_repair


def test_a_service_is_alive_before_it_is_ready(index: IndexFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr("search_api.embedded_library.warm_up", lambda *_: gate.wait(WITHIN_S))
    with TestClient(create_app(Settings(index=index.root), patience_s=0.05)) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        for path in ("/readyz", "/v1/search?q=ferry"):
            refused = client.get(path)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
            assert refused.json()["title"] == "The index is being opened"
        gate.set()
        ends = time.monotonic() + WITHIN_S
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < ends
            time.sleep(0.02)
        assert client.get("/v1/search?q=ferry").json()["hits"]


def test_a_service_that_cannot_open_its_index_is_not_ready_and_says_why_it_is_not(index: IndexFolder) -> None:
    (index.generation(1) / "columns" / "seq.npy").unlink()
    with TestClient(create_app(Settings(index=index.root, fold_after=0))) as client:
        assert client.get("/healthz").status_code == 200
        refused = client.get("/readyz")
        assert refused.status_code == 503
        assert refused.json()["title"] != "The index is being opened"
