"""The benchmark beside peers, as far as it goes without the peers: its command, its load, Dateline as a system."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from benchmarks import passages
from benchmarks.load import Load, ids_of
from benchmarks.passages import Passages
from benchmarks.peers import BEGIN, END, command_of, parsed
from benchmarks.resources import disk_mb, process_mb, session_cpu_s, session_processes
from benchmarks.system import SystemName, make_system
from indexer.encoder import load_encoder
from scripts.benchmark import around_the_figures
from tests.support import ROOT, record


class Echo(BaseHTTPRequestHandler):
    """Answers with the query as the only hit's id; says that it failed when it is asked to."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        (query,) = parse_qs(urlsplit(self.path).query)["q"]
        body = json.dumps({"hits": [{"id": query}]}).encode()
        self.send_response(500 if query == "fail" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_its_help_names_the_options_and_a_wrong_system_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    run = [sys.executable, "-m", "benchmarks.peers", "--help"]
    done = subprocess.run(run, capture_output=True, text=True, check=True, cwd=ROOT)
    for option in ("--passages", "--rounds", "--queries", "--systems", "--skip-http", "--work", "--reuse", "--write"):
        assert option in done.stdout
    assert parsed(["--systems", "txtai,dateline"]).systems == [SystemName.TXTAI, SystemName.DATELINE]
    again = command_of(parsed(["/home/x/news.jsonl", "--systems", "txtai", "--skip-http", "--work", "/home/x"]))
    assert again.startswith("python -m benchmarks.peers PASSAGES --passages 20000 --rounds 3 --queries 440")
    assert again.endswith("--systems txtai --skip-http")
    with pytest.raises(SystemExit):
        parsed(["--systems", "elastic"])
    assert "'elastic' is not a valid SystemName; the systems are dateline, txtai" in capsys.readouterr().err


def test_the_page_has_marks_for_the_figures() -> None:
    around_the_figures(ROOT / "docs" / "benchmarks.md", BEGIN, END)


def test_a_load_asks_every_query_once_and_counts_those_that_failed() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        queries = [f"query {number} & more" for number in range(50)]
        load = Load(server.server_port, "/search?q={query}", [*queries, "fail"])
        assert load.run(clients=4) > 0
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert [ids_of(body) for body in load.bodies] == [*([query] for query in queries), []]
    assert load.bodies[-1] is None
    assert all(ms > 0 for ms in load.ms)
    assert ids_of(b'[{"id": "3", "score": 0.5}]') == ["3"]


def test_dateline_as_a_system_indexes_given_embeddings_and_finds_by_text_and_by_vector(tmp_path: Path) -> None:
    records = [record(number) | {"id": str(number)} for number in range(30)]
    texts = [f"{item['title']}\n{item['body']}" for item in records]
    passages.write(tmp_path, [json.dumps(item) + "\n" for item in records], texts)
    read = Passages.read(tmp_path, 20)
    assert (read.ids[-1], len(read.texts)) == ("19", 20)
    vectors = load_encoder("text-hash").encode_documents(read.texts)
    system = make_system(SystemName.DATELINE, tmp_path / "index")
    system.load_model()
    system.index(read, vectors)
    system.open()
    assert system.nearest(vectors[7])[0] == "7"
    assert system.search(read.texts[7].partition("\n")[0])[0] == "7"
    assert 0 < disk_mb(tmp_path / "index") < disk_mb(tmp_path)


def test_memory_and_processor_time_are_those_of_a_session_s_processes() -> None:
    code = "import sys; held = bytearray(50_000_000); print(len(held), flush=True); sys.stdin.read()"
    run = [sys.executable, "-c", code]
    with subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        process.stdout.readline()
        assert session_processes(process.pid) == [process.pid]
        assert process_mb(process.pid) > 45
        assert session_cpu_s(process.pid) > 0
        assert process.stdin
        process.stdin.close()
    assert session_processes(process.pid) == []
