"""What becomes of calls when Milvus is away, comes back, or has put a collection aside."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Thread

import pytest
import stamina.instrumentation

from indexer.engines.milvus.store import MilvusStore
from indexer.errors import EngineError, EngineUnavailable, SettingError
from tests.invented_documents import DIMENSION, document
from tests.support import anything


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """No line for each try, which would be many."""
    stamina.instrumentation.set_on_retry_hooks([])
    yield
    stamina.instrumentation.set_on_retry_hooks(None)


@contextmanager
def served(folder: Path, port: int) -> Iterator[None]:
    """A server of Milvus's protocol on a port, for as long as this lasts."""
    serving = import_module("milvus_lite.adapter.grpc.server")
    server, kept, _ = serving.start_server_in_thread(str(folder), port=port)
    try:
        yield
    finally:
        server.stop(grace=0).wait()
        kept.close()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_server_that_is_away_is_unavailable_and_found_again_when_it_is_back(tmp_path: Path, port: int) -> None:
    store = MilvusStore(f"http://127.0.0.1:{port}")
    with pytest.raises(EngineUnavailable) as never_there:
        store.health()
    assert never_there.value.retry_after_s > 0
    assert str(port) not in str(never_there.value)
    with served(tmp_path / "kept", port):
        store.create(1, DIMENSION)
        store.activate(1)
        store.upsert(1, [document(1)])
        assert store.count(1) == 1
    with pytest.raises(EngineUnavailable, match="ask again in") as gone:
        store.count(1)
    assert str(port) not in str(gone.value)
    with served(tmp_path / "kept", port):
        assert (store.count(1), store.active()) == (1, 1)
        store.upsert(1, [document(2)])
        store.health()
        assert [one.facts.seq for one in store.met(1, [2, 1])] == [2, 1]
    store.close()


def test_many_threads_do_not_wait_one_after_another_for_a_server_that_is_away(port: int) -> None:
    store = MilvusStore(f"http://127.0.0.1:{port}")
    failed: list[EngineUnavailable] = []

    def ask() -> None:
        try:
            store.active()
        except EngineUnavailable as error:
            failed.append(error)

    threads = [Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(failed) == 50


def test_a_released_collection_is_loaded_again(tmp_path: Path) -> None:
    store = MilvusStore(str(tmp_path / "released.db"))
    store.create(1, DIMENSION)
    store.upsert(1, [document(1)])
    for part in ("articles", "chunks", "words"):
        store._connection.arrange("release_collection", collection_name=f"dateline_1_{part}")
    assert len(store.met(1, [1])) == 1
    assert len(store.nearest(1, document(1).embeddings[0], 5, anything())[0]) == 2
    store.close()


def test_what_milvus_refuses_is_told_once_with_the_call_s_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    store = MilvusStore(str(tmp_path / "refused.db"))
    store.create(1, DIMENSION)
    with caplog.at_level(logging.INFO), pytest.raises(EngineError, match=r"Milvus refused query: .*nosuch"):
        store._connection.read("query", collection_name="dateline_1_articles", filter="nosuch == 1")
    assert not [one for one in caplog.records if one.name.startswith(("pymilvus", "milvus_lite"))]
    assert "Traceback" not in capfd.readouterr().err
    store.close()


def test_a_file_that_another_process_has_open_says_so(tmp_path: Path) -> None:
    path = tmp_path / "taken.db"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"from milvus_lite.db import MilvusLite as M; m = M({str(path)!r}); print(1, flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline()
        with pytest.raises(EngineError, match="no other process may have it open"):
            MilvusStore(str(path)).active()
    finally:
        holder.communicate(b"\n", timeout=60)


@pytest.mark.parametrize("uri", ["", "localhost:19530", "ftp://milvus", "folder/file"])
def test_an_address_of_another_form_is_refused_at_once(uri: str) -> None:
    with pytest.raises(SettingError, match=r"http://localhost:19530.*\.db"):
        MilvusStore(uri)


def test_without_pymilvus_dateline_is_imported_and_the_engine_says_what_to_install() -> None:
    asked = (
        "import sys; sys.modules['pymilvus'] = None\n"
        "from indexer.engines.milvus.store import MilvusStore\n"
        "from indexer.errors import SettingError\n"
        "try: MilvusStore('x.db').active()\n"
        "except SettingError as error: sys.stdout.write(str(error))\n"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=120)
    assert "pip install 'dateline[milvus]'" in told.stdout


def test_opening_the_engine_reads_no_file_of_settings_into_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATELINE_FROM_A_FILE=1\n", encoding="utf-8")
    asked = (
        "import os, sys\n"
        "from indexer.engines.milvus.store import MilvusStore\n"
        "before = dict(os.environ)\n"
        "MilvusStore('kept.db').active()\n"
        "sys.exit(dict(os.environ) != before)\n"
    )
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=tmp_path, env=environment, capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-500:]
