from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.layout import IndexFolder
from search_api.app import create_app
from search_api.settings import Settings
from tests.support import command, index_of, record

PARENT = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return index_of(tmp_path, [record(number) for number in range(20)])


class Collector(ThreadingHTTPServer):
    """A collector that keeps the spans that arrive."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resources: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        assert self.path == "/v1/traces"
        sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in sent.resource_spans:
            self.server.resources.append({one.key: one.value.string_value for one in resource.resource.attributes})
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing is told."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    pytest.importorskip("opentelemetry.sdk")
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        yield collector
        collector.shutdown()
        thread.join()


def test_a_request_is_one_span_with_its_stages_inside_its_sender_s_trace(
    index: IndexFolder, collector: Collector
) -> None:
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    memory = InMemorySpanExporter()
    app = create_app(Settings(index=index.root, tracing=True))
    app.state.tracing.provider.add_span_processor(SimpleSpanProcessor(memory))
    with TestClient(app) as client:
        sent = {"traceparent": f"00-{PARENT}-00f067aa0ba902b7-01", "X-Request-ID": "r-1"}
        client.get("/v1/search?q=a+private+question", headers=sent)
        client.get("/healthz")
        client.get("/v1/articles/nope")
    spans = memory.get_finished_spans()
    asked, missed = [span for span in spans if span.attributes and "http.route" in span.attributes]
    assert (asked.name, asked.kind.name) == ("GET /v1/search", "SERVER")
    assert asked.attributes is not None
    assert asked.attributes["http.response.status_code"] == 200
    assert asked.attributes["dateline.request_id"] == "r-1"
    assert f"{asked.context.trace_id:032x}" == PARENT
    inside = [span for span in spans if span.parent and span.parent.span_id == asked.context.span_id]
    assert {"read", "encode", "lexical", "dense", "fuse", "snippet"} <= {span.name for span in inside}
    for span in inside:
        assert span.start_time is not None
        assert span.end_time is not None
        assert asked.start_time is not None
        assert asked.end_time is not None
        assert asked.start_time <= span.start_time <= span.end_time <= asked.end_time
    assert missed.attributes is not None
    assert missed.attributes["http.response.status_code"] == 404
    assert f"{missed.context.trace_id:032x}" != PARENT
    assert {span.name for span in collector.spans} == {span.name for span in spans}
    assert "private" not in "".join(span.to_json() for span in spans)


def test_spans_reach_a_collector_by_the_time_the_service_has_stopped(index: IndexFolder, collector: Collector) -> None:
    with TestClient(create_app(Settings(index=index.root, tracing=True))) as client:
        for number in range(5):
            assert client.get(f"/v1/articles/a{number}").status_code == 200
    assert [span.name for span in collector.spans] == ["GET /v1/articles/{article_id}"] * 5
    assert {one["service.name"] for one in collector.resources} == {"dateline"}


def test_the_standard_variables_name_the_service(
    index: IndexFolder, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "search-of-ours")
    with TestClient(create_app(Settings(index=index.root, tracing=True))) as client:
        client.get("/v1/articles/a1")
    assert {one["service.name"] for one in collector.resources} == {"search-of-ours"}


def test_serve_says_so_before_it_starts_any_worker(
    index: IndexFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken" / "opentelemetry"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    monkeypatch.setenv("DATELINE_TRACING", "true")
    done = command("serve", "--index", str(index.root), "--workers", "2")
    assert done.returncode == 2
    assert "dateline[otel]" in done.stderr
    assert "Traceback" not in done.stderr
